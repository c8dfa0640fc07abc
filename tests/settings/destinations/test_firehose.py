"""Settings of Amazon Data Firehose."""

from typing import Any

import botocore.session
import pytest

from components.destinations.firehose import FirehoseArgs, FirehoseStreamArgs
from tests.settings.stacks import APPLICATION_ID, FIREHOSE, load, problems


def test_it_is_a_new_stream_and_bucket_unless_it_says_otherwise() -> None:
    assert load(**FIREHOSE, logRetentionDays=7).destinations == (
        FirehoseArgs(
            stream=FirehoseStreamArgs(buffer_seconds=300, retention_days=395, log_retention_days=7),
            app_id="gtm-pixel-test",
        ),
    )


def test_it_may_be_a_stream_that_exists_with_the_application_that_queries_know() -> None:
    loaded = load(**FIREHOSE, firehoseStream="events.v1", firehoseAppId=APPLICATION_ID)

    assert loaded.destinations == (FirehoseArgs(stream="events.v1", app_id=APPLICATION_ID),)


def test_a_stack_with_a_long_name_names_its_application() -> None:
    name = "s" * 119
    assert problems(stack=name, **FIREHOSE) == [
        f"firehoseAppId: it is not set, and the stack's name 'gtm-pixel-{name}' is not 1 to 128 letters, "
        "digits, "
        ". _ and -. Set it, or rename the stack."
    ]
    assert problems(stack=name, **FIREHOSE, firehoseAppId="events") == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        *(
            (
                {"firehoseStream": "events", key: 60},
                f"{key}: 60 has no effect on the existing stream 'events'. "
                f"Set it where that stream is managed, and run: pulumi config rm-all {key}",
            )
            for key in ("firehoseBufferSeconds", "firehoseRetentionDays")
        ),
        (
            {"firehoseStream": "a/b"},
            "firehoseStream: 'a/b' is not the name of a stream: 1 to 64 letters, digits, _ . and -. "
            "Set the name that Amazon Data Firehose shows, or nothing for a new stream.",
        ),
        *(
            (
                {"firehoseAppId": app_id},
                f"firehoseAppId: {app_id!r} is not 1 to 128 letters, digits, . _ and -. Set what your "
                "queries "
                "filter application.app_id by, or nothing for the stack's name.",
            )
            for app_id in ("a b", '"', "\u00e9")
        ),
        (
            {"firehoseBufferSeconds": 901},
            "firehoseBufferSeconds: 901 is out of range. Set a whole number from 0 to 900.",
        ),
        (
            {"firehoseRetentionDays": 0},
            "firehoseRetentionDays: 0 is out of range. Set a whole number from 1 to 3650.",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**FIREHOSE | changes) == [line]


def test_names_of_streams_are_those_of_the_services_model() -> None:
    model = botocore.session.get_session().get_service_model("firehose")

    assert model.shape_for("DeliveryStreamName").metadata == {
        "min": 1,
        "max": 64,
        "pattern": "[a-zA-Z0-9_.-]+",
    }
