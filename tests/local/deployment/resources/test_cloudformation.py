"""Templates: which resource types they may declare, and that the fakes get them."""

import json
import re
from typing import Any

import pytest

from local.deployment.resources import Existing, ResourceError, Resources
from local.deployment.resources.cloudformation import template_of

STACK = "aws:cloudformation/stack:Stack"


def template(
    *, type_: str = "AWS::CustomerProfiles::Domain", deletion_policy: str = "Delete", **more: Any
) -> str:
    properties = {"DomainName": "amazon-connect-example", "DefaultExpirationDays": 366}
    domain = {"Type": type_, "DeletionPolicy": deletion_policy, "Properties": properties}
    return json.dumps({"Resources": {"Domain": domain}, **more})


def test_a_stack_has_an_id_like_those_of_aws(resources: Resources) -> None:
    id_, outputs = resources.create(STACK, "profiles", {"templateBody": template(), "onFailure": "DELETE"})

    arn = "arn:aws:cloudformation:us-east-1:123456789012:stack"
    assert re.fullmatch(rf"{arn}/{outputs['name']}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", id_)
    assert outputs["outputs"] == {}


def test_what_a_stack_has_left_behind_cannot_be_created_again(resources: Resources) -> None:
    inputs = {"templateBody": template(deletion_policy="RetainExceptOnCreate")}
    id_, outputs = resources.create(STACK, "profiles", inputs)
    resources.delete(STACK, Existing(name="profiles", id=id_, inputs=inputs, outputs=outputs))

    with pytest.raises(ResourceError, match="CREATE_FAILED: domains/amazon-connect-example already exists"):
        resources.create(STACK, "profiles", inputs)


def test_a_template_with_unsupported_resources_is_refused(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"does not know the resource type AWS::SNS::Topic \(Domain\)"):
        resources.create(STACK, "profiles", {"templateBody": template(type_="AWS::SNS::Topic")})


def test_a_template_with_outputs_is_refused(resources: Resources) -> None:
    with pytest.raises(ResourceError, match="does not compute the outputs of a template"):
        resources.create(
            STACK, "profiles", {"templateBody": template(Outputs={"Name": {"Value": {"Ref": "Domain"}}})}
        )


def test_a_parameter_is_filled_in() -> None:
    body = template(Parameters={"Queue": {"Type": "String"}}).replace(
        '"amazon-connect-example"', '{"Ref": "Queue"}'
    )

    kept = template_of({"templateBody": body, "parameters": {"Queue": "https://sqs.test/1/q"}})
    assert kept["Resources"]["Domain"]["Properties"]["DomainName"] == "https://sqs.test/1/q"


@pytest.mark.parametrize(("declared", "given"), [({"Queue": {"Type": "String"}}, {}), ({}, {"Queue": "q"})])
def test_parameters_must_be_those_of_the_template(
    resources: Resources, declared: dict[str, Any], given: dict[str, str]
) -> None:
    with pytest.raises(ResourceError, match="differ in Queue"):
        resources.create(
            STACK, "profiles", {"templateBody": template(Parameters=declared), "parameters": given}
        )
