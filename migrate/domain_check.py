"""Warns of settings of a Customer Profiles domain that would cause trouble after an import.

Pure: takes the responses of the service, returns warnings. Quotas are the defaults of Amazon Connect Customer
Profiles ("Quotas and data limits").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract.customer_profiles import (
    EMAIL_KEY,
    ENDPOINT_KEY,
    ENDPOINTS_TYPE_SUFFIX,
    OBJECTS_OF_PROFILE,
    OPT_OUT_ATTRIBUTE,
    PHONE_KEY,
)

_Json = Mapping[str, Any]

_DOMAIN_PREFIX = "amazon-connect-"
_CONTACT_RECORD = "CTR"
# Features that need an integration. Every campaign needs the first one.
_CAMPAIGNS: Mapping[str, str] = {
    "Campaign-Orchestration": "no campaign or journey runs",
    "Campaign-Email": "campaigns send no email",
    "Campaign-SMS": "campaigns send no SMS",
    "Campaign-Telephony": "campaigns make no calls",
}
_SHORT_EXPIRATION_DAYS = 90
_ADDRESS_WORDS = ("email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """The service's reports about a domain, as its operations return them."""

    name: str
    events_type: str
    endpoints_type: str
    # GetDomain, ListIntegrations, and GetProfileObjectType by type name.
    domain: _Json
    integrations: Sequence[_Json]
    object_types: Mapping[str, _Json] = field(default_factory=dict[str, _Json])


def warnings_of(facts: DomainFacts) -> list[str]:
    """One line each, with what to do at the end."""
    return [
        *_merging(facts.domain),
        *_shared_keys(facts),
        *_own_types(facts),
        *_quotas(facts),
        *_campaigns(facts),
    ]


def _merging(domain: _Json) -> Iterator[str]:
    matching: _Json = domain.get("Matching") or {}
    merging: _Json = matching.get("AutoMerging") or {}
    if matching.get("Enabled") and merging.get("Enabled"):
        consolidation: _Json = merging.get("Consolidation") or {}
        lists: Sequence[Sequence[str]] = consolidation.get("MatchingAttributesList") or []
        yield (
            f"identity resolution merges profiles automatically ({_alternatives(lists)}): two customers with "
            "the same values become one for good, and an event of one can update both; switch AutoMerging "
            "off (aws customer-profiles update-domain) until you have checked the matches"
        )
    rules: _Json = domain.get("RuleBasedMatching") or {}
    level: int = rules.get("MaxAllowedRuleLevelForMerging") or 0
    if rules.get("Enabled") and level:
        matching_rules: Sequence[_Json] = rules.get("MatchingRules") or []
        merged: list[Sequence[str]] = [rule.get("Rule") or [] for rule in matching_rules[:level]]
        yield (
            f"rule-based matching merges profiles automatically (rules 1 to {level}: "
            f"{_alternatives(merged)}): {_who(merged)} become one for good, and an event of one can update "
            "both; remove MaxAllowedRuleLevelForMerging (aws customer-profiles update-domain) until you have "
            "checked the matches"
        )


def _alternatives(lists: Sequence[Sequence[str]]) -> str:
    return " or ".join(" and ".join(names) for names in lists) or "no attributes named"


def _who(rules: Sequence[Sequence[str]]) -> str:
    by_address = any(
        len(rule) == 1 and any(word in rule[0].lower() for word in _ADDRESS_WORDS) for rule in rules
    )
    return (
        "customers who share an address, such as families," if by_address else "customers with equal values"
    )


def _shared_keys(facts: DomainFacts) -> Iterator[str]:
    """Key names belong to the domain: a type that uses one of ours joins its objects to our profiles."""
    own = {facts.events_type, facts.endpoints_type}
    for name, object_type in sorted(facts.object_types.items()):
        if name in own:
            continue
        keys: Mapping[str, Sequence[_Json]] = object_type.get("Keys") or {}
        for key_name, parts in sorted(keys.items()):
            finds_profiles = any("PROFILE" in (part.get("StandardIdentifiers") or []) for part in parts)
            if not finds_profiles or name.startswith(_CONTACT_RECORD):
                continue
            if key_name in (EMAIL_KEY, PHONE_KEY):
                yield (
                    f"object type {name} finds profiles by {key_name}: its objects join the imported "
                    "customer with the same address; rename its key if that may be another person"
                )
            elif key_name == ENDPOINT_KEY and not name.endswith(ENDPOINTS_TYPE_SUFFIX):
                yield (
                    f"object type {name} also finds profiles by {ENDPOINT_KEY}: the same id means the same "
                    "customer in both; give stacks with other customers a domain of their own"
                )


def _own_types(facts: DomainFacts) -> Iterator[str]:
    if not facts.name.startswith(_DOMAIN_PREFIX):
        yield (
            f"the domain name does not begin with {_DOMAIN_PREFIX}: Amazon Connect's service-linked role "
            "cannot access it; use a domain whose name does"
        )
    for name in (facts.events_type, facts.endpoints_type):
        if name not in facts.object_types:
            yield f"object type {name} is not in the domain; run pulumi up"
    endpoints = facts.object_types.get(facts.endpoints_type)
    if endpoints is not None:
        fields: _Json = endpoints.get("Fields") or {}
        keys: _Json = endpoints.get("Keys") or {}
        missing = sorted({"opt_out", "email", "phone"} - fields.keys())
        missing += sorted({EMAIL_KEY, PHONE_KEY} - keys.keys())
        if missing:
            yield (
                f"object type {facts.endpoints_type} is from an older version, without {', '.join(missing)} "
                f"({OPT_OUT_ATTRIBUTE} and search by address); run pulumi up"
            )
        days = endpoints.get("ExpirationDays")
        if days is not None and days < _SHORT_EXPIRATION_DAYS:
            yield (
                f"imported customers expire after {days} days without an event; raise "
                "customerProfilesExpirationDays and run pulumi up before the import, because imported "
                "objects keep their expiration"
            )


def _quotas(facts: DomainFacts) -> Iterator[str]:
    taken: dict[str, int] = {
        name: object_type["MaxProfileObjectCount"]
        for name, object_type in facts.object_types.items()
        if object_type.get("MaxProfileObjectCount")
    }
    if sum(taken.values()) > OBJECTS_OF_PROFILE:
        shares = ", ".join(f"{name} {count}" for name, count in sorted(taken.items()))
        yield (
            f"the object types allow {sum(taken.values()):,} objects of a profile in all ({shares}), but a "
            f"profile holds {OBJECTS_OF_PROFILE:,}; lower customerProfilesMaxEventsPerProfile, or the share "
            "of the other types"
        )
    for name, object_type in sorted(facts.object_types.items()):
        wanted, available = (
            object_type.get("MaxProfileObjectCount"),
            object_type.get("MaxAvailableProfileObjectCount"),
        )
        if wanted is not None and available is not None and available < wanted:
            yield (
                f"object type {name} allows {wanted:,} objects of a profile, but the domain has "
                f"{available:,} left; lower its MaxProfileObjectCount, or ask AWS Support for more"
            )


def _campaigns(facts: DomainFacts) -> Iterator[str]:
    connected = {name for integration in facts.integrations for name in _names_of(integration)}
    if _CONTACT_RECORD not in connected:
        yield (
            f"the contact record integration ({_CONTACT_RECORD}) is missing: contacts and campaign results "
            "do not reach profiles; enable Customer Profiles with this domain for the instance (Amazon "
            "Connect console)"
        )
    missing = [name for name in _CAMPAIGNS if name not in connected]
    if len(missing) == len(_CAMPAIGNS):
        yield (
            f"the integrations of outbound campaigns ({', '.join(missing)}) are missing: "
            f"{_CAMPAIGNS[missing[0]]}; enable outbound campaigns for the instance (Amazon Connect console), "
            "or run aws connectcampaignsv2 put-connect-instance-integration"
        )
        return
    for name in missing:
        yield (
            f"the integration {name} is missing: {_CAMPAIGNS[name]}; enable the channel for outbound "
            "campaigns (Amazon Connect console), or ignore this if you do not need it"
        )


def _names_of(integration: _Json) -> Iterator[str]:
    if name := integration.get("ObjectTypeName"):
        yield name
    names: Mapping[str, str] = integration.get("ObjectTypeNames") or {}
    for source, target in names.items():
        yield source
        yield target
