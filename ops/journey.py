"""A test event and what became of it, hop by hop. Pure.

What a hop can know differs: the gateway answers 200 only once the queue has the message; the function logs a
line of its own only for an event that it does not record; a destination either can be read, or only the
function's counts say that an event was recorded there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast
from urllib.parse import quote, urlencode

from contract.url import ENDPOINT_ID, EVENT, EVENT_ATTRIBUTE, EVENT_ID, EVENT_METRIC, USER_ATTRIBUTE
from ops.logs import LogLine

TEST_EVENT: Final = "gtm_pixel_test"
TEST_ATTRIBUTE: Final = "test"
"""The event attribute, `true`, by which queries and triggers can leave test events out."""


class State(StrEnum):
    REACHED = "reached"
    # The function says that it recorded as many events as it got; this one cannot be told apart.
    COUNTED = "counted"
    NOT_SEEN = "not seen"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """`seconds` since the event was sent; None if the hop was not seen."""

    name: str
    state: State
    seconds: float | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEvent:
    """An event that says of itself that it is a test. Names are those of the URL without their prefixes."""

    __test__ = False  # for pytest, which takes the name for a class of tests

    event: str
    endpoint_id: str
    event_id: str
    attributes: Mapping[str, str]
    metrics: Mapping[str, str]
    user_attributes: Mapping[str, str]

    def url(self, events_url: str) -> str:
        """As GTM would call it; the endpoint comes first, because filter lists look at the beginning."""
        groups = {
            EVENT_ATTRIBUTE: {TEST_ATTRIBUTE: "true", **self.attributes},
            EVENT_METRIC: self.metrics,
            USER_ATTRIBUTE: self.user_attributes,
        }
        pairs = [
            (ENDPOINT_ID, self.endpoint_id),
            (EVENT, self.event),
            (EVENT_ID, self.event_id),
            *(
                (f"{prefix}{name}", value)
                for prefix, group in groups.items()
                for name, value in group.items()
            ),
        ]
        return f"{events_url}?{urlencode(pairs, quote_via=quote)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSays:
    """What the function's log says since the event was sent."""

    # Why it did not record the event; None: no such line.
    refusal: str | None
    refused_at: float | None
    # Events recorded since, by destination, and when the first batch was logged.
    recorded: Mapping[str, int]
    processed_at: float | None
    # Destinations that could not take events since, with reasons.
    retried: Mapping[str, str]


def function_says(lines: Iterable[LogLine], request_id: str) -> FunctionSays:
    refusal: str | None = None
    refused_at: float | None = None
    recorded: dict[str, int] = {}
    processed_at: float | None = None
    retried: dict[str, str] = {}
    for line in lines:
        match line.message:
            case "message rejected" | "message dead-lettered":
                if line.fields.get("request_id") == request_id:
                    refusal = f"{line.message.removeprefix('message ')}: {line.fields.get('reason')}"
                    refused_at = line.at
            case "batch processed":
                processed_at = processed_at or line.at
                for name, count in _counts(line.fields.get("recorded_in")).items():
                    recorded[name] = recorded.get(name, 0) + count
            case "events retried" | "destination is not set up":
                retried[str(line.fields.get("destination"))] = ", ".join(_counts(line.fields.get("reasons")))
            case _:
                pass
    return FunctionSays(
        refusal=refusal,
        refused_at=refused_at,
        recorded=recorded,
        processed_at=processed_at,
        retried=retried,
    )


def authorizer_hop(lines: Iterable[LogLine], request_id: str, *, has_token: bool, sent_at: float) -> Hop:
    """What the authorizer says of the request. It lets every event through, at most without proof."""
    for line in lines:
        if line.message == "token invalid" and line.fields.get("request_id") == request_id:
            reason = f"token invalid: {line.fields.get('reason')}; the event updates no profile"
            return Hop(
                name="authorizer", state=State.FAILED, seconds=max(0.0, line.at - sent_at), detail=reason
            )
    detail = (
        "no complaint about the token" if has_token else "no token was sent: the event updates no profile"
    )
    return Hop(name="authorizer", state=State.COUNTED, seconds=None, detail=detail)


def function_hop(says: FunctionSays, *, sent_at: float) -> Hop:
    if says.refusal is not None and says.refused_at is not None:
        return Hop(
            name="function", state=State.FAILED, seconds=says.refused_at - sent_at, detail=says.refusal
        )
    if says.processed_at is None:
        return Hop(name="function", state=State.NOT_SEEN, seconds=None, detail="no batch was processed since")
    return Hop(
        name="function",
        state=State.COUNTED,
        seconds=max(0.0, says.processed_at - sent_at),
        detail="a batch was processed since, without a complaint about this event",
    )


def destination_hop(name: str, says: FunctionSays, found: Hop | None, *, can_be_read: bool) -> Hop:
    """What is known of the event in one destination."""
    if found is not None:
        return found
    reasons = f"; retried since: {says.retried[name]}" if name in says.retried else ""
    if count := says.recorded.get(name, 0):
        where = "not found there yet" if can_be_read else "it cannot be read there"
        return Hop(
            name=name,
            state=State.COUNTED,
            seconds=None,
            detail=f"the function recorded {count} since; {where}{reasons}",
        )
    return Hop(name=name, state=State.NOT_SEEN, seconds=None, detail=f"not recorded yet{reasons}")


def arrived(hops: Sequence[Hop]) -> bool:
    """Whether nothing is missing, as far as can be known."""
    return all(hop.state in (State.REACHED, State.COUNTED) for hop in hops)


def _counts(value: object) -> dict[str, int]:
    return cast("dict[str, int]", value) if isinstance(value, dict) else {}
