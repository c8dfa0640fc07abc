"""A test event, and what is known of it at each hop."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ops import journey, logs
from ops.journey import Hop, State, TestEvent
from ops.logs import LogLine

SENT_AT = 1000.0


def line(message: str, *, at: float = SENT_AT + 2, **fields: Any) -> LogLine:
    text = json.dumps({"level": "INFO", "message": message, **fields})
    return logs.read({"timestamp": at * 1000, "message": f"{text}\n"}, "processor")


def event(**parts: dict[str, str]) -> TestEvent:
    given = {"attributes": {}, "metrics": {}, "user_attributes": {}, **parts}
    return TestEvent(event="gtm_pixel_test", endpoint_id="e 1", event_id="t-1", **given)


def test_the_url_begins_with_the_endpoint_and_says_that_it_is_a_test() -> None:
    url = event(attributes={"colour": "ü"}, metrics={"value": "1"}, user_attributes={"plan": "gold"}).url(
        "https://x/v1/events"
    )

    assert url.startswith(
        "https://x/v1/events?endpoint_id=e%201&event=gtm_pixel_test&event_id=t-1&evat_test=true"
    )
    assert parse_qsl(urlsplit(url).query)[4:] == [
        ("evat_colour", "ü"),
        ("evmt_value", "1"),
        ("usat_plan", "gold"),
    ]


def test_the_authorizer_is_known_by_its_complaint_about_the_token() -> None:
    lines = [line("token invalid", reason="expired", request_id="mine", at=SENT_AT + 1)]

    def hop(request_id: str, *, has_token: bool) -> Hop:
        return journey.authorizer_hop(lines, request_id, has_token=has_token, sent_at=SENT_AT)

    assert hop("mine", has_token=True) == Hop(
        name="authorizer",
        state=State.FAILED,
        seconds=1.0,
        detail="token invalid: expired; the event updates no profile",
    )
    assert hop("other", has_token=True).state is State.COUNTED
    assert hop("other", has_token=False).detail.startswith("no token was sent")


def test_a_line_with_the_request_id_says_why_an_event_was_not_recorded() -> None:
    says = journey.function_says(
        [
            line("message rejected", reason="event_missing", request_id="other"),
            line("message dead-lettered", reason="firehose_400", request_id="mine", at=SENT_AT + 5),
        ],
        "mine",
    )

    assert journey.function_hop(says, sent_at=SENT_AT) == Hop(
        name="function", state=State.FAILED, seconds=5.0, detail="dead-lettered: firehose_400"
    )


def test_without_such_a_line_the_function_is_known_to_have_processed_a_batch() -> None:
    says = journey.function_says([line("batch processed", recorded_in={"firehose": 2})], "mine")

    hop = journey.function_hop(says, sent_at=SENT_AT)
    assert (hop.state, hop.seconds) == (State.COUNTED, 2.0)
    assert says.recorded == {"firehose": 2}


def test_counts_of_several_batches_are_added() -> None:
    batches = [line("batch processed", recorded_in={"firehose": n, "pinpoint": 1}) for n in (1, 2)]

    assert journey.function_says(batches, "mine").recorded == {"firehose": 3, "pinpoint": 2}


def test_a_function_that_says_nothing_was_not_seen() -> None:
    assert journey.function_hop(journey.function_says([], "mine"), sent_at=SENT_AT).state is State.NOT_SEEN


def test_a_destination_that_cannot_be_read_has_only_the_functions_count() -> None:
    says = journey.function_says([line("batch processed", recorded_in={"eventbridge": 1})], "mine")

    hop = journey.destination_hop("eventbridge", says, None, can_be_read=False)
    assert (hop.state, hop.seconds) == (State.COUNTED, None)
    assert hop.detail == "the function recorded 1 since; it cannot be read there"


def test_a_destination_without_the_event_says_what_was_retried() -> None:
    says = journey.function_says(
        [line("events retried", destination="firehose", reasons={"firehose_503": 3}, events=3)], "mine"
    )

    hop = journey.destination_hop("firehose", says, None, can_be_read=True)
    assert (hop.state, hop.detail) == (State.NOT_SEEN, "not recorded yet; retried since: firehose_503")


def test_an_event_has_arrived_once_no_hop_lacks_it() -> None:
    hops = {state: Hop(name="x", state=state, seconds=None, detail="") for state in State}

    assert journey.arrived([hops[State.REACHED], hops[State.COUNTED]])
    assert not journey.arrived([hops[State.REACHED], hops[State.NOT_SEEN]])
    assert not journey.arrived([hops[State.FAILED]])
