"""AWS's prices of what a stack uses: as of a date, in one Region, without free tiers. Pure.

cost_model.py multiplies these prices. docs/costs.md quotes them with their sources, and a test holds the two
together. When you change one, change AS_OF.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "2026-11-28"

GB: Final = 10**9
MILLION: Final = 10**6

Tiers = Sequence[tuple[float, float]]
"""Up to how many units, and the price of one. The last tier has no end."""

_NO_END: Final = float("inf")
_ENOUGH_SOURCES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text that names a price, with the date of the text."""

    name: str
    date: str
    url: str | None = None
    is_aws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price in USD. If it has several tiers, a source may name only the first."""

    # As on the command line.
    name: str
    service: str
    unit: str
    tiers: Tiers
    # Where AWS publishes it.
    page: str
    sources: Sequence[Source] = ()
    # How many units the price is named for: 1 or a million.
    per: int = 1
    # Whether the user gave it.
    is_given: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether AWS itself or two texts name it."""
        from_aws = any(source.is_aws for source in self.sources)
        return self.is_given or from_aws or len(self.sources) >= _ENOUGH_SOURCES

    def of(self, units: float) -> float:
        """The price of so many units in one month."""
        total = start = 0.0
        for end, price in self.tiers:
            total += max(0.0, min(units, end) - start) * price
            start = end
        return total

    def given(self, usd: float) -> "Price":
        """The same item at a price that the user gave for `per` units, without tiers."""
        return replace(self, tiers=[(_NO_END, usd / self.per)], is_given=True)


def _flat(name: str, service: str, unit: str, usd: float, *sources: Source, page: str, per: int = 1) -> Price:
    tiers = [(_NO_END, usd / per)]
    return Price(name=name, service=service, unit=unit, tiers=tiers, page=page, sources=sources, per=per)


def _aws(path: str, date: str) -> Source:
    return Source(name="AWS", date=date, url=path, is_aws=True)


def _text(url: str, date: str) -> Source:
    return Source(name=url.removeprefix("https://").removeprefix("www.").split("/")[0], date=date, url=url)


_PAGES: Final = "https://aws.amazon.com"
_CLOUDWATCH: Final = f"{_PAGES}/cloudwatch/pricing/"
_LAMBDA: Final = f"{_PAGES}/lambda/pricing/"
_WAF: Final = f"{_PAGES}/waf/pricing/"
_S3: Final = f"{_PAGES}/s3/pricing/"
_KMS: Final = f"{_PAGES}/kms/pricing/"
_EVENTBRIDGE: Final = f"{_PAGES}/eventbridge/pricing/"
_FIREHOSE: Final = f"{_PAGES}/firehose/pricing/"

# Responses of the AWS Price List API for us-east-1, kept in a public repository.
_PRICE_LIST: Final = Source(name="a copy of the AWS Price List", date="2025-10")
# Read in several public repositories, none of them AWS's.
_REPOSITORIES: Final = Source(name="public repositories", date="2026")
_WHITEPAPER: Final = _aws(
    "https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/"
    "cost-optimization.html",
    "undated",
)
_CLOUDBURN: Final = "https://cloudburn.io/blog/"
_FACTUALMINDS: Final = "https://www.factualminds.com/blog/"
_LAMBDA_SOURCES: Final = (
    _text("https://wring.co/blog/aws-lambda-pricing-guide", "2026-03"),
    _text("https://cloudchipr.com/blog/aws-lambda-pricing", "2024"),
)
_WAF_SOURCES: Final = (
    _text("https://awsnegotiations.com/waf-pricing-strategy.html", "2026"),
    _text("https://c3x.dev/blog/aws-waf-cost-explained/", "2026"),
)
_CLOUDWATCH_TEXT: Final = _text(
    f"{_FACTUALMINDS}amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/", "2026-06"
)
_EVENTBRIDGE_TEXT: Final = _text(f"{_CLOUDBURN}amazon-eventbridge-pricing", "2026-03")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Every price by name, in the order of the path of an event."""

    api_request: Price
    transfer_gb: Price
    queue_request: Price
    invocation: Price
    gb_second: Price
    log_gb: Price
    metric: Price
    alarm_metric: Price
    dashboard: Price
    trace: Price
    web_acl: Price
    web_acl_rule: Price
    inspected_request: Price
    key: Price
    key_request: Price
    stream_gb: Price
    object_put: Price
    stored_gb: Price
    bus_event: Price
    archive_gb: Price
    archived_gb: Price
    profile: Price

    def __iter__(self) -> Iterator[Price]:
        return (getattr(self, field.name) for field in fields(self))

    def with_given(self, given: Mapping[str, float]) -> "PriceList":
        """With these prices, by name, each for as many units as the list names it for. Raises KeyError."""
        prices = {price.name: price for price in self}
        return replace(
            self, **{name.replace("-", "_"): prices[name].given(usd) for name, usd in given.items()}
        )


PRICES: Final = PriceList(
    api_request=Price(
        name="api-request",
        service="API Gateway, REST API",
        unit="request",
        tiers=[
            (333 * MILLION, 3.50 / MILLION),
            (1_000 * MILLION, 2.80 / MILLION),
            (20_000 * MILLION, 2.38 / MILLION),
            (_NO_END, 1.51 / MILLION),
        ],
        page=f"{_PAGES}/api-gateway/pricing/",
        sources=(_WHITEPAPER, _PRICE_LIST),
        per=MILLION,
    ),
    transfer_gb=Price(
        name="transfer-gb",
        service="data transfer to the internet",
        unit="GB",
        tiers=[(10_240, 0.09), (51_200, 0.085), (153_600, 0.07), (_NO_END, 0.05)],
        page=f"{_PAGES}/ec2/pricing/on-demand/",
        sources=(
            _PRICE_LIST,
            _text("https://awsforengineers.com/blog/aws-api-gateway-pricing-explained", "2025-05"),
        ),
    ),
    queue_request=_flat(
        "queue-request",
        "SQS, standard queue",
        "request",
        0.40,
        _text(f"{_CLOUDBURN}amazon-sqs-pricing", "2026-03"),
        _text(f"{_FACTUALMINDS}amazon-sqs-pricing-64kb-rule-fifo-vs-standard/", "2026-06"),
        page=f"{_PAGES}/sqs/pricing/",
        per=MILLION,
    ),
    invocation=_flat("invocation", "Lambda", "invocation", 0.20, *_LAMBDA_SOURCES, page=_LAMBDA, per=MILLION),
    gb_second=_flat(
        "gb-second", "Lambda, arm64", "GB-second", 13.3334, *_LAMBDA_SOURCES, page=_LAMBDA, per=MILLION
    ),
    log_gb=_flat(
        "log-gb", "CloudWatch Logs", "GB written", 0.50, _PRICE_LIST, _CLOUDWATCH_TEXT, page=_CLOUDWATCH
    ),
    metric=_flat(
        "metric",
        "CloudWatch",
        "custom metric",
        0.30,
        _PRICE_LIST,
        _text("https://signoz.io/guides/cloudwatch-pricing", "2026-02"),
        page=_CLOUDWATCH,
    ),
    alarm_metric=_flat(
        "alarm-metric", "CloudWatch", "metric in an alarm", 0.10, _PRICE_LIST, _REPOSITORIES, page=_CLOUDWATCH
    ),
    dashboard=_flat(
        "dashboard", "CloudWatch", "dashboard", 3.00, _CLOUDWATCH_TEXT, _REPOSITORIES, page=_CLOUDWATCH
    ),
    trace=_flat(
        "trace",
        "X-Ray",
        "trace recorded",
        5.00,
        _aws(f"{_PAGES}/de/xray/pricing/", "undated"),
        page=f"{_PAGES}/xray/pricing/",
        per=MILLION,
    ),
    web_acl=_flat("web-acl", "WAF", "web ACL", 5.00, *_WAF_SOURCES, page=_WAF),
    web_acl_rule=_flat("web-acl-rule", "WAF", "rule", 1.00, *_WAF_SOURCES, page=_WAF),
    inspected_request=_flat(
        "inspected-request", "WAF", "request", 0.60, *_WAF_SOURCES, page=_WAF, per=MILLION
    ),
    key=_flat("key", "KMS", "key", 1.00, _aws(_KMS, "undated"), page=_KMS),
    key_request=_flat(
        "key-request",
        "KMS",
        "request",
        3.00,
        _text(f"{_CLOUDBURN}aws-kms-pricing", "2026-03"),
        _text(f"{_FACTUALMINDS}aws-kms-pricing-keys-requests-multi-region/", "2026-06"),
        page=_KMS,
        per=MILLION,
    ),
    stream_gb=Price(
        name="stream-gb",
        service="Data Firehose, direct put",
        unit="GB, each record as a multiple of 5 KB",
        tiers=[(512_000, 0.029), (2_048_000, 0.025), (_NO_END, 0.020)],
        page=_FIREHOSE,
        sources=(_REPOSITORIES,),
    ),
    object_put=_flat(
        "object-put", "S3", "PUT request", 5.00, _PRICE_LIST, _REPOSITORIES, page=_S3, per=MILLION
    ),
    stored_gb=_flat(
        "stored-gb",
        "S3, standard",
        "GB and month",
        0.023,
        _PRICE_LIST,
        _text(f"{_CLOUDBURN}amazon-s3-pricing", "2026-03"),
        page=_S3,
    ),
    bus_event=_flat(
        "bus-event",
        "EventBridge, custom bus",
        "event of up to 64 KB",
        1.00,
        _PRICE_LIST,
        _EVENTBRIDGE_TEXT,
        page=_EVENTBRIDGE,
        per=MILLION,
    ),
    archive_gb=_flat(
        "archive-gb", "EventBridge, archive", "GB written", 0.10, _EVENTBRIDGE_TEXT, page=_EVENTBRIDGE
    ),
    archived_gb=_flat(
        "archived-gb", "EventBridge, archive", "GB and month", 0.023, _EVENTBRIDGE_TEXT, page=_EVENTBRIDGE
    ),
    # No public text names it: somebody must look it up.
    profile=Price(
        name="profile",
        service="Customer Profiles",
        unit="profile and month, one for each 100 objects",
        tiers=(),
        page=f"{_PAGES}/connect/pricing/",
    ),
)
