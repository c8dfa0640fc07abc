"""Settings of the API that Google Tag Manager calls."""

import re
from collections.abc import Iterable

from components.pixel_api import MethodThrottle
from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import (
    Setting,
    Values,
    list_of,
    object_of,
    one_of,
    optional,
    string,
    true_or_false,
    unique,
    whole_number,
)

_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_STAGE_RULE = "1 to 128 letters, digits, - and _", "a name such as v1"
# At most 255 characters, because AWS WAF takes no longer value of a response header (CustomHTTPHeader).
_ORIGIN = re.compile(r"(?=.{1,255}\Z)(\*|https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)")

STAGE_NAME = Setting("stageName", "v1", string(_STAGE_NAME, *_STAGE_RULE))
PREVIOUS_STAGE_NAME = Setting("previousStageName", "", optional(string(_STAGE_NAME, *_STAGE_RULE)))
ALLOWED_ORIGINS = Setting(
    "allowedOrigins",
    [],
    unique(
        list_of(
            string(
                _ORIGIN,
                "an origin: scheme, host and optional port, lower case, no path, at most 255 characters",
                "one such as https://www.example.com",
            ),
            "https://www.example.com",
        )
    ),
)
THROTTLING_RATE_LIMIT = Setting("throttlingRateLimit", 1_000, whole_number(1, 100_000))
THROTTLING_BURST_LIMIT = Setting("throttlingBurstLimit", 2_000, whole_number(1, 100_000))
THROTTLING_METHODS = Setting(
    "throttlingMethods",
    [],
    list_of(
        object_of(
            MethodThrottle,
            method=("method", one_of(["GET", "POST", "OPTIONS"])),
            rate_limit=("rateLimit", whole_number(0, 100_000)),
            burst_limit=("burstLimit", whole_number(0, 100_000)),
        )
    ),
)
ACCESS_LOGS = Setting("accessLogs", default=False, read=true_or_false)
PROTECT = Setting("protect", default=False, read=true_or_false)

SETTINGS = (
    *(
        STAGE_NAME,
        PREVIOUS_STAGE_NAME,
        ALLOWED_ORIGINS,
        THROTTLING_RATE_LIMIT,
        THROTTLING_BURST_LIMIT,
        THROTTLING_METHODS,
    ),
    *(ACCESS_LOGS, PROTECT),
)


def _two_stages(values: Values, _: Stack) -> Iterable[Problem]:
    if values[PREVIOUS_STAGE_NAME] == values[STAGE_NAME]:
        yield Problem(
            PREVIOUS_STAGE_NAME.key,
            f"{values[STAGE_NAME]!r} is the stage that stageName names.",
            "Set the former name here and a new one in stageName, or remove it.",
        )


RULES: tuple[Rule, ...] = (_two_stages,)
