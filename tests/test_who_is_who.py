"""Which endpoint an event belongs to, and which messages are one event, in every destination."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from urllib.parse import urlencode

import pytest

from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import RecordedEvent
from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.missing_values import WITHOUT_IDENTITY
from tests.patience import PATIENCE_SECONDS, eventually
from tests.pinpoint_ids import in_pinpoint
from tests.runs import (
    AT_ONCE,
    TO_PROFILES,
    Runs,
    attributes_of,
    events_of,
    new_endpoint,
    send,
    the_event_of,
)
from tests.token_issuer import TokenIssuer

EVERYWHERE = (
    *TO_PROFILES,
    "destinations=pinpoint,customer-profiles,firehose",
    "profileUpdates=all",
    "ignoredEndpointIds=guest,anonymous",
    *AT_ONCE,
)
DESTINATIONS = ("pinpoint", "customer-profiles", "firehose")
REQUIRED = {"event": "purchase", "endpoint_id": "e1"}

# Parameters that name no endpoint or no event, and the reason that counts them.
NOBODY: list[tuple[Mapping[str, str], str]] = [
    *(({"endpoint_id": text}, "endpoint_id_missing") for text in WITHOUT_IDENTITY),
    *(({"event": text}, "event_missing") for text in WITHOUT_IDENTITY),
    *(({"endpoint_id": text}, "endpoint_id_ignored") for text in ("guest", " GUEST ", "Anonymous\u200b")),
    *(({name: "x" * 256}, f"{name}_too_long") for name in ("event", "endpoint_id", "event_id")),
    *(({name: "🎉" * 128}, f"{name}_too_long") for name in ("event", "endpoint_id", "event_id")),
]


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared(*EVERYWHERE)


def test_messages_without_an_endpoint_create_no_event_profile_or_dead_letter(runs: Runs) -> None:
    run = runs.fresh(*EVERYWHERE, "batchSize=500", "batchWindowSeconds=1")
    # A sample through the API, which refuses blank values; all of them directly into the queue.
    sampled = NOBODY[::10]
    statuses = [send(run, **{**REQUIRED, **parameters}).status for parameters, _ in sampled]
    expected = Counter(reason for (_, reason), status in zip(sampled, statuses, strict=True) if status == 200)
    expected.update(reason for _, reason in NOBODY)
    queue(run, (urlencode({**REQUIRED, **parameters}) for parameters, _ in NOBODY))

    assert run.recorder.wait_for(expected.total(), timeout=PATIENCE_SECONDS)

    assert set(statuses) <= {200, 400}
    assert statuses.count(200) > len(sampled) / 2
    assert Counter(message.reason for message in run.recorder.rejected()) == expected
    assert run.recorder.events() == []
    assert run.fake(CustomerProfilesFake).profiles == []
    assert run.queues.dead_letters() == []


def test_a_purchase_and_its_refund_are_two_events_everywhere(run: LocalRun) -> None:
    endpoint_id, order = new_endpoint(), f"T-{new_endpoint()}"

    for event in ("purchase", "refund"):
        assert send(run, event=event, endpoint_id=endpoint_id, event_id=order).status == 200

    for destination in DESTINATIONS:
        events = eventually(both(run, endpoint_id, destination))
        assert sorted(event.event for event in events) == ["purchase", "refund"]
    assert len(run.fake(CustomerProfilesFake).objects(endpoint_id)) == 2


@pytest.mark.parametrize("event_id", ["#4711/2 & more", "é 🎉 %41", "x" * 255, '"quoted" {{'])
def test_an_event_id_is_any_string_and_is_kept_as_sent(run: LocalRun, event_id: str) -> None:
    endpoint_id = new_endpoint()

    send(run, event="purchase", endpoint_id=endpoint_id, event_id=event_id)

    the_event_of(run, endpoint_id)
    kept = {name: events_of(run, endpoint_id, name)[0].event_id for name in DESTINATIONS}
    assert kept == {
        "pinpoint": in_pinpoint(event_id, endpoint_id=endpoint_id),
        "customer-profiles": event_id,
        "firehose": event_id,
    }


def test_names_that_were_escaped_as_html_are_read(run: LocalRun) -> None:
    endpoint_id = new_endpoint()
    escaped = {"amp;event": "purchase", "amp;evat_item": "book", "amp;amp;evmt_value": "9.5"}

    assert send(run, event="purchase", endpoint_id=endpoint_id, **escaped).status == 200

    event = the_event_of(run, endpoint_id)
    assert (event.attributes, event.metrics) == ({"item": "book"}, {"value": 9.5})


def test_event_and_endpoint_id_are_required_by_name(run: LocalRun) -> None:
    assert send(run, **{"event": "purchase", "amp;endpoint_id": "e1"}).status == 400


def test_a_list_of_objects_is_left_out(run: LocalRun) -> None:
    endpoint_id = new_endpoint()

    items = "[object Object],[object Object]"
    send(run, event="purchase", endpoint_id=endpoint_id, evat_items=items, usat_plan=items, evat_kept="0")

    event = the_event_of(run, endpoint_id)
    assert (event.attributes, event.user_attributes) == ({"kept": "0"}, {})


@pytest.mark.parametrize("first", ["forged", "genuine"])
def test_an_unproven_event_does_not_replace_the_same_event_with_proof(
    runs: Runs, issuer: TokenIssuer, first: str
) -> None:
    """Someone who guesses an order number adds another event, but changes none."""
    run = runs.shared(
        *("authMode=authenticated", f"oidcIssuer={issuer.url}", "oidcAudiences=site", *TO_PROFILES),
        *("destinations=customer-profiles,firehose", *AT_ONCE),
    )
    endpoint_id, order = new_endpoint(), f"T-{new_endpoint()}"
    customer = Forger(signer=issuer.signers[0], issuer=issuer.url, audience="site", endpoint_id=endpoint_id)
    senders = {
        "forged": {"evmt_value": "0", "usat_plan": "free"},
        "genuine": {"evmt_value": "99", "usat_plan": "gold", "token": customer.token()},
    }

    for name in sorted(senders, key=lambda name: name != first):
        send(run, event="purchase", endpoint_id=endpoint_id, event_id=order, **senders[name])

    for destination in ("customer-profiles", "firehose"):
        events = eventually(both(run, endpoint_id, destination))
        assert sorted(event.metrics["value"] for event in events) == [0.0, 99.0]
        assert len({event.event_key for event in events}) == 2
    assert attributes_of(run, endpoint_id) == {"plan": "gold"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


def both(run: LocalRun, endpoint_id: str, destination: str) -> Callable[[], list[RecordedEvent] | None]:
    """A condition: the endpoint's events in one destination, once there are two."""

    def events() -> list[RecordedEvent] | None:
        found = events_of(run, endpoint_id, destination)
        return found if len(found) == 2 else None

    return events


def queue(run: LocalRun, bodies: Iterator[str]) -> None:
    """Send messages directly to the queue."""
    while entries := [{"Id": str(n), "MessageBody": body} for n, body in enumerate(islice(bodies, 10))]:
        run.cloud.client("sqs").send_message_batch(QueueUrl=run.outputs["queue_url"], Entries=entries)
