"""Limits against the services' own API models."""

from typing import Any

import botocore.session
import pytest

from contract import customer_profiles, firehose


def limit(service: str, shape: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    return model.shape_for(shape).metadata


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        ("BatchPutProfileObjectRequestItemList", customer_profiles.OBJECTS_IN_REQUEST),
        ("stringifiedJson", customer_profiles.OBJECT_CHARACTERS),
        ("EventTriggerDimensions", customer_profiles.DIMENSIONS),
        ("expirationDaysInteger", customer_profiles.EXPIRATION_DAYS),
        ("name", customer_profiles.TRIGGER_NAME_CHARACTERS),
        ("EventTriggerValues", customer_profiles.TRIGGER_VALUES),
        ("string1To255", customer_profiles.TRIGGER_VALUE_CHARACTERS),
        ("maxSize1000", customer_profiles.TRIGGER_INVOCATIONS_PER_DAY),
    ],
)
def test_limits_of_customer_profiles_are_those_of_its_model(shape: str, most: int) -> None:
    assert limit("customer-profiles", shape)["max"] == most


def test_limits_of_firehose_are_those_of_its_model() -> None:
    assert limit("firehose", "PutRecordBatchRequestEntryList")["max"] == firehose.RECORDS_IN_REQUEST
    assert limit("firehose", "Data")["max"] == firehose.RECORD_BYTES
    assert limit("firehose", "IntervalInSeconds")["max"] == firehose.LONGEST_BUFFER_SECONDS
