"""The metrics of a stack's parts, by the names and dimensions under which CloudWatch has them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from contract import metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: dimensions must be exactly those that are published."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackMetrics:
    """The parts of a stack, by the names that their metrics have as dimensions."""

    # The dimension `service` of the functions' own metrics.
    service: str

    api_name: pulumi.Input[str]
    queue_name: pulumi.Input[str]
    dead_letter_queue_name: pulumi.Input[str]
    processor_name: pulumi.Input[str]

    # None in the open scenario.
    authorizer_name: pulumi.Input[str] | None

    def own(self, name: str, **dimensions: str) -> Metric:
        """A metric that the event processor or the token authorizer publishes."""
        return Metric(
            namespace=metrics.NAMESPACE,
            name=name,
            dimensions={metrics.SERVICE: self.service, **dimensions},
        )

    def api(self, name: str) -> Metric:
        """A metric of the API, all stages together: tags may call a former one (previousStageName)."""
        return Metric(namespace="AWS/ApiGateway", name=name, dimensions={"ApiName": self.api_name})

    def queue(self, name: str) -> Metric:
        return of_queue(self.queue_name, name)

    def dead_letter_queue(self, name: str) -> Metric:
        return of_queue(self.dead_letter_queue_name, name)

    def processor(self, name: str) -> Metric:
        return of_function(self.processor_name, name)


def of_queue(queue_name: pulumi.Input[str], name: str) -> Metric:
    """A metric of Amazon SQS."""
    return Metric(namespace="AWS/SQS", name=name, dimensions={"QueueName": queue_name})


def of_delivery_stream(stream_name: pulumi.Input[str], name: str) -> Metric:
    """A metric of Amazon Data Firehose."""
    return Metric(namespace="AWS/Firehose", name=name, dimensions={"DeliveryStreamName": stream_name})


def of_function(function_name: pulumi.Input[str], name: str) -> Metric:
    """A metric of AWS Lambda."""
    return Metric(namespace="AWS/Lambda", name=name, dimensions={"FunctionName": function_name})
