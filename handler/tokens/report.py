"""Counts the result for one request's token in CloudWatch metrics. Holds nothing of the token."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from handler.tokens.finding import CookieIgnoredReason
from handler.tokens.invalid import InvalidTokenReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReport:
    """The token was verified, was invalid, or there was none.

    A request whose cookie is ignored has no token, unless another place holds one.
    """

    verified: bool = False
    invalid: InvalidTokenReason | None = None
    cookie_ignored: CookieIgnoredReason | None = None
    # How often the issuer's keys could not be fetched.
    failed_key_fetches: int = 0

    def publish(self, *, namespace: str, service: str) -> None:
        """Write the counts in the embedded metric format of CloudWatch.

        Each has the dimension `service`. Counts with a reason are written again by service and reason,
        because CloudWatch does not add up over dimensions.
        """
        metrics = Metrics(namespace=namespace, service=service)
        totals = {
            "TokensVerified": self.verified,
            "TokensInvalid": self.invalid is not None,
            "RequestsWithoutToken": not self.verified and self.invalid is None,
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
        if self.invalid is not None:
            yield "TokensInvalid", self.invalid
        if self.cookie_ignored is not None:
            yield "CookiesIgnored", self.cookie_ignored
