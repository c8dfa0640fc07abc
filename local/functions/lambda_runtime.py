"""Runs the deployed Lambda function: its own archive and environment, read back from moto.

One execution environment (a child process) at a time. It sees the standard library, the archive, the
function's environment and what Lambda itself sets, and nothing else of this machine's Python, so a
dependency missing from the archive is missing here. Compiled packages of the archive are for Lambda's
platform (`native_packages` puts this machine's in their place). Its log lines go to CloudWatch Logs
with the function's role.
"""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.models import lambda_backends

from local.deployment.cloud import Cloud, error_code
from local.deployment.program import LOCAL_RUN
from local.deployment.resources import FunctionLogging
from local.functions.lambda_bootstrap import END_OF_LOG
from local.functions.task_roots import task_root
from local.problems import Problems
from local.recorder import Recorder, RejectedMessage

INIT_SECONDS = 10
"""Lambda repeats an init phase that takes longer, within the function's timeout (its documentation,
"Lambda execution environment lifecycle")."""

_BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")
_LOG_EVENTS_PER_CALL = 500  # PutLogEvents takes 10,000 or 1 MB; lines of the handler are below 2 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionError:
    """Why an invocation failed. `place` is the innermost line of the archive's code, if there is one."""

    error_type: str
    message: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The outcome of one invocation: a payload, or an error."""

    payload: Any = None
    error: FunctionError | None = None


class LambdaRuntime:
    """One function, ready to be invoked; start/stop or use as a context manager."""

    def __init__(
        self,
        cloud: Cloud,
        function_name: str,
        *,
        logging: FunctionLogging,
        endpoints: Mapping[str, str],
        recorder: Recorder,
        problems: Problems,
        cache: Path | None = None,
    ) -> None:
        """`cache` keeps the unpacked archive for later runs; without one it is unpacked for this run only."""
        self._cloud = cloud
        self._logging = logging
        self._endpoints = endpoints
        self._recorder = recorder
        self._problems = problems
        self._function = cloud.client("lambda").get_function_configuration(FunctionName=function_name)
        today = datetime.now(UTC)
        self._log_stream = f"{today:%Y/%m/%d}/{function_name}[$LATEST]{secrets.token_hex(16)}"
        self._logs: Any = None
        self._cache = cache
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._environment: Mapping[str, str] = {}
        self._child: _Child | None = None
        self._one_at_a_time = threading.Lock()
        self._stopping = False

    @property
    def role_arn(self) -> str:
        return self._function["Role"]

    def start(self) -> "LambdaRuntime":
        """Unpack the archive and start the first execution environment, so that the first event is quick.

        Raises NativePackageError where this Python lacks a compiled package of the archive.
        """
        name, cloud = self._function["FunctionName"], self._cloud
        code = lambda_backends[cloud.account_id][cloud.region].get_function(name).code_bytes
        root = task_root(code, self._cache or self._make_temporary())
        credentials = cloud.assume_role(self.role_arn, service="lambda.amazonaws.com", session_name=name[:64])
        self._logs = cloud.client_as(credentials, "logs")
        self._environment = self._make_environment(credentials, str(root))
        self._child = _Child(self._environment)
        return self

    def stop(self) -> None:
        """End the execution environment, at once if a handler is at work. Safe to call twice."""
        self._stopping = True
        if self._child is not None:
            self._child.terminate()
        with self._one_at_a_time:
            if self._child is not None:
                self._child.close()
                self._child = None
            if self._temporary is not None:
                self._temporary.cleanup()
                self._temporary = None

    def __enter__(self) -> "LambdaRuntime":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Invoke the function and wait, at most for its timeout; a failure is an answer, not an exception."""
        with self._one_at_a_time:
            if self._stopping:
                return Invocation(error=FunctionError(error_type="Runtime.Stopped", message="the run ends"))
            invocation = self._invoke(event)
        if invocation.error is not None and not self._stopping:
            self._say(invocation.error)
        return invocation

    def _invoke(self, event: Mapping[str, Any]) -> Invocation:
        child = self._child = self._child or _Child(self._environment)
        timeout: int = self._function["Timeout"]
        request = {
            "request_id": str(uuid.uuid4()),
            "arn": self._function["FunctionArn"],
            "timeout": timeout,
            "event": event,
        }
        try:
            child.wait_until_ready(max(INIT_SECONDS, timeout))
            answer = child.exchange(request, timeout)
        except _InitFailed as failed:
            answer = failed.answer
        except TimeoutError:
            answer = {
                "error_type": "Sandbox.Timedout",
                "message": f"Task timed out after {timeout}.00 seconds",
                "place": "",
            }
        except (EOFError, BrokenPipeError):
            answer = {"error_type": "Runtime.ExitError", "message": "Runtime exited", "place": ""}
        if not child.is_usable:
            child.terminate()
            child.close()
            self._child = None
        self._ship(child.take_log())
        return (
            Invocation(error=FunctionError(**answer))
            if "error_type" in answer
            else Invocation(payload=answer["payload"])
        )

    def _say(self, error: FunctionError) -> None:
        name = self._function["FunctionName"]
        # The message of an error of the handler's own may hold a visitor's data: it is in the log only.
        is_platform_error = error.error_type.startswith(("Runtime.", "Sandbox."))
        detail = f": {error.message}" if is_platform_error else ""
        place = f" at {error.place}" if error.place else ""
        self._problems.report(f"error: the function {name} failed with {error.error_type}{place}{detail}")

    def _make_temporary(self) -> Path:
        self._temporary = tempfile.TemporaryDirectory(prefix="gtm-pixel-")
        return Path(self._temporary.name)

    def _make_environment(self, credentials: Credentials, task_root: str) -> dict[str, str]:
        function = self._function
        lambda_sets = {
            "_HANDLER": function["Handler"],
            "LAMBDA_TASK_ROOT": task_root,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function['Runtime']}",
            "AWS_REGION": self._cloud.region,
            "AWS_DEFAULT_REGION": self._cloud.region,
            "AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"],
            "AWS_LAMBDA_FUNCTION_VERSION": function["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._logging.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._log_stream,
            "AWS_LAMBDA_LOG_FORMAT": self._logging.log_format,
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": credentials.token or "",
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
            "TZ": ":UTC",
        }
        local_run_sets = {
            LOCAL_RUN: "1",
            "AWS_ENDPOINT_URL": self._cloud.endpoint_url,
            **{
                f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}": url
                for service, url in self._endpoints.items()
            },
            # Without a home, botocore would read the developer's own ~/.aws.
            "HOME": task_root,
        }
        declared: Mapping[str, str] = function.get("Environment", {}).get("Variables", {})
        return {**declared, **lambda_sets, **local_run_sets}

    def _ship(self, lines: Sequence["_LogLine"]) -> None:
        """Write what the function printed to its log group, and note the messages it rejected."""
        for line in lines:
            self._note_rejection(line.text)
        try:
            for start in range(0, len(lines), _LOG_EVENTS_PER_CALL):
                self._put_log_events(lines[start : start + _LOG_EVENTS_PER_CALL])
        except (ClientError, BotoCoreError) as error:
            if not self._stopping:
                group = self._logging.log_group
                self._problems.report(f"error: the log was not written to {group}: {error_code(error)}")

    def _put_log_events(self, lines: Sequence["_LogLine"]) -> None:
        place = {"logGroupName": self._logging.log_group, "logStreamName": self._log_stream}
        with suppress(self._logs.exceptions.ResourceAlreadyExistsException):
            self._logs.create_log_stream(**place)
        self._logs.put_log_events(
            **place, logEvents=[{"timestamp": line.timestamp, "message": line.text} for line in lines]
        )

    def _note_rejection(self, text: str) -> None:
        if '"message rejected"' not in text:
            return
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(text)
            if entry["message"] == "message rejected":
                self._recorder.add(RejectedMessage(message_id=entry["message_id"], reason=entry["reason"]))


@dataclass(frozen=True, slots=True)
class _LogLine:
    timestamp: int  # epoch milliseconds
    text: str


class _InitFailed(Exception):  # noqa: N818 - carries an answer, and never leaves this module
    def __init__(self, answer: Mapping[str, str]) -> None:
        super().__init__(answer["error_type"])
        self.answer = answer


class _Child:
    """The process of one execution environment. It dies when its request pipe closes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        child_reads, self._requests = os.pipe()
        self._answers, child_writes = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
            # Isolated and without site-packages: what is not in the archive cannot be imported.
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
        self._log: list[_LogLine] = []
        self._finished_logs: set[str] = set()
        self._log_changed = threading.Condition()
        self._pump = threading.Thread(target=self._read_log, daemon=True)
        self._pump.start()

    @property
    def is_usable(self) -> bool:
        """Whether it can take another invocation: it is there and not at work."""
        return self._ready and self._process.poll() is None

    def wait_until_ready(self, timeout: float) -> None:
        if not self._ready:
            answer = self._read_answer(timeout)
            if "ready" not in answer:
                self._pump.join(timeout=1)  # the process ends by itself, and its log with it
                raise _InitFailed(answer)
            self._ready = True

    def exchange(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """One invocation. Raises TimeoutError, or EOFError/BrokenPipeError when the process has ended."""
        self._ready = False
        _write_all(self._requests, json.dumps(request).encode() + b"\n")
        answer = self._read_answer(timeout)
        with self._log_changed:
            self._log_changed.wait_for(lambda: request["request_id"] in self._finished_logs, timeout=1)
        self._ready = True
        return answer

    def take_log(self) -> list[_LogLine]:
        """The lines printed since the last call."""
        with self._log_changed:
            lines, self._log = self._log, []
            return lines

    def terminate(self) -> None:
        """End the process and everything it started; whoever waits for its answer gets EOFError."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Let go of the pipes of a process that has ended; once, when nobody waits for an answer."""
        self._pump.join(timeout=1)
        os.close(self._requests)
        os.close(self._answers)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read_answer(self, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self._answers], [], [], max(deadline - time.monotonic(), 0))
            if not readable:
                raise TimeoutError
            chunk = os.read(self._answers, 1 << 20)
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
                    self._log.append(_LogLine(time.time_ns() // 1_000_000, text))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
