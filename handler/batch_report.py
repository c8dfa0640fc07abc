"""What became of one batch of messages, in numbers: CloudWatch metrics and one summary line.

Holds counts, reasons and times only, never anything of an event. Imports nothing of the project.
"""

from collections import Counter
from dataclasses import dataclass, field

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric


@dataclass(slots=True)
class BatchReport:
    """The counts of a batch. What is dropped or refused of an event counts once, when it is recorded."""

    received: int = 0
    recorded: int = 0
    duplicates: int = 0
    profile_updates_applied: int = 0
    profile_updates_refused: int = 0
    # Parameters that were read though their names began with `amp;`.
    escaped_names: int = 0
    # By reason.
    rejected: Counter[str] = field(default_factory=Counter[str])
    retried: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    attributes_dropped: Counter[str] = field(default_factory=Counter[str])
    # From the gateway to the record, of each recorded event.
    ages_ms: list[int] = field(default_factory=list[int])

    def summary(self) -> dict[str, object]:
        """The counts for a log line."""
        return {
            "received": self.received,
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "profile_updates_applied": self.profile_updates_applied,
            "profile_updates_refused": self.profile_updates_refused,
            "escaped_names": self.escaped_names,
            "rejected": dict(self.rejected),
            "retried": dict(self.retried),
            "refused": dict(self.refused),
            "attributes_dropped": dict(self.attributes_dropped),
        }

    def publish(self, *, namespace: str, service: str) -> None:
        """Write the counts as CloudWatch embedded metrics.

        Each has the dimension service. Those with reasons are written once more by service and reason,
        because CloudWatch adds nothing up over dimensions.
        """
        by_reason = {
            "Rejected": self.rejected,
            "Retried": self.retried,
            "Refused": self.refused,
            "AttributesDropped": self.attributes_dropped,
        }
        metrics = Metrics(namespace=namespace, service=service)
        # The ages go first: Powertools writes a metric's values out by the hundred, the format's limit, and
        # forgets with them every metric that was added before.
        for age_ms in self.ages_ms:
            metrics.add_metric(name="EventAge", unit=MetricUnit.Milliseconds, value=age_ms)
        totals = {
            "Received": self.received,
            "Recorded": self.recorded,
            "DuplicateEvents": self.duplicates,
            "ProfileUpdatesApplied": self.profile_updates_applied,
            "ProfileUpdatesRefused": self.profile_updates_refused,
            "EscapedNames": self.escaped_names,
            **{name: counts.total() for name, counts in by_reason.items()},
        }
        for name, value in totals.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        metrics.flush_metrics()
        for name, counts in by_reason.items():
            for reason, value in counts.items():
                with single_metric(
                    name=name,
                    unit=MetricUnit.Count,
                    value=value,
                    namespace=namespace,
                    default_dimensions={"service": service, "reason": reason},
                ):
                    pass
