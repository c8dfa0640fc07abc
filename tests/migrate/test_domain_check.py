"""The warnings of `check-domain`."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from migrate.domain_check import DomainFacts, warnings_of
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, TEMPLATE

EVENTS_TYPE = ENDPOINTS_TYPE.removesuffix("-endpoints")

# As the domain of an instance with outbound campaigns lists them.
INTEGRATIONS = [
    {"Uri": "arn:aws:connect:eu-central-1:123456789012:instance/i", "ObjectTypeName": "CTR"},
    {
        "Uri": "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/*",
        "ObjectTypeNames": {
            name: name
            for name in ("Campaign-Email", "Campaign-SMS", "Campaign-Telephony", "Campaign-Orchestration")
        },
    },
]


def as_answered(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object type of a template, as GetProfileObjectType returns it."""
    return {
        **properties,
        "Fields": {field["Name"]: field["ObjectTypeField"] for field in properties["Fields"]},
        "Keys": {key["Name"]: key["ObjectTypeKeyList"] for key in properties["Keys"]},
    }


OWN = {
    resource["Properties"]["ObjectTypeName"]: as_answered(resource["Properties"])
    for resource in TEMPLATE["Resources"].values()
    if resource["Type"] == "AWS::CustomerProfiles::ObjectType"
}


def warned(
    *,
    name: str = DOMAIN,
    integrations: list[dict[str, Any]] | None = None,
    types: Mapping[str, Any] | None = None,
    without: str | None = None,
    **domain: Any,
) -> list[str]:
    found = warnings_of(
        DomainFacts(
            name=name,
            events_type=EVENTS_TYPE,
            endpoints_type=ENDPOINTS_TYPE,
            domain=domain,
            integrations=INTEGRATIONS if integrations is None else integrations,
            object_types={key: value for key, value in {**OWN, **(types or {})}.items() if key != without},
        )
    )
    assert all("\n" not in warning for warning in found)
    return found


def test_a_domain_that_is_as_it_should_be_is_not_warned_of() -> None:
    assert warned() == []


RULES = {"Enabled": True, "MatchingRules": [{"Rule": ["Address", "PhoneNumber"]}, {"Rule": ["EmailAddress"]}]}
MERGING = {"Enabled": True, "Consolidation": {"MatchingAttributesList": [["EmailAddress"], ["PhoneNumber"]]}}


def test_rules_that_merge_profiles_are_named_with_the_profiles_they_join() -> None:
    (first,) = warned(RuleBasedMatching={**RULES, "MaxAllowedRuleLevelForMerging": 1})
    (both,) = warned(RuleBasedMatching={**RULES, "MaxAllowedRuleLevelForMerging": 2})

    assert "rules 1 to 1: Address and PhoneNumber" in first
    assert "customers with equal values become one" in first
    assert "rules 1 to 2: Address and PhoneNumber or EmailAddress" in both
    assert "customers who share an address, such as families, become one" in both


def test_identity_resolution_that_merges_is_warned_of() -> None:
    (warning,) = warned(Matching={"Enabled": True, "AutoMerging": MERGING})

    assert "EmailAddress or PhoneNumber" in warning


@pytest.mark.parametrize(
    "domain",
    [
        {"Matching": {"Enabled": True, "AutoMerging": {**MERGING, "Enabled": False}}},
        {"Matching": {"Enabled": False, "AutoMerging": MERGING}},
        {"Matching": {"Enabled": True}},
        {"RuleBasedMatching": RULES},
        {"RuleBasedMatching": {**RULES, "Enabled": False, "MaxAllowedRuleLevelForMerging": 1}},
    ],
    ids=str,
)
def test_matching_that_merges_nothing_is_no_warning(domain: dict[str, Any]) -> None:
    assert warned(**domain) == []


def keyed(name: str, *identifiers: str) -> dict[str, Any]:
    return {"Keys": {name: [{"StandardIdentifiers": list(identifiers), "FieldNames": ["f"]}]}}


@pytest.mark.parametrize("key", ["_email", "_phone", "gtm_pixel_endpoint_id"])
def test_another_type_that_finds_profiles_by_one_of_our_keys_is_named(key: str) -> None:
    (warning,) = warned(types={"crm": keyed(key, "PROFILE", "SECONDARY")})

    assert re.match(f"object type crm (also )?finds profiles by {key}", warning)


@pytest.mark.parametrize(
    "types",
    [
        {"crm": keyed("_email")},
        {"crm": keyed("crmId", "PROFILE", "UNIQUE")},
        {"CTR": keyed("_phone", "PROFILE", "SECONDARY")},
    ],
    ids=str,
)
def test_keys_that_do_not_find_profiles_are_no_warning(types: dict[str, Any]) -> None:
    assert warned(types=types) == []


@pytest.mark.parametrize("name", [EVENTS_TYPE, ENDPOINTS_TYPE])
def test_a_type_of_the_stack_that_is_not_there_is_named(name: str) -> None:
    assert warned(without=name) == [f"object type {name} is not in the domain; run pulumi up"]


def test_an_object_type_of_an_older_version_is_a_warning() -> None:
    endpoints = OWN[ENDPOINTS_TYPE]
    older = {
        **endpoints,
        "Fields": {name: one for name, one in endpoints["Fields"].items() if name != "opt_out"},
        "Keys": keyed("gtm_pixel_endpoint_id", "PROFILE", "UNIQUE")["Keys"],
    }
    (warning,) = warned(types={ENDPOINTS_TYPE: older})

    assert "without opt_out, _email, _phone" in warning
    assert warning.endswith("run pulumi up")


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ({ENDPOINTS_TYPE: {**OWN[ENDPOINTS_TYPE], "ExpirationDays": 30}}, "expire after 30 days"),
        (
            {"crm": {"MaxProfileObjectCount": 600}},
            "1,100 objects of a profile in all (crm 600, gtm-pixel-prod 500)",
        ),
        (
            {"crm": {"MaxProfileObjectCount": 300, "MaxAvailableProfileObjectCount": 200}},
            "object type crm allows 300 objects of a profile, but the domain has 200 left",
        ),
    ],
    ids=["expiry", "sum", "available"],
)
def test_an_exceeded_quota_is_a_warning_with_numbers(types: dict[str, Any], expected: str) -> None:
    (warning,) = warned(types=types)

    assert expected in warning


def test_a_domain_that_amazon_connect_cannot_access_is_a_warning() -> None:
    (warning,) = warned(name="example")

    assert "does not begin with amazon-connect-" in warning


def test_what_campaigns_need_is_named() -> None:
    contact, campaigns = warned(integrations=[])

    assert "contact record integration (CTR) is missing" in contact
    assert "Campaign-Orchestration, Campaign-Email, Campaign-SMS, Campaign-Telephony" in campaigns


def test_a_channel_without_a_campaign_integration_is_named() -> None:
    connected = INTEGRATIONS[1]["ObjectTypeNames"]
    assert isinstance(connected, dict)
    less = {name: name for name in connected if name != "Campaign-SMS"}
    (warning,) = warned(integrations=[INTEGRATIONS[0], {"Uri": "arn:x", "ObjectTypeNames": less}])

    assert "Campaign-SMS is missing: campaigns send no SMS" in warning
