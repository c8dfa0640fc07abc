"""What AWS asks for what a stack uses, as of a date and in one Region. No free tiers. Pure.

cost_model.py multiplies these prices. docs/costs.md quotes them, and a test holds the two together. When you
change one, change AS_OF.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "2026-11-28"

GB: Final = 10**9
MILLION: Final = 10**6

Tiers = Sequence[tuple[float, float]]
"""Up to how many units, and the price of one. The last tier has no end."""

_NO_END: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a number of units costs in USD."""

    service: str
    unit: str
    tiers: Tiers
    page: str
    # Whether a public text of 2025 or 2026 names it; of several tiers, the first.
    is_checked: bool

    def of(self, units: float) -> float:
        """The price of so many units in one month."""
        total = start = 0.0
        for end, price in self.tiers:
            total += max(0.0, min(units, end) - start) * price
            start = end
        return total


def _flat(
    service: str, unit: str, usd: float, *, units: float = 1, page: str, is_checked: bool = True
) -> Price:
    return Price(service=service, unit=unit, tiers=[(_NO_END, usd / units)], page=page, is_checked=is_checked)


_PAGES: Final = "https://aws.amazon.com"
_CLOUDWATCH: Final = f"{_PAGES}/cloudwatch/pricing/"
_LAMBDA: Final = f"{_PAGES}/lambda/pricing/"
_WAF: Final = f"{_PAGES}/waf/pricing/"
_S3: Final = f"{_PAGES}/s3/pricing/"
_KMS: Final = f"{_PAGES}/kms/pricing/"
_EVENTBRIDGE: Final = f"{_PAGES}/eventbridge/pricing/"

API_REQUEST: Final = Price(
    service="API Gateway, REST API",
    unit="request",
    tiers=[
        (333 * MILLION, 3.50 / MILLION),
        (1_000 * MILLION, 2.80 / MILLION),
        (20_000 * MILLION, 2.38 / MILLION),
        (_NO_END, 1.51 / MILLION),
    ],
    page=f"{_PAGES}/api-gateway/pricing/",
    is_checked=True,
)
TRANSFER_GB: Final = Price(
    service="data transfer to the internet",
    unit="GB",
    tiers=[(10_240, 0.09), (51_200, 0.085), (153_600, 0.07), (_NO_END, 0.05)],
    page=f"{_PAGES}/ec2/pricing/on-demand/",
    is_checked=True,
)
QUEUE_REQUEST: Final = _flat(
    "SQS, standard queue",
    "request",
    0.40,
    units=MILLION,
    page=f"{_PAGES}/sqs/pricing/",
    is_checked=False,
)
INVOCATION: Final = _flat("Lambda", "invocation", 0.20, units=MILLION, page=_LAMBDA)
GB_SECOND: Final = _flat("Lambda, arm64", "GB-second", 0.0000133334, page=_LAMBDA)
LOG_GB: Final = _flat("CloudWatch Logs", "GB written", 0.50, page=_CLOUDWATCH)
METRIC: Final = _flat("CloudWatch", "custom metric", 0.30, page=_CLOUDWATCH)
ALARM_METRIC: Final = _flat("CloudWatch", "metric in an alarm", 0.10, page=_CLOUDWATCH)
DASHBOARD: Final = _flat("CloudWatch", "dashboard", 3.00, page=_CLOUDWATCH)
WEB_ACL: Final = _flat("WAF", "web ACL", 5.00, page=_WAF)
WEB_ACL_RULE: Final = _flat("WAF", "rule", 1.00, page=_WAF)
INSPECTED_REQUEST: Final = _flat("WAF", "request", 0.60, units=MILLION, page=_WAF)
KEY: Final = _flat("KMS", "key", 1.00, page=_KMS, is_checked=False)
KEY_REQUEST: Final = _flat("KMS", "request", 0.03, units=10_000, page=_KMS, is_checked=False)
STREAM_GB: Final = Price(
    service="Data Firehose, direct put",
    unit="GB, each record as a multiple of 5 KB",
    tiers=[(512_000, 0.029), (2_048_000, 0.025), (_NO_END, 0.020)],
    page=f"{_PAGES}/firehose/pricing/",
    is_checked=False,
)
OBJECT_PUT: Final = _flat("S3", "PUT request", 0.005, units=1_000, page=_S3)
STORED_GB: Final = _flat("S3, standard", "GB and month", 0.023, page=_S3)
BUS_EVENT: Final = _flat(
    "EventBridge, custom bus",
    "event of up to 64 KB",
    1.00,
    units=MILLION,
    page=_EVENTBRIDGE,
    is_checked=False,
)

PRICES: Final[Sequence[Price]] = (
    *(
        API_REQUEST,
        TRANSFER_GB,
        QUEUE_REQUEST,
        INVOCATION,
        GB_SECOND,
        LOG_GB,
        METRIC,
        ALARM_METRIC,
        DASHBOARD,
    ),
    *(
        WEB_ACL,
        WEB_ACL_RULE,
        INSPECTED_REQUEST,
        KEY,
        KEY_REQUEST,
        STREAM_GB,
        OBJECT_PUT,
        STORED_GB,
        BUS_EVENT,
    ),
)
"""Every price, in the order of the path of an event. Customer Profiles is missing: see docs/costs.md."""
