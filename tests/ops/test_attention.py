"""What in a status needs a person."""

from dataclasses import replace
from typing import Any

import pytest

from ops.attention import attention
from ops.dead_letters import ReasonCount
from ops.queues import Depth
from ops.status_report import AlarmState, Status

EMPTY = Depth(waiting=0, in_flight=0, delayed=0)

FINE = Status(
    stack="gtm-pixel-live",
    region="eu-central-1",
    auth_mode="authenticated",
    destinations=("firehose",),
    minutes=60,
    event_source="Enabled",
    requests={"Count": 100.0, "4XXError": 5.0, "5XXError": 0.0},
    functions={"processor": {"Errors": 0.0, "Throttles": 0.0}, "authorizer": {"Errors": None}},
    outcomes={"Received": 100.0, "Rejected": 5.0, "LeftInQueue": 0.0},
    parts={"Retried": {"firehose": 2.0}},
    tokens={"TokensVerified": 10.0, "TokensInvalid": 1.0, "RequestsWithoutToken": 89.0},
    queue=EMPTY,
    oldest_seconds=3.0,
    invocations_lately=8.0,
    dead_letters=EMPTY,
    dead_letter_reasons=[],
    domain_dead_letters=EMPTY,
    domain=None,
    alarms=[AlarmState(name="a", state="OK", description="")],
    deployed=[],
    dashboard_url=None,
)

LETTER = ReasonCount(reason="firehose_400", pending="firehose", codes=(), count=2, oldest_at=0, newest_at=0)


def test_a_stack_that_works_needs_nobody() -> None:
    assert attention(FINE) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"alarms": [AlarmState(name="a-1", state="ALARM", description="It is bad.")]},
            "alarm a-1: It is bad.",
        ),
        (
            {"event_source": "Disabled", "queue": Depth(waiting=4, in_flight=0, delayed=1)},
            "the event source is Disabled: 5 messages wait. python -m ops resume",
        ),
        (
            {"event_source": "Updating", "queue": Depth(waiting=4, in_flight=0, delayed=0)},
            "the event source is Updating: 4 messages wait. AWS is changing it: look again in a minute",
        ),
        ({"requests": {"Count": None}}, "no requests in 60 minutes"),
        (
            {"requests": {"Count": 9.0, "5XXError": 2.0}},
            "2 requests were answered with 5XX: those events are lost. python -m ops send",
        ),
        ({"functions": {"processor": {"Errors": 3.0}}}, "the processor failed 3 times."),
        (
            {"functions": {"authorizer": {"Throttles": 1.0}}},
            "the authorizer was throttled 1 time. Each is a lost",
        ),
        (
            {"oldest_seconds": 720.0},
            "the oldest message waits for 12 min: the function does not keep up. docs/operations.md",
        ),
        (
            {"oldest_seconds": 720.0, "invocations_lately": None},
            "the oldest message waits for 12 min: nothing reads the queue. docs/operations.md",
        ),
        # A single batch may take longer than the minutes in which nothing was invoked.
        (
            {
                "oldest_seconds": 720.0,
                "invocations_lately": None,
                "queue": Depth(waiting=4, in_flight=2, delayed=0),
            },
            "the oldest message waits for 12 min: the function does not keep up. docs/operations.md",
        ),
        (
            {"oldest_seconds": 720.0, "event_source": "Disabled"},
            "the event source is Disabled",
        ),
        ({"outcomes": {"LeftInQueue": 1.0}}, "1 message was taken by neither queue"),
        (
            {"dead_letters": Depth(waiting=2, in_flight=0, delayed=0), "dead_letter_reasons": [LETTER]},
            "dead letters: 2 (firehose_400). python -m ops dead-letters",
        ),
        (
            {"domain_dead_letters": Depth(waiting=3, in_flight=0, delayed=0)},
            "the domain could not process 3 objects",
        ),
        (
            {
                "parts": {
                    "Retried": {"firehose": 80.0, "firehose, firehose_503": 80.0},
                    "Recorded": {"firehose": 300.0},
                }
            },
            "80 retries in firehose, firehose_503",
        ),
        ({"queue": Depth(waiting=0, in_flight=0, delayed=5)}, "5 retries wait: a destination takes little"),
        (
            {
                "queue": Depth(waiting=0, in_flight=0, delayed=1),
                "outcomes": {"Received": 100.0, "RetryAttempt": 9.0},
            },
            "events are at retry 9",
        ),
        (
            {"functions": {"processor": {"Invocations": 100.0, "Throttles": 40.0}}},
            "the processor was throttled 40 times. python",
        ),
        (
            {
                "outcomes": {"Received": 50.0, "Rejected": 30.0},
                "parts": {"Rejected": {"endpoint_id_missing": 30.0}},
            },
            "60% of messages are rejected, most for endpoint_id_missing",
        ),
        ({"tokens": {"TokensVerified": None, "TokensInvalid": 40.0}}, "no token was valid"),
        (
            {"tokens": {"TokensVerified": 1.0, "KeyFetchesFailed": 3.0}},
            "the issuer did not give its keys 3 times; cached ones serve for 24 hours.",
        ),
        (
            {
                "tokens": {"TokensVerified": 1.0, "KeyFetchesFailed": 3.0},
                "parts": {"TokensInvalid": {"expired": 9.0, "keys_unavailable": 2.0}},
            },
            "2 tokens were turned away, because the issuer did not give its keys.",
        ),
    ],
)
def test_what_needs_a_person_is_said_in_one_line(changes: dict[str, Any], said: str) -> None:
    (line,) = attention(replace(FINE, **changes))

    assert line.startswith(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"outcomes": {"Received": 2.0, "Rejected": 2.0}},
        {"outcomes": {"Received": 100.0, "Rejected": 45.0}},
        {"requests": {"Count": 100_000.0, "5XXError": 60.0}},
        {"functions": {"processor": {"Invocations": 600.0, "Throttles": 12.0}}},
        {
            "parts": {
                "Retried": {"firehose": 9.0, "firehose, firehose_503": 9.0},
                "Recorded": {"firehose": 600.0},
            }
        },
        # Retries of an hour ago that were recorded since.
        {"outcomes": {"Received": 100.0, "RetryAttempt": 9.0}},
        {"requests": {"Count": 1_200.0}, "queue": Depth(waiting=0, in_flight=0, delayed=40)},
        {"requests": {"Count": 300.0}, "tokens": {"TokensVerified": None, "RequestsWithoutToken": 300.0}},
        {"requests": {"Count": 9.0}, "tokens": {"TokensVerified": None, "TokensInvalid": 9.0}},
        {"tokens": {"TokensVerified": 10.0, "KeyFetchesFailed": 2.0}},
    ],
)
def test_what_every_stack_has_now_and_then_needs_nobody(changes: dict[str, Any]) -> None:
    assert attention(replace(FINE, **changes)) == []
