"""What became of one request's token, as CloudWatch metrics.

Counts and reasons only, never anything of a token. Imports `token_refusal` only.
"""

from dataclasses import dataclass

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from handler.token_refusal import RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReport:
    """One of three: the token was verified, was refused, or there was none."""

    verified: bool = False
    refused: RefusalReason | None = None

    def publish(self, *, namespace: str, service: str) -> None:
        """Write the counts as CloudWatch embedded metrics.

        Each has the dimension service. Refusals are written once more by service and reason, because
        CloudWatch adds nothing up over dimensions.
        """
        metrics = Metrics(namespace=namespace, service=service)
        totals = {
            "TokensVerified": self.verified,
            "TokensRefused": self.refused is not None,
            "RequestsWithoutToken": not self.verified and self.refused is None,
        }
        for name, happened in totals.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=int(happened))
        metrics.flush_metrics()
        if self.refused is not None:
            with single_metric(
                name="TokensRefused",
                unit=MetricUnit.Count,
                value=1,
                namespace=namespace,
                default_dimensions={"service": service, "reason": self.refused},
            ):
                pass
