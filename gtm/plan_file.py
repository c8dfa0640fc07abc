"""Reads a plan from gtm.yaml: the events of a site and the parameters of each.

Pure. Reports all errors of a file at once, one line each: the key's path, the value, the rule and the fix.

    events_url: https://….amazonaws.com/v1/events    # or --events-url, or --outputs
    preview_events_url: https://…                     # optional: where GTM's Preview sends events
    container: GTM-ABC1234                            # optional
    endpoint_id: endpoint_id                          # data layer variable of the endpoint id
    consent: [analytics_storage]                      # optional: consent that the tags need
    token: {data_layer: id_token}                     # authenticated scenario; or {cookie: NAME}
    ga4:                                              # recommended events of Google Analytics 4
      source: ecommerce                               # default; or eventModel, for gtag('event', …)
      events: [purchase, sign_up]                     # or a mapping, as below; null switches a name off
    events:                                           # or all_custom_events: {…}, one tag for every event
      order_paid:
        event_id: order.id                            # name: data layer variable, or {cookie: NAME}
        timestamp: order.paid_at
        event_attributes: {currency: order.currency, brands: {list: order.items, of: brand}}
        metrics: {value: order.value, lines: {count: order.items}}
        user_attributes: {plan: user.plan}
        consent: [analytics_storage, ad_storage]      # optional: what this one needs instead
      newsletter:                                     # only the endpoint id
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gtm.limits import STRICTEST, Limits
from gtm.plan import (
    DEFAULT_ENDPOINT_ID,
    UNKNOWN_CONTAINER,
    Plan,
    TagPlan,
    check_container,
    check_events_url,
)
from gtm.tag_reader import TagReader
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable
from gtm.yaml_document import PlanFileError, parse

_KEYS: Final = (
    *("events_url", "preview_events_url", "container", "endpoint_id", "consent", "token"),
    *("ga4", "events", "all_custom_events"),
)
_TOKEN_SOURCES: Final = {"data_layer": DataLayerVariable, "cookie": CookieVariable}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values that take precedence over the file; None leaves the file's value."""

    events_url: str | None = None
    preview_events_url: str | None = None
    container: str | None = None
    endpoint_id: PlainVariable | None = None
    token: PlainVariable | None = None
    # Used if neither the file nor `token` names one.
    default_token: PlainVariable | None = None
    # For all tags, also those with a list of their own.
    consent: tuple[str, ...] | None = None
    # What the stack's destinations accept.
    limits: Limits = STRICTEST

    def of_all(self, tags: Iterable[TagPlan]) -> tuple[TagPlan, ...]:
        """The tags with what applies to all of them."""
        return tuple(tags if self.consent is None else (replace(tag, consent=None) for tag in tags))


def read(text: str, *, file: str = "gtm.yaml", overrides: Overrides | None = None) -> Plan:
    """Parse the text of a plan file. `file` is its name in errors. Raises PlanFileError."""
    document = parse(text, file=file)
    overrides = overrides or Overrides()
    reader = _Reader(file, overrides.limits)
    plan = reader.plan(document, overrides)
    if plan is None or reader.problems:
        raise PlanFileError(reader.problems)
    return plan


class _Reader(TagReader):
    """Reads a whole document."""

    def plan(self, document: object, overrides: Overrides) -> Plan | None:
        content = self.mapping(document, "", "events_url and events", _KEYS)
        if content is None:
            return None
        url = overrides.events_url or self._checked(content, "events_url", check_events_url)
        if url is None and "events_url" not in content:
            self.problem(
                "events_url", "is missing, so the tags have no URL to call; set it, or give --events-url"
            )
        preview_url = overrides.preview_events_url or self._checked(
            content, "preview_events_url", partial(check_events_url, what="preview URL")
        )
        container = overrides.container or self._checked(content, "container", check_container)
        endpoint_id = overrides.endpoint_id or self._endpoint_id(content)
        token = overrides.token or self._token(content) or overrides.default_token
        consent = self.consent(content["consent"], "consent") if "consent" in content else ()
        if overrides.consent is not None:
            consent = overrides.consent
        tags = overrides.of_all(self.tags(content))
        if url is None or self.problems:
            return None
        return self.made(
            "",
            lambda: Plan(
                events_url=url,
                preview_events_url=preview_url,
                tags=tags,
                endpoint_id=endpoint_id or DEFAULT_ENDPOINT_ID,
                token=token,
                consent=consent,
                container=container or UNKNOWN_CONTAINER,
            ),
        )

    def _endpoint_id(self, content: Mapping[str, Any]) -> PlainVariable | None:
        if "endpoint_id" not in content:
            return None
        return self.plain_variable(content["endpoint_id"], "endpoint_id")

    def _token(self, content: Mapping[str, Any]) -> PlainVariable | None:
        if "token" not in content:
            return None
        form = "data_layer: NAME or cookie: NAME"
        token = self.mapping(content["token"], "token", form, tuple(_TOKEN_SOURCES))
        if token is None:
            return None
        if len(token) != 1:
            self.problem("token", f"must be either {form}; keep one")
            return None
        ((source, value),) = token.items()
        name = self.string(value, f"token.{source}")
        if name is None:
            return None
        return self.made(f"token.{source}", lambda: _TOKEN_SOURCES[source](name))

    def _checked(self, content: Mapping[str, Any], key: str, check: Callable[[str], None]) -> str | None:
        text = self.string(content[key], key) if key in content else None
        if text is not None:
            self.made(key, lambda: check(text))
        return text
