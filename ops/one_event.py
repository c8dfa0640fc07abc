"""The checks of `doctor` that send one event, and look at what arrives (docs/fidelity.md)."""

import secrets
from collections.abc import Callable, Iterator
from typing import Final

from ops import journey, profiles
from ops.context import Context
from ops.event_request import request
from ops.finding import Finding, failed, ok, warning
from ops.following import Following
from ops.journey import TestEvent

# What a template or a decoder may change on the way.
_ODD: Final = "50 % für €; a+b &amp; \\n ü"
_LONG_TOKEN: Final = "x" * 2000
_TEXT: Final = {"Content-Type": "text/plain;charset=UTF-8"}


def findings(context: Context, *, seconds: float, advance: Callable[[int], None]) -> Iterator[Finding]:
    """Sends one event as a GET and, with the same id, in the other ways. Raises FailedError."""
    number = secrets.token_hex(4)
    event = TestEvent(
        event=journey.TEST_EVENT,
        endpoint_id=f"gtm-pixel-test-{number}",
        event_id=f"gtm-pixel-test-{number}",
        attributes={"odd": _ODD},
        metrics={},
        user_attributes={},
    )
    url, sent_at = event.url(context.stack.events_url), context.clock()
    got = request(url, context)
    is_image = got.content_type.startswith("image/svg+xml")
    yield _said("GET", f"status {got.status}, {got.content_type}", is_ok=got.status == 200 and is_image)
    if got.status != 200:
        return
    posted = request(url, context, headers=_TEXT, body=b"x")
    yield _said("POST with a body", f"status {posted.status}", is_ok=posted.status == 200)
    with_token = None
    if context.stack.authorizer_function_name is not None:
        with_token = request(f"{url}&token={_LONG_TOKEN}", context)
    following = Following(context, event, request_id=got.request_id, sent_at=sent_at)
    hops = following.hops(seconds, advance)
    for hop in hops:
        is_there = hop.state in (journey.State.REACHED, journey.State.COUNTED)
        yield _said(f"event in {hop.name}", f"{hop.state}: {hop.detail}", is_ok=is_there)
    if with_token is not None:
        invalid = Following(context, event, request_id=with_token.request_id, sent_at=sent_at)
        yield from _tokens(following, invalid, status=with_token.status)
    if context.stack.customer_profiles_domain and journey.arrived(hops):
        yield from _in_the_profile(context, event)


def _tokens(without: Following, invalid: Following, *, status: int) -> Iterator[Finding]:
    """What the authorizer made of the request without a token, and of the one with an invalid token."""
    for hop in without.authorizer(has_token=False):
        yield _said("no token", hop.detail, is_ok=hop.state is not journey.State.FAILED)
    for hop in invalid.authorizer(has_token=True):
        check = "a long invalid token"
        if status == 200 and hop.state is not journey.State.FAILED:
            detail = "status 200, but the authorizer's log does not say that it is invalid"
            yield warning(check, detail, "the log may be late: python -m ops logs --function authorizer")
        else:
            yield _said(check, f"status {status}, {hop.detail}", is_ok=status == 200)


def _in_the_profile(context: Context, event: TestEvent) -> Iterator[Finding]:
    found = profiles.find(context.aws, context.stack, event.endpoint_id)
    objects = [one.content for profile in found for one in profile.objects]
    yield _said("one object for the same event", f"{len(objects)} objects", is_ok=len(objects) == 1)
    values = [one.get("attributes", {}).get("odd") for one in objects]
    is_same = bool(values) and all(value == _ODD for value in values)
    said = "they arrive as they were sent" if is_same else "they arrive changed"
    yield _said("values with special characters", said, is_ok=is_same)


def _said(check: str, detail: str, *, is_ok: bool) -> Finding:
    if is_ok:
        return ok(check, detail)
    return failed(check, detail, "docs/fidelity.md says what rests on this; python -m ops logs")
