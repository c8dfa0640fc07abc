"""The function's environment, and its errors of one line."""

import pytest

from contract.missing_values import IgnoredIds
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from handler.environment import Environment, read_environment
from handler.update_policy import UpdatePolicy
from handler.variables import InvalidEnvironmentError

COMPLETE = {
    "DESTINATIONS": "customer-profiles, firehose",
    "AUTH_MODE": "authenticated",
    "PROFILE_UPDATES": "allowlist",
    "PROFILE_ATTRIBUTES": '["plan", "city"]',
    "TIMESTAMP_SOURCE": "url",
    "IGNORED_ENDPOINT_IDS": '["Guest"]',
    "QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/events",
    "RETRY_HOURS": "6",
    "MAX_RECEIVE_COUNT": "5",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/dead",
    "POWERTOOLS_SERVICE_NAME": "gtm-pixel",
    "POWERTOOLS_METRICS_NAMESPACE": "GtmPixel",
}


def test_a_complete_environment_is_read() -> None:
    assert read_environment(COMPLETE) == Environment(
        destinations=("customer-profiles", "firehose"),
        update_policy=UpdatePolicy(
            auth_mode=AuthMode.AUTHENTICATED,
            profile_updates=ProfileUpdates.ALLOWLIST,
            allowed_names=frozenset({"plan", "city"}),
        ),
        timestamp_source=TimestampSource.URL,
        ignored_endpoint_ids=IgnoredIds.of(["guest"]),
        queue_url="https://sqs.eu-west-1.amazonaws.com/1/events",
        retry_hours=6,
        max_receive_count=5,
        dead_letter_queue_url="https://sqs.eu-west-1.amazonaws.com/1/dead",
        service="gtm-pixel",
        metrics_namespace="GtmPixel",
    )


def test_a_destination_that_is_named_twice_is_one() -> None:
    assert read_environment({**COMPLETE, "DESTINATIONS": "firehose, firehose"}).destinations == ("firehose",)


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_variable_is_named_in_one_line(name: str) -> None:
    without = {key: value for key, value in COMPLETE.items() if key != name}
    with pytest.raises(InvalidEnvironmentError) as caught:
        read_environment(without)
    assert str(caught.value) == f"{name} is not set; it must not be empty: run `pulumi up` to set it again"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("AUTH_MODE", "opne", "one of open, authenticated"),
        ("PROFILE_UPDATES", "some", "one of none, allowlist, all"),
        ("TIMESTAMP_SOURCE", "sundial", "one of gateway, url"),
        ("PROFILE_ATTRIBUTES", "plan,city", "a JSON array of strings"),
        ("PROFILE_ATTRIBUTES", '{"plan": 1}', "a JSON array of strings"),
        ("PROFILE_ATTRIBUTES", '["plan", 1]', "a JSON array of strings"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value_and_the_rule(name: str, value: str, rule: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        read_environment({**COMPLETE, name: value})
    expected = f"{name} holds {value!r}; it must be {rule}: run `pulumi up` to set it again"
    assert str(caught.value) == expected
