"""What of a customer no command deletes, by destination."""

from typing import Any, cast

import pytest

from ops.aws import Aws, CallError
from ops.remains import remains
from tests.ops.examples import Account, stack

KEPT = {"Attributes": {"MessageRetentionPeriod": "1209600"}}


def until(destination: str, *, outputs: dict[str, str] | None = None, **responses: Any) -> dict[str, str]:
    deployed = stack(destinations=[destination], **(outputs or {}))
    found = remains(cast(Aws, Account(get_queue_attributes=KEPT, **responses)), deployed)
    return {one.place: one.until for one in found if "queue" not in one.place}


@pytest.mark.parametrize(("days", "said"), [(30, "30 d after each was sent"), (0, "the archive is deleted")])
def test_an_archive_says_its_days(days: int, said: str) -> None:
    found = until(
        "eventbridge",
        outputs={"eventbridge_bus": "bus", "eventbridge_archive": "archive-1"},
        describe_archive={"RetentionDays": days},
    )

    assert found["archive archive-1"] == said
    assert found["targets of the rules of bus"] == "their owners delete it"


def test_a_bucket_without_a_rule_keeps_files_until_somebody_deletes_them() -> None:
    error = CallError("no rules", code="NoSuchLifecycleConfiguration")
    found = until("firehose", outputs={"event_bucket": "b"}, get_bucket_lifecycle_configuration=error)

    assert found == {"bucket b": "somebody deletes the files"}


def test_the_dead_letter_queue_of_a_domain_that_the_stack_made_keeps_objects() -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/domain-1a2b3c4"
    deployed = stack(destinations=["customer-profiles"], customer_profiles_dead_letter_queue_url=url)

    found = remains(cast(Aws, Account(get_queue_attributes=KEPT)), deployed)

    assert ("the domain's dead-letter queue domain-1a2b3c4", "at most 14 d") in {
        (one.place, one.until) for one in found
    }


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"Filter": {}}, "30 d after each file was written"),
        ({"Filter": {"Prefix": ""}}, "30 d after each file was written"),
        ({"Filter": {"Prefix": "events/"}}, "30 d after each file was written"),
        ({"Prefix": "events/"}, "30 d after each file was written"),
        ({"Filter": {"Prefix": "errors/"}}, "somebody deletes the files"),
        ({"Filter": {"Tag": {"Key": "a", "Value": "b"}}}, "somebody deletes the files"),
        ({"Filter": {}, "Status": "Disabled"}, "somebody deletes the files"),
        ({"Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}, "somebody deletes the files"),
    ],
)
def test_only_a_rule_that_deletes_events_counts(rule: dict[str, Any], said: str) -> None:
    rules = {"Rules": [{"Status": "Enabled", "Expiration": {"Days": 30}, **rule}]}

    found = until("firehose", outputs={"event_bucket": "b"}, get_bucket_lifecycle_configuration=rules)

    assert found["bucket b"] == said


def test_an_endpoint_in_pinpoint_stays_until_it_is_deleted_there() -> None:
    assert "DeleteEndpoint" in until("pinpoint")["Amazon Pinpoint"]


def test_the_target_of_a_stream_of_ones_own_has_an_owner() -> None:
    assert until("firehose") == {"the target of your delivery stream": "its owner deletes them"}
