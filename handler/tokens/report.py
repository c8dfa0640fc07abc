"""What became of one request's token, as CloudWatch metrics.

Counts and reasons only, never anything of a token.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from handler.tokens.finding import CookieIgnoredReason
from handler.tokens.invalid import InvalidTokenReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReport:
    """One of three: the token was verified, was refused, or there was none.

    A cookie that counts as not sent leaves a request without a token, unless it has another.
    """

    verified: bool = False
    refused: InvalidTokenReason | None = None
    cookie_ignored: CookieIgnoredReason | None = None
    # How often the issuer's keys could not be fetched.
    failed_key_fetches: int = 0

    def publish(self, *, namespace: str, service: str) -> None:
        """Write the counts as CloudWatch embedded metrics.

        Each has the dimension service. What has a reason is written once more by service and reason, because
        CloudWatch adds nothing up over dimensions.
        """
        metrics = Metrics(namespace=namespace, service=service)
        totals = {
            "TokensVerified": self.verified,
            "TokensInvalid": self.refused is not None,
            "RequestsWithoutToken": not self.verified and self.refused is None,
            "CookiesIgnored": self.cookie_ignored is not None,
            "KeyFetchesFailed": self.failed_key_fetches,
        }
        for name, count in totals.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=int(count))
        metrics.flush_metrics()
        for name, reason in self._reasons():
            with single_metric(
                name=name,
                unit=MetricUnit.Count,
                value=1,
                namespace=namespace,
                default_dimensions={"service": service, "reason": reason},
            ):
                pass

    def _reasons(self) -> Iterator[tuple[str, StrEnum]]:
        if self.refused is not None:
            yield "TokensInvalid", self.refused
        if self.cookie_ignored is not None:
            yield "CookiesIgnored", self.cookie_ignored
