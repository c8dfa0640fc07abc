"""Counts what became of one batch, for CloudWatch metrics and one log line.

Holds only counts, reasons and times, and nothing of an event.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric


@dataclass(slots=True)
class BatchReport:
    """The counts of a batch.

    A message counts as recorded once, in the batch after which every destination has its event. What was
    dropped of the event or denied counts in the same batch.
    """

    received: int = 0
    recorded: int = 0
    duplicates: int = 0
    profile_updates_applied: int = 0
    # Parameters with names that were escaped as HTML, as far as that shows.
    escaped_names: int = 0
    # All retried messages, and those of them that no queue has taken: the queue delivers these again.
    retried: int = 0
    left_in_queue: int = 0
    # The highest retry number among the copies; 0 without copies.
    attempt: int = 0
    # Messages that the dead-letter queue has taken.
    dead_lettered: int = 0
    # Destinations that messages were pending for and that the stack no longer has.
    destinations_removed: int = 0
    # By reason.
    rejected: Counter[str] = field(default_factory=Counter[str])
    dead_letter_reasons: Counter[str] = field(default_factory=Counter[str])
    attributes_dropped: Counter[str] = field(default_factory=Counter[str])
    profile_updates_denied: Counter[str] = field(default_factory=Counter[str])
    # Events recorded in a destination, by destination, and events retried there, by destination and reason.
    recorded_in: Counter[str] = field(default_factory=Counter[str])
    retried_in: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    # Of each recorded event: the time from the gateway to the destinations.
    ages_ms: list[int] = field(default_factory=list[int])

    def count_retry(self, destination: str, reason: str) -> None:
        self.retried_in.setdefault(destination, Counter())[reason] += 1

    def summary(self) -> dict[str, object]:
        """The counts for a log line."""
        return {
            "received": self.received,
            "recorded": self.recorded,
            "recorded_in": dict(self.recorded_in),
            "duplicates": self.duplicates,
            "profile_updates_applied": self.profile_updates_applied,
            "profile_updates_denied": dict(self.profile_updates_denied),
            "escaped_names": self.escaped_names,
            "rejected": dict(self.rejected),
            "retried": {name: dict(reasons) for name, reasons in self.retried_in.items()},
            "attempt": self.attempt,
            "left_in_queue": self.left_in_queue,
            "dead_lettered": dict(self.dead_letter_reasons),
            "attributes_dropped": dict(self.attributes_dropped),
        }

    def publish(self, *, namespace: str, service: str) -> None:
        """Write the counts in the embedded metric format of CloudWatch.

        Each has the dimension `service`. Counts with destinations or reasons are written again by these,
        because CloudWatch does not add up over dimensions.
        """
        metrics = Metrics(namespace=namespace, service=service)
        # The ages go first: Powertools writes them out by the hundred, the limit of the format, and each time
        # forgets the metrics that were added before.
        for age_ms in self.ages_ms:
            metrics.add_metric(name="EventAge", unit=MetricUnit.Milliseconds, value=age_ms)
        for name, value in self._totals().items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        metrics.flush_metrics()
        for destination in sorted({*self.recorded_in, *self.retried_in}):
            # Both counts, even where one is zero: their ratio must have both, or an alarm on it sees nothing
            # while a destination takes no event at all.
            together = EphemeralMetrics(namespace=namespace, service=service)
            together.add_dimension("destination", destination)
            for name, value in self._counts_in(destination).items():
                together.add_metric(name=name, unit=MetricUnit.Count, value=value)
            together.flush_metrics()
        for name, dimensions, value in self._parts():
            with single_metric(
                name=name,
                unit=MetricUnit.Count,
                value=value,
                namespace=namespace,
                default_dimensions={"service": service, **dimensions},
            ):
                pass

    def _totals(self) -> Mapping[str, int]:
        return {
            "Received": self.received,
            "Recorded": self.recorded,
            "DuplicateEvents": self.duplicates,
            "ProfileUpdatesApplied": self.profile_updates_applied,
            "ProfileUpdatesDenied": self.profile_updates_denied.total(),
            "EscapedNames": self.escaped_names,
            "Rejected": self.rejected.total(),
            "Retried": self.retried,
            "LeftInQueue": self.left_in_queue,
            "DeadLettered": self.dead_lettered,
            "AttributesDropped": self.attributes_dropped.total(),
            # Zeros would hide how far retries have come, and cost a metric that most stacks never need.
            **({"RetryAttempt": self.attempt} if self.attempt else {}),
            **({"DestinationsRemoved": self.destinations_removed} if self.destinations_removed else {}),
        }

    def _counts_in(self, destination: str) -> Mapping[str, int]:
        return {
            "Recorded": self.recorded_in[destination],
            "Retried": self.retried_in.get(destination, Counter[str]()).total(),
        }

    def _parts(self) -> Iterator[tuple[str, Mapping[str, str], int]]:
        """Metrics with further dimensions: name, these dimensions, value."""
        by_reason = {
            "Rejected": self.rejected,
            "DeadLettered": self.dead_letter_reasons,
            "AttributesDropped": self.attributes_dropped,
            "ProfileUpdatesDenied": self.profile_updates_denied,
        }
        for name, counts in by_reason.items():
            for reason, value in counts.items():
                yield name, {"reason": reason}, value
        for destination, reasons in self.retried_in.items():
            for reason, value in reasons.items():
                yield "Retried", {"destination": destination, "reason": reason}, value
