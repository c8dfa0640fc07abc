"""Invokes a deployed Lambda function, with its archive and its configuration as moto has them.

One invocation at a time, in one process. That process sees the standard library, the archive, the function's
environment and what Lambda sets, and nothing else of this machine's Python: a dependency missing from the
archive fails here too. Its log lines go to CloudWatch Logs with the function's role.
"""

import json
import secrets
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.models import lambda_backends

from local.deployment.cloud import Cloud, error_code
from local.deployment.program import LOCAL_RUN
from local.functions.execution_environment import ExecutionEnvironment, InitFailed, LogLine
from local.functions.task_roots import task_root
from local.metrics import embedded_metrics, function_metrics, put_metrics
from local.problems import Problems
from local.recorder import Recorder, RejectedMessage

INIT_SECONDS = 10
"""Lambda repeats a longer init phase, within the function's timeout (its documentation, "Lambda execution
environment lifecycle")."""

_LATEST = "$LATEST"
_LOG_EVENTS_PER_CALL = 500  # PutLogEvents takes 10,000 or 1 MB; lines of the handler are below 2 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLogging:
    """Where a function logs, and the format of Lambda's own lines: `Text` or `JSON`."""

    log_group: str
    log_format: str = "Text"

    @classmethod
    def of(cls, function_name: str, inputs: Mapping[str, Any]) -> Self:
        """From the inputs of a function: moto does not keep them."""
        given = inputs.get("loggingConfig", {})
        return cls(
            log_group=given.get("logGroup", f"/aws/lambda/{function_name}"),
            log_format=given.get("logFormat", "Text"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionError:
    """Why an invocation failed. `place` is the innermost line of the archive's code, or empty."""

    error_type: str
    message: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The outcome of one invocation: a payload, or an error. `at` is epoch milliseconds."""

    payload: Any = None
    error: FunctionError | None = None
    request_id: str = ""
    at: int = 0
    ms: float = 0.0
    log: Sequence[LogLine] = ()


class LambdaRuntime:
    """One version of a function, ready to be invoked. Use it as a context manager, or start and stop it."""

    def __init__(
        self,
        cloud: Cloud,
        function_name: str,
        *,
        version: str | None = None,
        logging: FunctionLogging,
        recorder: Recorder,
        problems: Problems,
        cache: Path | None = None,
    ) -> None:
        """`version` is a published one; None is what was deployed last, published or not.

        `cache` keeps the unpacked archive for later runs. Without one, each run unpacks it again.
        """
        self.version = version
        self._cloud = cloud
        self._logging = logging
        self._recorder = recorder
        self._problems = problems
        self._function = cloud.client("lambda").get_function_configuration(
            FunctionName=function_name, **({"Qualifier": version} if version else {})
        )
        today = datetime.now(UTC)
        self._log_stream = f"{today:%Y/%m/%d}/{function_name}[{version or _LATEST}]{secrets.token_hex(16)}"
        self._logs: Any = None
        self._cache = cache
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._environment: Mapping[str, str] = {}
        self._process: ExecutionEnvironment | None = None
        self._one_at_a_time = threading.Lock()
        self._stopping = False

    @property
    def role_arn(self) -> str:
        return self._function["Role"]

    def start(self) -> "LambdaRuntime":
        """Unpack the archive and start the process, so that the first invocation is quick.

        Raises NativePackageError if this Python lacks a compiled package of the archive.
        """
        name, cloud = self._function["FunctionName"], self._cloud
        code = lambda_backends[cloud.account_id][cloud.region].get_function(name, self.version).code_bytes
        root = task_root(code, self._cache or self._make_temporary())
        credentials = cloud.assume_role(self.role_arn, service="lambda.amazonaws.com", session_name=name[:64])
        self._logs = cloud.client_as(credentials, "logs")
        self._environment = self._make_environment(credentials, str(root))
        self._process = ExecutionEnvironment(self._environment)
        return self

    def stop(self) -> None:
        """End the process at once, even during an invocation. Safe to call twice."""
        self._stopping = True
        if self._process is not None:
            self._process.terminate()
        with self._one_at_a_time:
            if self._process is not None:
                self._process.close()
                self._process = None
            if self._temporary is not None:
                self._temporary.cleanup()
                self._temporary = None

    def finish(self) -> None:
        """Stop after the invocation in progress: callers get another version from now on."""
        with self._one_at_a_time:
            self._stopping = True
        self.stop()

    def __enter__(self) -> "LambdaRuntime":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Invoke the function and wait, at most for its timeout. A failure is returned, not raised."""
        with self._one_at_a_time:
            if self._stopping:
                return Invocation(
                    error=FunctionError(error_type="Runtime.Stopped", message="the run is stopping")
                )
            started = time.monotonic()
            invocation = self._invoke(event)
            milliseconds = (time.monotonic() - started) * 1000
        put_metrics(
            self._cloud,
            function_metrics(
                self._function["FunctionName"],
                milliseconds=milliseconds,
                failed=invocation.error is not None,
            ),
        )
        if invocation.error is not None and not self._stopping:
            self._report(invocation.error)
        return invocation

    def _invoke(self, event: Mapping[str, Any]) -> Invocation:
        process = self._process = self._process or ExecutionEnvironment(self._environment)
        timeout: int = self._function["Timeout"]
        at, started = time.time_ns() // 1_000_000, time.monotonic()
        request = {
            "request_id": str(uuid.uuid4()),
            "arn": self._function["FunctionArn"],
            "timeout": timeout,
            "event": event,
        }
        try:
            process.wait_until_ready(max(INIT_SECONDS, timeout))
            response = process.exchange(request, timeout)
        except InitFailed as failed:
            response = failed.response
        except TimeoutError:
            response = {
                "error_type": "Sandbox.Timedout",
                "message": f"Task timed out after {timeout}.00 seconds",
                "place": "",
            }
        except (EOFError, BrokenPipeError):
            response = {"error_type": "Runtime.ExitError", "message": "Runtime exited", "place": ""}
        if not process.is_usable:
            process.terminate()
            process.close()
            self._process = None
        log = process.take_log()
        failed = "error_type" in response
        invocation = Invocation(
            payload=None if failed else response["payload"],
            error=FunctionError(**response) if failed else None,
            request_id=request["request_id"],
            at=at,
            ms=(time.monotonic() - started) * 1000,
            log=log,
        )
        self._ship(log)
        return invocation

    def _report(self, error: FunctionError) -> None:
        name = self._function["FunctionName"]
        # The message of the handler's own errors may hold a visitor's data, so it is only in the log.
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
            # Without a home, botocore would read the developer's own ~/.aws.
            "HOME": task_root,
        }
        declared: Mapping[str, str] = function.get("Environment", {}).get("Variables", {})
        return {**declared, **lambda_sets, **local_run_sets}

    def _ship(self, lines: Sequence[LogLine]) -> None:
        """Write what the function printed to its log group, and record metrics and rejected messages."""
        for line in lines:
            self._record_rejection(line.text)
            put_metrics(self._cloud, embedded_metrics(line.text))
        try:
            for start in range(0, len(lines), _LOG_EVENTS_PER_CALL):
                self._put_log_events(lines[start : start + _LOG_EVENTS_PER_CALL])
        except (ClientError, BotoCoreError) as error:
            if not self._stopping:
                group = self._logging.log_group
                self._problems.report(f"error: the log was not written to {group}: {error_code(error)}")

    def _put_log_events(self, lines: Sequence[LogLine]) -> None:
        place = {"logGroupName": self._logging.log_group, "logStreamName": self._log_stream}
        with suppress(self._logs.exceptions.ResourceAlreadyExistsException):
            self._logs.create_log_stream(**place)
        self._logs.put_log_events(
            **place, logEvents=[{"timestamp": line.timestamp, "message": line.text} for line in lines]
        )

    def _record_rejection(self, text: str) -> None:
        if '"message rejected"' not in text:
            return
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(text)
            if entry["message"] == "message rejected":
                self._recorder.add(RejectedMessage(message_id=entry["message_id"], reason=entry["reason"]))
