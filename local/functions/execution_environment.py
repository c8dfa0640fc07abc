"""The process of a Lambda function: this machine's Python with the function's archive and environment."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.functions.lambda_bootstrap import END_OF_LOG

_BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")

# The longest wait for the end of a log. A function can keep it from being written.
_LOG_SECONDS = 10


@dataclass(frozen=True, slots=True)
class LogLine:
    timestamp: int  # epoch milliseconds
    text: str


class InitFailed(Exception):  # noqa: N818
    """The handler could not be loaded; `response` is the error that the process reported."""

    def __init__(self, response: Mapping[str, str]) -> None:
        super().__init__(response["error_type"])
        self.response = response


class ExecutionEnvironment:
    """One process, which loads the handler as it starts. It ends when its request pipe closes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        child_reads, self._requests = os.pipe()
        self._responses, child_writes = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
            # Without site-packages: only the archive and the standard library can be imported.
            [sys.executable, "-I", "-S", str(_BOOTSTRAP), str(child_reads), str(child_writes)],
            cwd=environment["LAMBDA_TASK_ROOT"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(child_reads, child_writes),
            start_new_session=True,  # Ctrl-C is for the parent
        )
        os.close(child_reads)
        os.close(child_writes)
        self._buffer = b""
        self._ready = False
        self._log: list[LogLine] = []
        self._finished_logs: set[str] = set()
        self._log_changed = threading.Condition()
        self._pump = threading.Thread(target=self._read_log, daemon=True)
        self._pump.start()

    @property
    def is_usable(self) -> bool:
        """Whether it can take another invocation: it runs, and no invocation was left unfinished."""
        return self._ready and self._process.poll() is None

    def wait_until_ready(self, timeout: float) -> None:
        if not self._ready:
            response = self._read_response(timeout)
            if "ready" not in response:
                self._pump.join(timeout=_LOG_SECONDS)  # the process ends by itself, and its log with it
                raise InitFailed(response)
            self._ready = True

    def exchange(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """One invocation. Raises TimeoutError, or EOFError or BrokenPipeError if the process ended."""
        self._ready = False
        _write_all(self._requests, json.dumps(request).encode() + b"\n")
        response = self._read_response(timeout)
        with self._log_changed:
            self._log_changed.wait_for(
                lambda: request["request_id"] in self._finished_logs, timeout=_LOG_SECONDS
            )
        self._ready = True
        return response

    def take_log(self) -> list[LogLine]:
        """The lines that the process printed since the last call."""
        with self._log_changed:
            lines, self._log = self._log, []
            return lines

    def terminate(self) -> None:
        """Kill the process and its children. A caller that waits for a response gets EOFError."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Close the pipes of a process that has ended. Call it once, when no caller waits for a response."""
        self._pump.join(timeout=1)
        os.close(self._requests)
        os.close(self._responses)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read_response(self, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self._responses], [], [], max(deadline - time.monotonic(), 0))
            if not readable:
                raise TimeoutError
            chunk = os.read(self._responses, 1 << 20)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _read_log(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for in Popen
        for raw in self._process.stdout:
            text = raw.decode("utf-8", errors="replace").rstrip("\n")
            with self._log_changed:
                if text.startswith(END_OF_LOG):
                    self._finished_logs.add(text.removeprefix(END_OF_LOG))
                    self._log_changed.notify_all()
                elif text:
                    self._log.append(LogLine(time.time_ns() // 1_000_000, text))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
