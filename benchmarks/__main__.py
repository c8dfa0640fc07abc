"""`make bench`: what a cold start and a batch cost, as ratios taken in one run.

Absolute times are of this machine, not of Lambda; they are printed so that a ratio can be judged.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from components.lambda_package import PackageArgs, build
from local.http_server import HttpServer
from local.native_packages import replace_native_packages
from local.pinpoint import PinpointStandIn
from local.recorder import Recorder

PROJECT = Path(__file__).parents[1]
APPLICATION_ID = "0123456789abcdef0123456789abcdef"
REPEATS = 5
EVENTS = 1_000


def main() -> None:
    _cold_start(
        "processor",
        _archive("requirements.txt", {"sqs", "pinpoint"}),
        "import handler.processor, boto3; boto3.client('pinpoint', region_name='eu-west-1')",
    )
    _cold_start(
        "authorizer", _archive("requirements-authorizer.txt", set()), "import handler.authorizer, jwt"
    )
    with _stand_in() as pinpoint:
        _batches(pinpoint)


def _archive(requirements: str, services: set[str]) -> Path:
    return build(
        PackageArgs(
            sources=PROJECT / "handler",
            requirements=PROJECT / "handler" / requirements,
            services=services,
            cache=PROJECT / ".cache",
        )
    )


def _cold_start(function: str, archive: Path, statement: str) -> None:
    """Starting a function from its archive without compiled files, as Lambda does, against bare Python."""
    with tempfile.TemporaryDirectory() as task_root:
        with zipfile.ZipFile(archive) as unpacked:
            unpacked.extractall(task_root)
        replace_native_packages(Path(task_root))
        bare = _median(lambda: _python("pass", task_root))
        started = _median(lambda: _python(statement, task_root))
    print(
        f"{function}: archive {archive.stat().st_size / 1e6:.1f} MB, cold start {started / bare:.0f}x bare "
        f"Python ({started:.2f} s, {bare:.2f} s)"
    )


def _python(statement: str, task_root: str) -> None:
    program = f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {task_root!r}); {statement}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, env={})  # noqa: S603 - own words


def _batches(pinpoint: PinpointStandIn) -> None:
    """The same events in one batch and one by one."""
    from handler.processor import lambda_handler

    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)

    def record(batches: Sequence[Sequence[int]]) -> Callable[[], None]:
        def run() -> None:
            for batch in batches:
                lambda_handler({"Records": [_sqs_record(n) for n in batch]}, context)

        return run

    together, singly = record([range(EVENTS)]), record([[n] for n in range(EVENTS)])
    # The handler prints metrics and log lines, and keeps the stream that it first saw.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        together()  # the first call makes the client
        before = len(pinpoint.requests)
        batched = _median(together)
        requests = (len(pinpoint.requests) - before) // REPEATS
        one_by_one = _median(singly, repeats=1)
    print(
        f"{EVENTS} events: one batch takes 1/{one_by_one / batched:.0f} of the time of one by one "
        f"({batched:.2f} s, {one_by_one:.2f} s), in {requests} requests instead of {EVENTS}"
    )


def _sqs_record(number: int) -> dict[str, Any]:
    return {
        "messageId": str(uuid.uuid4()),
        "body": f"event=purchase&endpoint_id=e{number % 250}&evat_value={number}",
        "attributes": {"SentTimestamp": str(time.time_ns() // 1_000_000)},
        "messageAttributes": {},
    }


@contextmanager
def _stand_in() -> Iterator[PinpointStandIn]:
    """Pinpoint's stand-in on loopback, and the environment of a function that uses it."""
    pinpoint = PinpointStandIn(Recorder(), application_ids=[APPLICATION_ID])
    server = HttpServer(pinpoint).start()
    os.environ |= {
        "AUTH_MODE": "open",
        "DESTINATIONS": "pinpoint",
        "PINPOINT_APPLICATION_ID": APPLICATION_ID,
        "PINPOINT_REGION": "eu-west-1",
        "PROFILE_UPDATES": "none",
        "PROFILE_ATTRIBUTES": "[]",
        "TIMESTAMP_SOURCE": "gateway",
        "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/none",
        "POWERTOOLS_SERVICE_NAME": "benchmark",
        "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
        "AWS_ENDPOINT_URL_PINPOINT": server.url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "eu-west-1",
    }
    try:
        yield pinpoint
    finally:
        server.stop()


def _median(action: Callable[[], None], repeats: int = REPEATS) -> float:
    """Seconds that `action` takes."""
    times: list[float] = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
