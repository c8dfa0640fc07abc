"""The pollers of a stack's event source mappings, each with its function and its traces."""

from collections.abc import Mapping, Sequence

from local.deployment.cloud import Cloud
from local.functions.event_source import EventSource, Poller
from local.functions.lambda_runtime import LambdaRuntime
from local.problems import Problems
from local.traces.recording import recorded_function
from local.traces.store import Traces


def make_poller(
    cloud: Cloud, uuid: str, functions: Mapping[str, LambdaRuntime], problems: Problems, traces: Traces
) -> Poller:
    """The poller of an event source mapping in moto."""
    mapping = cloud.client("lambda").get_event_source_mapping(UUID=uuid)
    # The name, without the version behind the alias that the mapping names.
    function = mapping["FunctionArn"].partition(":function:")[2].partition(":")[0]
    runtime = functions[function]
    source = EventSource.from_mapping(mapping)
    return Poller(
        cloud,
        source,
        role_arn=runtime.role_arn,
        invoke=recorded_function(
            function,
            runtime.invoke,
            traces,
            reports_batch_item_failures=source.reports_batch_item_failures,
        ),
        problems=problems,
        is_enabled=lambda: cloud.is_event_source_enabled(uuid),
    )


def stop_functions(pollers: Sequence[Poller], functions: Mapping[str, LambdaRuntime]) -> None:
    """Stop pollers and functions together: each may wait for the other."""
    for poller in pollers:
        poller.request_stop()
    for runtime in functions.values():
        runtime.stop()
    for poller in pollers:
        poller.stop()
