"""`ops send`: sends a test event, and follows it to each destination."""

import argparse
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from cli.errors import DONE, FAILED, UsageError
from ops import durations, journey, token_file
from ops.command import Command
from ops.context import Context
from ops.event_request import EventResponse, request
from ops.following import Following
from ops.journey import Hop, State, TestEvent
from ops.screen import Screen

_SHOWN_BODY: Final = 200  # characters


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--event", default=journey.TEST_EVENT, help=f"default: {journey.TEST_EVENT}")
    parser.add_argument(
        "--endpoint-id", metavar="ID", help="whose event it is; default: a new one, gtm-pixel-test-…"
    )
    for option, what in (
        ("--attribute", "an event attribute"),
        ("--metric", "an event metric"),
        ("--user-attribute", "a user attribute: UPDATES THE PROFILE, if the stack allows it"),
    ):
        parser.add_argument(option, action="append", default=[], type=_pair, metavar="NAME=VALUE", help=what)
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="a token of the customer, sent as Authorization: Bearer",
    )
    parser.add_argument(
        "--wait",
        type=durations.seconds,
        default=60,
        metavar="TIME",
        help="how long to follow it (default: 60s; Firehose writes after firehoseBufferSeconds)",
    )


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _run(context: Context) -> int:
    options, stack = context.options, context.stack
    number = secrets.token_hex(4)
    event = TestEvent(
        event=options.event,
        endpoint_id=options.endpoint_id or f"gtm-pixel-test-{number}",
        event_id=f"gtm-pixel-test-{number}",
        attributes=dict(options.attribute),
        metrics=dict(options.metric),
        user_attributes=dict(options.user_attribute),
    )
    url = event.url(stack.events_url)
    headers = _headers(options.token_file, options.outputs)
    if context.dry_run:
        context.screen.result({"url": url}, lambda: context.screen.line(f"GET {url}"))
        return DONE
    context.screen.note("This records a real event, and creates or updates a real profile.", style="bold")
    sent_at = context.clock()
    response = request(url, context, headers=headers)
    gateway = _gateway_hop(response)
    if gateway.state is State.FAILED:
        hops = [gateway]
    else:
        in_queue = Hop(
            name="queue",
            state=State.REACHED,
            seconds=response.seconds,
            detail="the gateway answers 200 only once the queue has the message",
        )
        with context.screen.progress("following the event") as advance:
            following = Following(context, event, request_id=response.request_id, sent_at=sent_at)
            behind = following.hops(options.wait, advance)
            hops = [gateway, *following.authorizer(has_token=bool(headers)), in_queue, *behind]
    _show(context.screen, event, response.request_id, hops)
    return DONE if journey.arrived(hops) else FAILED


def _headers(file: str | None, outputs: str | None) -> Mapping[str, str]:
    if file is None:
        return {}
    token = token_file.read(file, option="--token-file", outputs=outputs).removeprefix("Bearer ")
    if not re.fullmatch("[!-~]+", token):
        raise UsageError("--token-file must hold one token and nothing else: name such a text file")
    return {"Authorization": f"Bearer {token}"}


def _gateway_hop(response: EventResponse) -> Hop:
    is_queued = response.status == 200
    said = "" if is_queued else f": {' '.join(response.body.split())[:_SHOWN_BODY]}"
    return Hop(
        name="gateway",
        state=State.REACHED if is_queued else State.FAILED,
        seconds=response.seconds,
        detail=f"status {response.status}{said}",
    )


def _show(screen: Screen, event: TestEvent, request_id: str, hops: list[Hop]) -> None:
    result = {
        "endpoint_id": event.endpoint_id,
        "event_id": event.event_id,
        "request_id": request_id,
        "hops": [asdict(hop) for hop in hops],
    }

    def show() -> None:
        screen.line(f"{event.event} of {event.endpoint_id}, event_id {event.event_id}, request {request_id}")
        screen.table(
            ["hop", "state", ">after", "how it is known"],
            [
                [hop.name, hop.state, "" if hop.seconds is None else f"{hop.seconds:.1f} s", hop.detail]
                for hop in hops
            ],
        )

    screen.result(result, show)


COMMAND = Command(
    name="send",
    summary="send a test event and follow it: A REAL EVENT, which creates or updates a profile",
    run=_run,
    add_arguments=_add_arguments,
    changes=True,
)
