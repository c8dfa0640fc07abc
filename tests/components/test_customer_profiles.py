"""The component of Customer Profiles, as it is registered."""

import json
from dataclasses import replace

import botocore.session
import pulumi
import pulumi_aws as aws
import pytest
from cfnlint.helpers import REGIONS as ALL_REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from components.customer_profiles import REGIONS, CustomerProfiles
from components.profile_template import template_body
from tests.profile_templates import MINIMAL
from tests.recording import Recording, record

# cfn-lint knows isolated partitions too, and takes everything to be in me-south-1, of which it has no
# specification.
PARTITION_AWS = [
    region
    for region in ALL_REGIONS
    if "-iso" not in region and not region.startswith(("eusc-", "cn-", "us-gov-", "me-south-1"))
]

ARGS = replace(MINIMAL, new_domain=True)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(lambda: CustomerProfiles("profiles", ARGS))


def test_it_is_one_cloudformation_stack(recording: Recording) -> None:
    assert recording.names() == {"profiles": "aws:cloudformation/stack:Stack"}


def test_the_stack_belongs_to_the_component(recording: Recording) -> None:
    assert recording["profiles"].parent == "profiles"


def test_its_template_is_the_one_of_the_arguments_and_its_name_is_its_own(recording: Recording) -> None:
    inputs = recording["profiles"].inputs

    assert (inputs["templateBody"], "name" in inputs) == (template_body(ARGS), False)


def test_a_stack_whose_creation_fails_does_not_stay(recording: Recording) -> None:
    """What stays is in ROLLBACK_COMPLETE, and CloudFormation updates no stack that is."""
    assert recording["profiles"].inputs["onFailure"] == "DELETE"


def test_its_outputs_are_the_names_though_the_template_has_no_outputs() -> None:
    def program() -> None:
        profiles = CustomerProfiles("profiles", ARGS)
        pulumi.export("domain", profiles.domain_name)
        pulumi.export("types", [profiles.object_type_name, profiles.endpoints_type_name])

    assert "Outputs" not in json.loads(template_body(ARGS))
    assert record(program).outputs == {
        "domain": "amazon-connect-example",
        "types": ["gtm-pixel-test", "gtm-pixel-test-endpoints"],
    }


@pytest.mark.parametrize("output", ["domain_name", "object_type_name", "endpoints_type_name"])
def test_who_uses_an_output_waits_for_the_stack(output: str) -> None:
    def program() -> None:
        profiles = CustomerProfiles("profiles", ARGS)
        aws.cloudwatch.LogGroup("user", name=getattr(profiles, output))

    assert record(program)["user"].depends_on >= {"profiles"}


def test_the_regions_are_those_that_the_sdk_knows() -> None:
    known = botocore.session.get_session().get_available_regions("customer-profiles", partition_name="aws")

    assert set(known) == REGIONS


@pytest.mark.parametrize("type_", ["Domain", "ObjectType", "EventTrigger", "Integration"])
def test_the_regions_are_those_where_cloudformation_has_its_types(type_: str) -> None:
    specified = {
        region
        for region in PARTITION_AWS
        if f"AWS::CustomerProfiles::{type_}" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    }

    assert specified == REGIONS
