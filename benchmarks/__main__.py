"""`make bench` measures a cold start, a batch and an import, as ratios within one run.

It also prints absolute times, which are those of this machine, not of Lambda.
"""

# First: refuses an old Python, in which the rest may not parse.
from bootstrap import python_version  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import imports
from components.lambda_package import PackageArgs, build
from components.profile_template import ProfileTemplateArgs, profile_template
from local.fakes.customer_profiles import CustomerProfilesFake
from local.fakes.pinpoint import PinpointFake
from local.functions.native_packages import replace_native_packages
from local.recorder import Recorder
from local.web.http_server import HttpServer, WsgiApplication

PROJECT = Path(__file__).parents[1]
APPLICATION_ID = "0123456789abcdef0123456789abcdef"
PROFILES = ProfileTemplateArgs(
    domain_name="amazon-connect-example",
    new_domain=True,
    object_type_name="gtm-pixel-benchmark",
    expiration_days=366,
    max_events_per_profile=500,
    create_profiles=True,
)
REPEATS = 5
EVENTS = 1_000
# Takes half an hour at the quota of 100 requests a second. BENCH_ENDPOINTS sets another count.
ENDPOINTS = 1_000_000

_NOWHERE = Path(os.devnull).open("w")  # noqa: SIM115 - open until the process ends


def main() -> None:
    for destinations in (["pinpoint"], ["customer-profiles", "firehose"]):
        _cold_start(
            f"processor for {' and '.join(destinations)}",
            _archive("requirements.txt", {"sqs", *destinations}),
            "import handler.processor",
            # As Lambda: init makes the clients.
            {**_environment(destinations), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"},
        )
    _cold_start(
        "authorizer", _archive("requirements-authorizer.txt", set()), "import handler.authorizer, jwt", {}
    )
    pinpoint = PinpointFake(Recorder(), application_ids=[APPLICATION_ID])
    with _serving("pinpoint", pinpoint):
        _batches("pinpoint", lambda: len(pinpoint.requests))
    profiles = CustomerProfilesFake(Recorder(), templates=[profile_template(PROFILES)])
    with _serving("customer-profiles", profiles):
        _batches("customer-profiles", lambda: len(profiles.requests))
    imports.measure(int(os.environ.get("BENCH_ENDPOINTS", str(ENDPOINTS))))


def _archive(requirements: str, services: set[str]) -> Path:
    return build(
        PackageArgs(
            sources=[PROJECT / "handler", PROJECT / "contract"],
            requirements=PROJECT / "handler" / requirements,
            services=services,
            cache=PROJECT / ".cache",
        )
    )


def _cold_start(function: str, archive: Path, statement: str, environment: Mapping[str, str]) -> None:
    """CPU time to start a function from its archive, without compiled files as on Lambda."""
    with tempfile.TemporaryDirectory() as task_root:
        with zipfile.ZipFile(archive) as unpacked:
            unpacked.extractall(task_root)
        replace_native_packages(Path(task_root))
        variables = {**environment, "HOME": task_root}
        bare = _median(lambda: _python("pass", task_root, variables), clock=_cpu_seconds_of_children)
        started = _median(lambda: _python(statement, task_root, variables), clock=_cpu_seconds_of_children)
    print(
        f"{function}: archive {archive.stat().st_size / 1e6:.1f} MB, cold start {started / bare:.0f}x bare "
        f"Python ({started * 1000:.0f} ms of CPU, {bare * 1000:.0f} ms)"
    )


def _python(statement: str, task_root: str, environment: Mapping[str, str]) -> None:
    program = f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {task_root!r}); {statement}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, env=environment)  # noqa: S603 - our own arguments


def _cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _batches(destination: str, requests_so_far: Callable[[], int]) -> None:
    """Process the same events in one batch, then one by one."""
    from handler import processor

    # On Lambda, another destination means another container.
    processor._processor.cache_clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)

    def record(batches: Sequence[Sequence[int]]) -> Callable[[], None]:
        def run() -> None:
            for batch in batches:
                processor.lambda_handler({"Records": [_sqs_record(n) for n in batch]}, context)

        return run

    together, singly = record([range(EVENTS)]), record([[n] for n in range(EVENTS)])
    # The handler prints metrics and logs, and its logger keeps its first stream.
    with redirect_stdout(_NOWHERE):
        together()  # the first call creates the client
        before = requests_so_far()
        batched = _median(together)
        requests = (requests_so_far() - before) // REPEATS
        one_by_one = _median(singly, repeats=1)
    print(
        f"{destination}, {EVENTS} events: one batch takes 1/{one_by_one / batched:.0f} of the time of one by "
        f"one ({batched:.2f} s, {one_by_one:.2f} s), in {requests} requests instead of {EVENTS}"
    )


def _sqs_record(number: int) -> dict[str, Any]:
    return {
        "messageId": str(uuid.uuid4()),
        "body": f"event=purchase&endpoint_id=e{number % 250}&evat_value={number}",
        "attributes": {"SentTimestamp": str(time.time_ns() // 1_000_000)},
        "messageAttributes": {},
    }


@contextmanager
def _serving(destination: str, fake: WsgiApplication) -> Generator[None]:
    """Serve the fake of a destination on loopback, and set the environment of a function that uses it."""
    server = HttpServer(fake).start()
    os.environ |= {
        **_environment([destination]),
        f"AWS_ENDPOINT_URL_{destination.upper().replace('-', '_')}": server.url,
    }
    try:
        yield
    finally:
        server.stop()


def _environment(destinations: Sequence[str]) -> Mapping[str, str]:
    """The environment of an event processor."""
    return {
        "AUTH_MODE": "open",
        "DESTINATIONS": ",".join(destinations),
        "PINPOINT_APPLICATION_ID": APPLICATION_ID,
        "PINPOINT_REGION": "eu-west-1",
        "CUSTOMER_PROFILES_DOMAIN": PROFILES.domain_name,
        "CUSTOMER_PROFILES_OBJECT_TYPE": PROFILES.object_type_name,
        "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": "[]",
        # High enough never to wait: the benchmark measures the work.
        "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": "100000",
        "FIREHOSE_STREAM": "benchmark",
        "FIREHOSE_APP_ID": "benchmark",
        "PROFILE_UPDATES": "none",
        "PROFILE_ATTRIBUTES": "[]",
        "TIMESTAMP_SOURCE": "gateway",
        "IGNORED_ENDPOINT_IDS": "[]",
        "QUEUE_URL": "http://127.0.0.1/none",
        "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/none",
        "RETRY_HOURS": "6",
        "MAX_RECEIVE_COUNT": "5",
        "POWERTOOLS_SERVICE_NAME": "benchmark",
        "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def _median(
    action: Callable[[], None], repeats: int = REPEATS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Median duration of `action` in seconds."""
    times: list[float] = []
    for _ in range(repeats):
        started = clock()
        action()
        times.append(clock() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
