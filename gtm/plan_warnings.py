"""What is allowed in a plan but probably not intended. Pure."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from contract import url
from contract.filter_lists import SOURCE, SOURCE_DATE, blocking_rule
from gtm.limits import STRICTEST, Limits
from gtm.plan import Parameter, ParameterKind, Plan, TagPlan, encoded, is_of_this_machine
from gtm.plan_error import shown

BROWSER_HEADER_BYTES: Final = 2_000
"""A generous estimate of a browser's own headers, without cookies of the API's domain."""

# Estimates, in characters.
_LONG_TOKEN = 2_000
_LONG_EVENT_OR_ENDPOINT = 100
_LONG_NUMBER = 25
_LONG_TIMESTAMP = 29  # 2026-11-22T12:00:00.000+01:00
_CACHE_BUSTER_BYTES = len("&gtmcb=2147483647")

GOOGLE_CONSENT_TYPES: Final = (
    "ad_personalization",
    "ad_storage",
    "ad_user_data",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)


def url_warnings(events_url: str) -> Iterator[str]:
    """Why a browser may not call this URL."""
    if is_of_this_machine(events_url):
        yield (
            f"the events URL {shown(events_url)} is of this machine, so no visitor can call it; for a site, "
            "use the events_url of a deployed stack"
        )
    yield from _blocked(events_url)


def _preview_warnings(events_url: str) -> Iterator[str]:
    if is_of_this_machine(events_url):
        yield (
            f"the preview URL {shown(events_url)} is of this machine: Preview sends events from no other "
            "machine; for others, use the events_url of a test stack"
        )
    yield from _blocked(events_url)


def _blocked(events_url: str) -> Iterator[str]:
    rule = blocking_rule(f"{events_url}?endpoint_id=e1&event=e")
    if rule is not None:
        yield (
            f"ad blockers block the events URL {shown(events_url)} ({SOURCE} of {SOURCE_DATE}: {rule}); use "
            "another host or stage"
        )


def warnings(plan: Plan, limits: Limits = STRICTEST) -> Iterator[str]:
    """Warnings about a plan that is allowed but probably not intended, one line each."""
    yield from url_warnings(plan.events_url)
    if plan.preview_events_url is not None:
        yield from _preview_warnings(plan.preview_events_url)
    for consent_type in dict.fromkeys(chain.from_iterable(map(plan.consent_of, plan.tags))):
        if consent_type not in GOOGLE_CONSENT_TYPES:
            yield (
                f"the consent type {consent_type} is not one of Google's: unless your page sets it, GTM "
                "treats it as granted and the tags fire"
            )
    yield from limits.warnings(plan)
    for tag in plan.tags:
        for parameter in tag.parameters:
            if parameter.name.startswith(tuple(ParameterKind)):
                yield (
                    f"{tag.event or 'all custom events'}: the name {shown(parameter.name)} begins with a "
                    f"prefix of the URL, which is added by itself; write {parameter.name[5:]}"
                )
        longest = longest_request_bytes(plan, tag, limits)
        if longest > url.LONGEST_REQUEST_BYTES:
            yield (
                f"{tag.event or 'all custom events'}: if every value has its maximum length, a request has "
                f"about {longest:,} bytes, and API Gateway refuses more than {url.LONGEST_REQUEST_BYTES:,}; "
                "send fewer attributes, or shorter values"
            )


def longest_request_bytes(plan: Plan, tag: TagPlan, limits: Limits = STRICTEST) -> int:
    """Bytes of a tag's request if all values are ASCII letters and have their maximum length.

    A character outside ASCII takes 6 to 12 bytes in a URL.
    """
    names = [url.EVENT, url.ENDPOINT_ID, *(encoded(parameter.url_name) for parameter in tag.parameters)]
    values = [
        len(encoded(tag.event)) if tag.event is not None else _LONG_EVENT_OR_ENDPOINT,
        _LONG_EVENT_OR_ENDPOINT,
        *(_longest_value(parameter, limits) for parameter in tag.parameters),
    ]
    if plan.token is not None:
        names.append(url.TOKEN)
        values.append(_LONG_TOKEN)
    for name, variable, longest in (
        (url.EVENT_ID, tag.event_id, _LONG_EVENT_OR_ENDPOINT),
        (url.TIMESTAMP, tag.timestamp, _LONG_TIMESTAMP),
    ):
        if variable is not None:
            names.append(name)
            values.append(longest)
    pairs = sum(len("&=") + len(name) for name in names) + sum(values)
    return len(plan.events_url) + pairs + _CACHE_BUSTER_BYTES + BROWSER_HEADER_BYTES


def _longest_value(parameter: Parameter, limits: Limits) -> int:
    return _LONG_NUMBER if parameter.kind is ParameterKind.METRIC else limits.longest_value(parameter.kind)
