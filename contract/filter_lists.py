"""Which URLs ad blockers block: the rules of EasyPrivacy that can match the URL of an event.

Pure. Ad blockers such as uBlock Origin and Brave include EasyPrivacy, so a blocked request never leaves the
browsers of many visitors. The rules are quoted from the list of SOURCE_DATE: all that a stage name, a host
name or an event type can match. Exceptions for single sites are left out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

SOURCE: Final = "EasyPrivacy"
SOURCE_DATE: Final = "2026-08-22"

PATH_RULES: Final = (
    "-universal-analytics/",
    ".com/vtrack",
    "/_tracking/*",
    "/accesstracking/*",
    "/adobeAnalytics/*",
    "/ahoy/events",
    "/amp-analytics/*",
    "/analytics-collector",
    "/analytics-ingestion/*",
    "/analytics-js/*",
    "/analytics-reporter/*",
    "/analytics-tracker/*",
    "/analytics/event",
    "/eta/events?",
    "/event-tracking/*",
    "/event_log/*",
    "/event_logger",
    "/events-tracker/*",
    "/eventtracking-",
    "/eventtracking/*",
    "/hit_counter",
    "/hitcount/*",
    "/HitCounter/*",
    "/HitTracker/*",
    "/mail-tracking/*$image",
    "/metrics-backend/*",
    "/partner-analytics/*",
    "/piwik-",
    "/piwik/*",
    "/rnb/events",
    "/rum-collector/*",
    "/rum-telemetry/*",
    "/rum/events",
    "/site_stats/*",
    "/statcollector/*",
    "/stats-collect",
    "/stats/events$xmlhttprequest",
    "/StatsCollector/*",
    "/statscounter/*",
    "/statstracker/*",
    "/track-mixpanel/*",
    "/tracking/events?",
    "/tracking_id_",
    "/tracking_pixel",
    "/TrackingPixel/*",
    "/trackPageView/*",
    "/TrackView/*$xmlhttprequest",
    "/TrackViews/*",
    "/trackVisit/*",
    "/TrackVisitors/*",
    "/view-tracking/*$image",
    "/ViewCounter/*",
    "/views_tracking/*",
    "/web_analytics/*",
    "/webAnalytics/*",
    "/webcounter/*",
    "/webtracking/*$~document,~subdocument",
    "||amazonaws.com/analytics/",
    "||amazonaws.com/appmonitors/",
    "||amazonaws.com/beacon^",
    "||amazonaws.com/production_beacon",
)
"""Rules for the path, whose first segment is the stage."""

HOST_RULES: Final = (
    "-click-tracker.",
    "-tracking-pixel.",
    "/analytics-sdk.",
    "/api-analytics.",
    "/criteo.",
    "/events-collector.",
    "/eventtracking.",
    "/mixpanel.",
    "/pixel-prod.",
    "/pixel-tracking.",
    "/pixelcounter.",
    "/sensorsdata.",
    "/smartpixel.",
    "/statcollector.",
    "/statcount.",
    "/stats.*/event",
    "/statstracker.",
    "/track-pixel.",
    "/track_event.",
    "/HitCounter.",
    "/TrackClick.",
    "/WebAnalytics.",
    "/trackjs.",
    "://analytics-beacon.",
    "://analytics-cdn.",
    "://analytics.*/event",
    "://collector.*/event",
    "://datacollector.*/event",
    "://emailtracking.$image",
    "://fathom.",
    "://insights-collector.",
    "://matomo.",
    "://metrics-collector.",
    "://piwik.",
    "://segment-api.",
    "://segment-cdn.",
    "://ssgtm.",
    "://tracking.*/event",
)
"""Rules for the host of a custom domain; most match its first label."""

QUERY_RULES: Final = (
    "?event=impressions&",
    "?event=log&",
    "?event=pageview&",
    "?event=performance&",
)
"""Rules for the start of the query: why `endpoint_id` comes first in every URL that this project writes."""

BEACON_RULE: Final = "$ping,third-party"
"""Blocks every `navigator.sendBeacon` to another site, whatever the URL."""

RULES: Final = (*PATH_RULES, *HOST_RULES, *QUERY_RULES, BEACON_RULE)


class RequestKind(StrEnum):
    """How a browser sends the request, in the terms of filter lists."""

    IMAGE = "image"
    FETCH = "xmlhttprequest"  # with `keepalive`, too
    BEACON = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    text: str
    pattern: re.Pattern[str]
    # Empty means every kind.
    kinds: frozenset[RequestKind]
    third_party_only: bool

    def blocks(self, url: str, kind: RequestKind, *, third_party: bool) -> bool:
        if self.kinds and kind not in self.kinds:
            return False
        if self.third_party_only and not third_party:
            return False
        return self.pattern.search(url) is not None


def blocking_rule(
    url: str,
    kind: RequestKind = RequestKind.IMAGE,
    *,
    third_party: bool = True,
    rules: Iterable[str] = RULES,
) -> str | None:
    """The first rule that blocks a request to this URL, as the list writes it, or None.

    `third_party`: whether the page belongs to another site than the URL.
    """
    for rule in map(_read, rules):
        if rule.blocks(url, kind, third_party=third_party):
            return rule.text
    return None


@cache
def _read(text: str) -> _Rule:
    """Parse Adblock Plus syntax: `*` anything, `^` a separator, `||` a domain's start, `$` before options."""
    pattern, _, options = text.partition("$")
    names = set(options.split(",")) if options else set[str]()
    kinds = frozenset(RequestKind(name) for name in names if name in set(RequestKind))
    return _Rule(
        text=text,
        pattern=re.compile(_expression(pattern), re.IGNORECASE),
        kinds=kinds,
        third_party_only="third-party" in names,
    )


def _expression(pattern: str) -> str:
    start = ""
    if pattern.startswith("||"):
        start, pattern = r"^https?://([^/?#]*\.)?", pattern.removeprefix("||")
    parts = {"*": ".*", "^": r"([^\w.%-]|$)"}
    return start + "".join(parts.get(character, re.escape(character)) for character in pattern)
