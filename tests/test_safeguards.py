"""A key of the account's own and a permissions boundary, on every resource that can have them."""

from typing import Any

import pytest

from tests.recording import Recording
from tests.test_program import EVERYTHING, SAFEGUARDS, recorded

KEY = SAFEGUARDS["kmsKeyArn"]

POLICIES = {
    "gtm-pixel-api-send-message": ("sqs", None),
    "gtm-pixel-processor-policy": ("sqs", None),
    "gtm-pixel-authorizer-policy": (None, None),
    "gtm-pixel-processor-firehose-policy": ("s3", "gtm-pixel-processor-firehose-bucket"),
}
"""Each role's policy: the service through which it uses the key, and the bucket that it uses it for."""


@pytest.fixture(scope="module")
def guarded() -> Recording:
    return recorded("prod", **EVERYTHING)


@pytest.fixture(scope="module")
def plain() -> Recording:
    return recorded("prod", **{**EVERYTHING, "kmsKeyArn": "", "permissionsBoundaryArn": ""})


def of_type(recording: Recording, type_: str) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in recording.resources if one.type == type_}


def test_every_role_has_the_boundary(guarded: Recording, plain: Recording) -> None:
    roles, without = (of_type(run, "aws:iam/role:Role") for run in (guarded, plain))

    assert {inputs["permissionsBoundary"] for inputs in roles.values()} == {
        SAFEGUARDS["permissionsBoundaryArn"]
    }
    assert [inputs for inputs in without.values() if "permissionsBoundary" in inputs] == []


def test_every_queue_and_log_group_is_encrypted_with_the_key(guarded: Recording) -> None:
    queues = of_type(guarded, "aws:sqs/queue:Queue").values()
    log_groups = of_type(guarded, "aws:cloudwatch/logGroup:LogGroup")

    assert {(queue["kmsMasterKeyId"], "sqsManagedSseEnabled" in queue) for queue in queues} == {(KEY, False)}
    assert {group["kmsKeyId"] for group in log_groups.values()} == {KEY}
    assert len(log_groups) >= 4


def test_the_bucket_and_the_stream_are_encrypted_with_the_key(guarded: Recording) -> None:
    assert guarded["gtm-pixel-processor-firehose-bucket-encryption"].inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
            "bucketKeyEnabled": True,
        }
    ]
    assert guarded["gtm-pixel-processor-firehose"].inputs["serverSideEncryption"] == {
        "enabled": True,
        "keyType": "CUSTOMER_MANAGED_CMK",
        "keyArn": KEY,
    }


@pytest.mark.parametrize("policy", POLICIES)
def test_a_role_may_use_the_key_through_the_service_that_it_calls_and_no_other(
    guarded: Recording, plain: Recording, policy: str
) -> None:
    service, bucket = POLICIES[policy]
    before, after = (run[policy].policy()["Statement"] for run in (plain, guarded))
    added = [statement for statement in after if statement not in before]

    condition: dict[str, Any] = {"StringEquals": {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}}
    if bucket is not None:
        arn = f"arn:aws:s3:eu-central-1:123456789012:{bucket}-1a2b3c4"
        condition["StringLike"] = {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]}
    statement = {
        "Sid": f"UseKeyThrough{(service or '').title()}",
        "Effect": "Allow",
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": [KEY],
        "Condition": condition,
    }
    assert added == ([] if service is None else [statement])
    assert [one for one in before if one not in after] == []


def test_every_role_is_in_this_table(guarded: Recording) -> None:
    assert set(of_type(guarded, "aws:iam/rolePolicy:RolePolicy")) == set(POLICIES)
