"""The CloudFormation template for Customer Profiles, and that AWS's own models accept it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from components.profile_template import (
    EventTriggerArgs,
    ProfileTemplateArgs,
    TriggerConditionArgs,
    field_count,
    profile_template,
    template_body,
    template_bytes,
)
from tests.profile_templates import MINIMAL, findings, refusals

TRIGGER = EventTriggerArgs(name="gtm-pixel-test-purchase", event_type="purchase_success")
CAMPAIGN = "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/0a1b2c3d"
FULL = replace(
    MINIMAL,
    new_domain=True,
    create_profiles=False,
    profile_attributes=("plan", "user_id"),
    trigger_attributes=("currency",),
    trigger_metrics=("value",),
    search_attributes=("order_number", "currency"),
    event_triggers=(
        TRIGGER,
        EventTriggerArgs(
            name="gtm-pixel-test-large_purchase",
            event_type="purchase_success",
            conditions=(
                TriggerConditionArgs(field="evat_currency", operator="CONTAINS", values=("EUR", "CHF")),
                TriggerConditionArgs(field="evmt_value", operator="BETWEEN", values=("100", "500")),
            ),
            segment="customers",
            expiration_minutes=15,
            max_invocations_per_day=3,
            campaign_arn=CAMPAIGN,
        ),
    ),
)


def resources(args: ProfileTemplateArgs, type_: str) -> list[Mapping[str, Any]]:
    found = profile_template(args)["Resources"].values()
    return [resource for resource in found if resource["Type"] == f"AWS::CustomerProfiles::{type_}"]


def object_types(args: ProfileTemplateArgs) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The properties of the two object types: events, endpoints."""
    events, endpoints = resources(args, "ObjectType")
    return events["Properties"], endpoints["Properties"]


def fields(object_type: Mapping[str, Any]) -> dict[str, tuple[str, str | None, str]]:
    """Source, target and content type of each field, by name."""
    return {
        field["Name"]: (
            field["ObjectTypeField"]["Source"],
            field["ObjectTypeField"].get("Target"),
            field["ObjectTypeField"]["ContentType"],
        )
        for field in object_type["Fields"]
    }


def keys(object_type: Mapping[str, Any]) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Standard identifiers and field names of each key, by name."""
    found: dict[str, tuple[Sequence[str], Sequence[str]]] = {}
    for key in object_type["Keys"]:
        (only,) = key["ObjectTypeKeyList"]
        found[key["Name"]] = (only.get("StandardIdentifiers", []), only["FieldNames"])
    return found


ENDPOINT_ID = ("_source.endpoint_id", "_profile.Attributes.gtm_pixel_endpoint_id", "STRING")


def test_the_description_is_that_of_deployed_stacks() -> None:
    """CloudFormation refuses an update of nothing but the description: the change would never go away."""
    assert profile_template(MINIMAL)["Description"] == (
        "What amazon-connect-example knows about events of gtm-pixel-test"
    )


class TestTheEventsType:
    def test_it_has_its_name_and_limits(self) -> None:
        events, _ = object_types(replace(MINIMAL, expiration_days=30, max_events_per_profile=99))

        assert {key: value for key, value in events.items() if key not in ("Fields", "Keys")} == {
            "DomainName": "amazon-connect-example",
            "ObjectTypeName": "gtm-pixel-test",
            "Description": "Events from Google Tag Manager",
            "AllowProfileCreation": True,
            "ExpirationDays": 30,
            "MaxProfileObjectCount": 99,
        }

    def test_an_unknown_endpoint_creates_no_profile_if_that_is_off(self) -> None:
        events, _ = object_types(replace(MINIMAL, create_profiles=False))

        assert events["AllowProfileCreation"] is False

    def test_every_event_has_these_fields_and_the_profile_shows_its_endpoint(self) -> None:
        events, _ = object_types(MINIMAL)

        assert fields(events) == {
            "event_key": ("_source.event_key", None, "STRING"),
            "event_id": ("_source.event_id", None, "STRING"),
            "endpoint_id": ENDPOINT_ID,
            "event_type": ("_source.event_type", None, "STRING"),
            "timestamp": ("_source.timestamp", None, "STRING"),
        }

    def test_a_user_attribute_goes_to_the_profile(self) -> None:
        events, _ = object_types(replace(MINIMAL, profile_attributes=["plan"]))

        assert fields(events)["usat_plan"] == (
            "_source.user_attributes.plan",
            "_profile.Attributes.plan",
            "STRING",
        )

    def test_a_dot_in_the_name_of_a_user_attribute_starts_no_nested_level(self) -> None:
        for object_type in object_types(replace(MINIMAL, profile_attributes=["address.zip-code"])):
            assert fields(object_type)["usat_address.zip-code"] == (
                "_source.user_attributes.address_zip-code",
                "_profile.Attributes.address_zip-code",
                "STRING",
            )

    def test_an_event_attribute_is_a_field_that_reaches_no_profile(self) -> None:
        events, _ = object_types(replace(MINIMAL, trigger_attributes=["currency"]))

        assert fields(events)["evat_currency"] == ("_source.attributes.currency", None, "STRING")

    def test_a_metric_is_a_number(self) -> None:
        events, _ = object_types(replace(MINIMAL, trigger_metrics=["value"]))

        assert fields(events)["evmt_value"] == ("_source.metrics.value", None, "NUMBER")

    def test_an_attribute_in_two_lists_is_one_field(self) -> None:
        args = replace(MINIMAL, trigger_attributes=["order"], search_attributes=["order"])
        events, _ = object_types(args)

        assert [field["Name"] for field in events["Fields"]].count("evat_order") == 1

    def test_an_event_has_a_unique_key_and_belongs_to_its_endpoint(self) -> None:
        events, _ = object_types(MINIMAL)

        assert keys(events) == {
            "gtm_pixel_event_key": (["UNIQUE"], ["event_key"]),
            "gtm_pixel_endpoint_id": (["PROFILE"], ["endpoint_id"]),
        }

    def test_a_search_attribute_is_a_key_that_assigns_no_event_to_a_profile(self) -> None:
        events, _ = object_types(replace(MINIMAL, search_attributes=["order"]))

        assert keys(events)["gtm_pixel_order"] == ([], ["evat_order"])


class TestTheEndpointsType:
    def test_it_has_the_endpoint_with_its_address_and_user_attributes(self) -> None:
        _, endpoints = object_types(replace(MINIMAL, profile_attributes=["plan"]))

        assert endpoints["ObjectTypeName"] == "gtm-pixel-test-endpoints"
        assert fields(endpoints) == {
            "endpoint_id": ENDPOINT_ID,
            "user_id": ("_source.user_id", "_profile.Attributes.user_id", "STRING"),
            "opt_out": ("_source.opt_out", "_profile.Attributes.gtm_pixel_opt_out", "STRING"),
            "email": ("_source.email", "_profile.EmailAddress", "EMAIL_ADDRESS"),
            "phone": ("_source.phone", "_profile.PhoneNumber", "PHONE_NUMBER"),
            "usat_plan": ("_source.user_attributes.plan", "_profile.Attributes.plan", "STRING"),
        }

    def test_importing_an_endpoint_again_replaces_it(self) -> None:
        _, endpoints = object_types(MINIMAL)

        assert keys(endpoints)["gtm_pixel_endpoint_id"] == (["UNIQUE", "PROFILE"], ["endpoint_id"])

    def test_agents_can_search_by_address_which_assigns_no_object_to_a_profile(self) -> None:
        _, endpoints = object_types(MINIMAL)
        found = keys(endpoints)
        del found["gtm_pixel_endpoint_id"]

        assert found == {"_email": ([], ["email"]), "_phone": ([], ["phone"])}

    def test_it_creates_profiles_even_if_events_do_not(self) -> None:
        _, endpoints = object_types(replace(MINIMAL, create_profiles=False))

        assert endpoints["AllowProfileCreation"] is True

    def test_events_never_push_it_out_of_a_profile(self) -> None:
        """The service never drops an object of a type without a limit in favour of another type's."""
        _, endpoints = object_types(replace(MINIMAL, max_events_per_profile=1))

        assert "MaxProfileObjectCount" not in endpoints

    @pytest.mark.parametrize("name", ["user_id", "user.id"])
    def test_no_two_fields_write_one_attribute(self, name: str) -> None:
        for object_type in object_types(replace(MINIMAL, profile_attributes=[name, "plan"])):
            targets = [target for _, target, _ in fields(object_type).values() if target]
            assert len(targets) == len(set(targets))


class TestTheDomain:
    def test_the_template_does_not_touch_an_existing_one(self) -> None:
        assert resources(MINIMAL, "Domain") == []

    def test_a_new_one_survives_the_deletion_of_the_stack(self) -> None:
        assert resources(replace(MINIMAL, new_domain=True, expiration_days=30), "Domain") == [
            {
                "Type": "AWS::CustomerProfiles::Domain",
                "DeletionPolicy": "RetainExceptOnCreate",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "DomainName": "amazon-connect-example",
                    "DefaultExpirationDays": 30,
                    "DeadLetterQueueUrl": {"Ref": "DomainDeadLetterQueueUrl"},
                },
            }
        ]

    def test_everything_waits_for_a_new_one(self) -> None:
        template = profile_template(FULL)["Resources"]

        def waits_for(logical_id: str) -> set[str]:
            direct = set(template[logical_id].get("DependsOn", []))
            return direct.union(*(waits_for(dependency) for dependency in direct))

        assert [logical_id for logical_id in template if "Domain" not in waits_for(logical_id)] == ["Domain"]


@pytest.mark.parametrize("type_", ["Domain", "ObjectType"])
def test_customers_data_survives_the_deletion_of_the_stack(type_: str) -> None:
    """DeleteProfileObjectType removes what a type wrote from every profile."""
    kept = [(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in resources(FULL, type_)]

    assert set(kept) == {("RetainExceptOnCreate", "Retain")}


@pytest.mark.parametrize("args", [MINIMAL, FULL], ids=["minimal", "full"])
def test_resources_are_created_in_sequence(args: ProfileTemplateArgs) -> None:
    """PutProfileObjectType and PutIntegration allow one request per second."""
    template = profile_template(args)["Resources"]
    waits = [resource.get("DependsOn", []) for resource in template.values()]

    assert waits == [[], *([before] for before in list(template)[:-1])]


class TestAnEventTrigger:
    def test_it_fires_for_events_of_its_type(self) -> None:
        assert resources(replace(MINIMAL, event_triggers=[TRIGGER]), "EventTrigger") == [
            {
                "Type": "AWS::CustomerProfiles::EventTrigger",
                "DependsOn": ["EndpointsType"],
                "Properties": {
                    "DomainName": "amazon-connect-example",
                    "EventTriggerName": "gtm-pixel-test-purchase",
                    "ObjectTypeName": "gtm-pixel-test",
                    "EventTriggerConditions": [
                        {
                            "LogicalOperator": "ALL",
                            "EventTriggerDimensions": [
                                dimension("event_type", "INCLUSIVE", "purchase_success"),
                            ],
                        }
                    ],
                },
            }
        ]

    def test_every_condition_has_to_hold(self) -> None:
        _, trigger = resources(FULL, "EventTrigger")

        assert trigger["Properties"]["EventTriggerConditions"] == [
            {
                "LogicalOperator": "ALL",
                "EventTriggerDimensions": [
                    dimension("event_type", "INCLUSIVE", "purchase_success"),
                    dimension("evat_currency", "CONTAINS", "EUR", "CHF"),
                    dimension("evmt_value", "BETWEEN", "100", "500"),
                ],
            }
        ]

    def test_its_limits_are_in_the_services_units(self) -> None:
        _, trigger = resources(FULL, "EventTrigger")

        assert trigger["Properties"]["EventTriggerLimits"] == {
            "EventExpiration": 15 * 60 * 1000,
            "Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}],
        }

    def test_a_segment_limits_it_to_customers(self) -> None:
        _, trigger = resources(FULL, "EventTrigger")

        assert trigger["Properties"]["SegmentFilter"] == "customers"

    def test_a_campaign_is_connected_after_its_trigger(self) -> None:
        template = profile_template(FULL)["Resources"]
        (integration,) = resources(FULL, "Integration")

        assert integration["Properties"] == {
            "DomainName": "amazon-connect-example",
            "Uri": CAMPAIGN,
            "EventTriggerNames": ["gtm-pixel-test-large_purchase"],
        }
        (dependency,) = integration["DependsOn"]
        assert template[dependency]["Properties"]["EventTriggerName"] == "gtm-pixel-test-large_purchase"

    def test_its_logical_id_does_not_depend_on_the_other_triggers(self) -> None:
        alone = profile_template(replace(FULL, event_triggers=FULL.event_triggers[1:]))["Resources"]

        assert alone.keys() < profile_template(FULL)["Resources"].keys()

    def test_a_campaign_keeps_its_integration_when_its_trigger_is_renamed(self) -> None:
        one, other = (replace(TRIGGER, name=name, campaign_arn=CAMPAIGN) for name in ("purchase", "sale"))

        assert integration_ids(one) == integration_ids(other) != set()

    def test_a_campaign_keeps_its_integration_when_another_trigger_starts_it(self) -> None:
        one, other = (replace(TRIGGER, name=name) for name in ("purchase", "sale"))
        before = integration_ids(replace(one, campaign_arn=CAMPAIGN), other)
        after = integration_ids(one, replace(other, campaign_arn=CAMPAIGN))

        assert before == after != set()

    def test_two_campaigns_are_two_integrations(self) -> None:
        campaigns = {"purchase": f"{CAMPAIGN}a-b", "sale": f"{CAMPAIGN}ab"}
        triggers = [replace(TRIGGER, name=name, campaign_arn=arn) for name, arn in campaigns.items()]

        assert len(integration_ids(*triggers)) == 2

    @pytest.mark.parametrize(("one", "other"), [("a-b", "ab"), ("a_b", "a-b"), ("-", "_")])
    def test_names_that_differ_in_punctuation_are_two_triggers(self, one: str, other: str) -> None:
        args = replace(MINIMAL, event_triggers=[replace(TRIGGER, name=name) for name in (one, other)])

        assert len(resources(args, "EventTrigger")) == 2


def dimension(field: str, operator: str, *values: str) -> Mapping[str, Any]:
    return {
        "ObjectAttributes": [{"FieldName": field, "ComparisonOperator": operator, "Values": list(values)}]
    }


def integration_ids(*triggers: EventTriggerArgs) -> set[str]:
    """The logical ids of the integrations of a template with these triggers."""
    template = profile_template(replace(MINIMAL, event_triggers=triggers))["Resources"]
    return {
        logical_id
        for logical_id, resource in template.items()
        if resource["Type"] == "AWS::CustomerProfiles::Integration"
    }


def test_the_body_is_the_template_as_compact_json() -> None:
    body = template_body(FULL)

    assert json.loads(body) == profile_template(FULL)
    assert body == json.dumps(json.loads(body), separators=(",", ":"))


@pytest.mark.parametrize(("event_type", "more"), [("plain", 0), ("a&b", 5), ("<>&&", 20), ('"/', 0)])
def test_its_length_is_that_of_gos_json_encoder(event_type: str, more: int) -> None:
    """It writes & < > as \\u0026 and so on."""
    args = replace(MINIMAL, event_triggers=[replace(TRIGGER, event_type=event_type)])

    assert template_bytes(args) == len(template_body(args)) + more


@pytest.mark.parametrize(
    ("lists", "count"),
    [
        ({}, 5),
        ({"profile_attributes": ["a", "b"]}, 7),
        ({"profile_attributes": ["a", "b.c"]}, 7),
        ({"profile_attributes": ["a", "b"], "trigger_attributes": ["c"], "trigger_metrics": ["d"]}, 9),
        ({"trigger_attributes": ["a"], "search_attributes": ["a", "b"]}, 7),
    ],
)
def test_fields_are_counted_in_the_larger_type(lists: dict[str, Any], count: int) -> None:
    args = replace(MINIMAL, **lists)

    assert field_count(args) == max(len(object_type["Fields"]) for object_type in object_types(args)) == count


@pytest.mark.parametrize("args", [MINIMAL, FULL], ids=["minimal", "full"])
def test_cfn_lint_finds_nothing(args: ProfileTemplateArgs) -> None:
    assert findings(template_body(args)) == []


@pytest.mark.parametrize("args", [MINIMAL, FULL], ids=["minimal", "full"])
def test_the_service_model_accepts_what_cloudformation_sends(args: ProfileTemplateArgs) -> None:
    assert refusals(profile_template(args)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"expiration_days": 1099},
        {"max_events_per_profile": -1},
        {"domain_name": "amazon connect"},
        {"object_type_name": "1-dev"},
        {"profile_attributes": ["n" * 60]},
        {"event_triggers": [replace(TRIGGER, name="n" * 65)]},
        {"event_triggers": [replace(TRIGGER, event_type="e" * 256)]},
        {"event_triggers": [replace(TRIGGER, max_invocations_per_day=1001)]},
    ],
    ids=str,
)
def test_both_models_know_the_limits(wrong: dict[str, Any]) -> None:
    """The two tests above, and those of settings, rely on it."""
    args = replace(MINIMAL, **wrong)

    assert findings(template_body(args)) != []
    assert refusals(profile_template(args)) != []
