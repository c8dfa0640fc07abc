"""What Customer Profiles registers, and what the event processor gets for it."""

import json
from dataclasses import replace
from typing import Any

import botocore.session
import pulumi
import pulumi_aws as aws
import pytest

from components.destinations.customer_profiles import CustomerProfiles, CustomerProfilesArgs
from components.location import Location
from components.profile_template import template_body
from components.safeguards import Safeguards
from contract.customer_profiles import CLOUDFORMATION_REGIONS
from tests.components.destinations.provisioning import provisioned
from tests.profile_templates import MINIMAL
from tests.recording import Recording, record
from tests.test_program import recorded

ARGS = replace(MINIMAL, new_domain=True)
LOCATION = Location(partition="aws", region="eu-west-1", account_id="123456789012")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(lambda: CustomerProfiles("profiles", ARGS, location=LOCATION))


def test_it_is_one_cloudformation_stack_and_the_queue_of_a_new_domain(recording: Recording) -> None:
    assert recording.names() == {
        "profiles": "aws:cloudformation/stack:Stack",
        "profiles-dead-letter": "aws:sqs/queue:Queue",
        "profiles-dead-letter-policy": "aws:sqs/queuePolicy:QueuePolicy",
    }


def test_every_resource_belongs_to_the_component(recording: Recording) -> None:
    assert {resource.parent for resource in recording.resources[1:]} == {"profiles"}


def test_it_deploys_the_template_and_has_no_fixed_name(recording: Recording) -> None:
    inputs = recording["profiles"].inputs

    assert (inputs["templateBody"], "name" in inputs) == (template_body(ARGS), False)


def test_a_stack_whose_creation_fails_is_deleted(recording: Recording) -> None:
    """CloudFormation cannot update a stack in ROLLBACK_COMPLETE."""
    assert recording["profiles"].inputs["onFailure"] == "DELETE"


class TestTheDeadLetterQueueOfANewDomain:
    def test_the_domain_gets_its_url_once_it_may_send_to_it(self, recording: Recording) -> None:
        stack = recording["profiles"]
        domain = json.loads(stack.inputs["templateBody"])["Resources"]["Domain"]["Properties"]

        assert domain["DeadLetterQueueUrl"] == {"Ref": "DomainDeadLetterQueueUrl"}
        assert stack.inputs["parameters"] == {
            "DomainDeadLetterQueueUrl": "https://sqs.eu-west-1.test/123456789012/profiles-dead-letter-1a2b3c4"
        }
        assert "profiles-dead-letter-policy" in stack.depends_on

    def test_only_this_domain_may_send_to_it(self, recording: Recording) -> None:
        """Amazon Connect administrator guide, "Cross-service confused deputy prevention"."""
        allowed, denied = recording["profiles-dead-letter-policy"].policy()["Statement"]

        assert allowed == {
            "Sid": "SendDeadLettersOfTheDomain",
            "Effect": "Allow",
            "Principal": {"Service": "profile.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-west-1:123456789012:profiles-dead-letter-1a2b3c4",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": "123456789012",
                    "aws:SourceArn": "arn:aws:profile:eu-west-1:123456789012:domains/amazon-connect-example",
                }
            },
        }
        assert (denied["Effect"], denied["Sid"]) == ("Deny", "DenyInsecureTransport")

    @pytest.mark.parametrize(
        ("key_arn", "encryption"),
        [
            (None, {"sqsManagedSseEnabled": True}),
            ("arn:of:the:key", {"kmsMasterKeyId": "arn:of:the:key"}),
        ],
    )
    def test_it_keeps_messages_for_14_days_encrypted(
        self, key_arn: str | None, encryption: dict[str, Any]
    ) -> None:
        safeguards = Safeguards(kms_key_arn=key_arn)
        recording = record(
            lambda: CustomerProfiles("profiles", ARGS, location=LOCATION, safeguards=safeguards)
        )

        assert recording["profiles-dead-letter"].inputs == {
            "messageRetentionSeconds": 14 * 24 * 60 * 60,
            **encryption,
        }

    def test_an_alarm_watches_it(self) -> None:
        stack = recorded("dev", alarms=True, alarmEmail="on-call@example.com")
        queue = stack["gtm-pixel-processor-customer-profiles-dead-letter"]

        alarm = stack["gtm-pixel-monitoring-domain-dead-letters"].inputs
        assert alarm["dimensions"] == {"QueueName": f"{queue.name}-1a2b3c4"}

    def test_without_new_profiles_it_holds_unknown_customers_and_has_no_alarm(self) -> None:
        stack = recorded("dev", alarms=True, alarmEmail="on-call@example.com", customerProfilesCreate=False)

        assert "gtm-pixel-processor-customer-profiles-dead-letter" in stack.names()
        assert "gtm-pixel-monitoring-domain-dead-letters" not in stack.names()

    def test_it_stays_with_the_domain_when_the_stack_is_destroyed(self, recording: Recording) -> None:
        assert {one.name for one in recording.resources if one.retained} == {
            "profiles-dead-letter",
            "profiles-dead-letter-policy",
        }


def test_its_outputs_are_the_names_although_the_template_has_no_outputs() -> None:
    def program() -> None:
        profiles = CustomerProfiles("profiles", ARGS, location=LOCATION)
        pulumi.export("domain", profiles.domain_name)
        pulumi.export("types", [profiles.object_type_name, profiles.endpoints_type_name])

    assert "Outputs" not in json.loads(template_body(ARGS))
    assert record(program).outputs == {
        "domain": "amazon-connect-example",
        "types": ["gtm-pixel-test", "gtm-pixel-test-endpoints"],
    }


@pytest.mark.parametrize("output", ["domain_name", "object_type_name", "endpoints_type_name"])
def test_a_resource_that_uses_an_output_waits_for_the_stack(output: str) -> None:
    def program() -> None:
        profiles = CustomerProfiles("profiles", ARGS, location=LOCATION)
        aws.cloudwatch.LogGroup("user", name=getattr(profiles, output))

    assert record(program)["user"].depends_on >= {"profiles"}


def test_the_regions_are_those_that_the_sdk_knows() -> None:
    known = botocore.session.get_session().get_available_regions("customer-profiles", partition_name="aws")

    assert set(known) == CLOUDFORMATION_REGIONS


@pytest.mark.parametrize("type_", ["Domain", "ObjectType", "EventTrigger", "Integration"])
def test_the_regions_are_those_where_cloudformation_has_the_types(type_: str) -> None:
    from cfnlint.helpers import REGIONS  # takes half a second, which other tests need not wait
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    specified = {
        region
        for region in REGIONS
        # Partition aws only. Of me-south-1, cfn-lint has no specification, and assumes that it has all.
        if "-iso" not in region and not region.startswith(("eusc-", "cn-", "us-gov-", "me-south-1"))
        if f"AWS::CustomerProfiles::{type_}" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    }

    assert specified == CLOUDFORMATION_REGIONS


TEMPLATE = replace(MINIMAL, trigger_attributes=("currency",), search_attributes=("order", "currency"))
CUSTOMER_PROFILES = CustomerProfilesArgs(template=TEMPLATE, requests_per_second=20)


class TestWhatTheProcessorGets:
    def test_the_object_types_are_one_stack(self) -> None:
        recording, _ = provisioned(CUSTOMER_PROFILES)

        assert recording.names() == {"processor-customer-profiles": "aws:cloudformation/stack:Stack"}

    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
    def test_it_may_put_objects_of_the_events_type_and_nothing_else(self, partition: str) -> None:
        _, result = provisioned(CUSTOMER_PROFILES, partition=partition)

        domain = f"arn:{partition}:profile:eu-central-1:123456789012:domains/amazon-connect-example"
        assert result["statements"] == [
            {
                "Sid": "PutProfileObjects",
                "Effect": "Allow",
                "Action": ["profile:PutProfileObject"],
                "Resource": [domain, f"{domain}/object-types/gtm-pixel-test"],
            }
        ]

    def test_its_environment_names_domain_type_attributes_and_rate(self) -> None:
        _, result = provisioned(CUSTOMER_PROFILES)

        assert result["environment"] == {
            "CUSTOMER_PROFILES_DOMAIN": "amazon-connect-example",
            "CUSTOMER_PROFILES_OBJECT_TYPE": "gtm-pixel-test",
            "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": json.dumps(["currency", "order"]),
            "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": "20",
        }

    def test_the_stack_exports_the_domain_and_both_types(self) -> None:
        _, result = provisioned(CUSTOMER_PROFILES)

        assert result["outputs"] == {
            "customer_profiles_domain": "amazon-connect-example",
            "customer_profiles_object_type": "gtm-pixel-test",
            "customer_profiles_endpoints_type": "gtm-pixel-test-endpoints",
            "customer_profiles_expects": {
                "trigger_attributes": ["currency"],
                "trigger_metrics": [],
                "search_attributes": ["order", "currency"],
                "triggers": [],
            },
        }

    def test_a_new_domain_adds_the_url_of_its_dead_letter_queue(self) -> None:
        new = replace(CUSTOMER_PROFILES, template=replace(TEMPLATE, new_domain=True))
        (recording, result), (_, existing) = provisioned(new), provisioned(CUSTOMER_PROFILES)
        queue = recording["processor-customer-profiles-dead-letter"]

        outputs = dict(result["outputs"])
        assert outputs.pop("customer_profiles_dead_letter_queue_url").endswith(f"/{queue.name}-1a2b3c4")
        assert {**result, "outputs": outputs} == existing


class TestTheWarning:
    def test_there_is_none_in_a_region_with_customer_profiles(self) -> None:
        _, result = provisioned(CUSTOMER_PROFILES, region="eu-central-1")

        assert result["warning"] is None

    def test_elsewhere_it_lists_the_regions(self) -> None:
        _, result = provisioned(CUSTOMER_PROFILES, region="eu-west-1")

        assert result["warning"] == (
            "Amazon Connect Customer Profiles is not known to be available in eu-west-1, so the deployment "
            "will probably fail. Set aws:region to one of af-south-1, ap-northeast-1, ap-northeast-2, "
            "ap-southeast-1, ap-southeast-2, ca-central-1, eu-central-1, eu-west-2, us-east-1, us-west-2."
        )
