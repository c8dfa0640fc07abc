"""What in a Customer Profiles domain would go wrong after an import, before it is done.

Pure: what the service says of the domain in, warnings out.

Quotas are those of Amazon Connect Customer Profiles that nobody has raised ("Quotas and data limits").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrate.customer_profiles import ENDPOINT_KEY, OPT_OUT_ATTRIBUTE

_DOMAIN_PREFIX = "amazon-connect-"
_EMAIL_KEY, _PHONE_KEY = "_email", "_phone"
_CONTACT_RECORD = "CTR"
# Without the first one no campaign runs; the others are needed for what a campaign sends.
_CAMPAIGNS: Mapping[str, str] = {
    "Campaign-Orchestration": "no campaign or journey runs",
    "Campaign-Email": "campaigns send no email",
    "Campaign-SMS": "campaigns send no SMS",
    "Campaign-Telephony": "campaigns make no calls",
}
_OBJECTS_OF_PROFILE = 1_000
_SHORT_EXPIRATION_DAYS = 90
_ADDRESS_WORDS = ("email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """What the service says; each part as in the answer of its operation."""

    name: str
    events_type: str
    endpoints_type: str
    # GetDomain, ListIntegrations, and GetProfileObjectType of each type by name.
    domain: Mapping[str, Any]
    integrations: Sequence[Mapping[str, Any]]
    object_types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


def warnings_of(facts: DomainFacts) -> list[str]:
    """Each in one line that ends with what to do."""
    return [
        *_merging(facts.domain),
        *_shared_keys(facts),
        *_own_types(facts),
        *_quotas(facts),
        *_campaigns(facts),
    ]


def _merging(domain: Mapping[str, Any]) -> Iterator[str]:
    matching = domain.get("Matching") or {}
    merging = matching.get("AutoMerging") or {}
    if matching.get("Enabled") and merging.get("Enabled"):
        lists = (merging.get("Consolidation") or {}).get("MatchingAttributesList") or []
        yield (
            f"identity resolution merges profiles by itself ({_alternatives(lists)}): two customers with the "
            "same values become one, for good, and what an event may write to one the other has too; switch "
            "AutoMerging off (aws customer-profiles update-domain) until you have looked at its matches"
        )
    rules = domain.get("RuleBasedMatching") or {}
    level = rules.get("MaxAllowedRuleLevelForMerging")
    if rules.get("Enabled") and level:
        merged = [rule.get("Rule") or [] for rule in (rules.get("MatchingRules") or [])[:level]]
        yield (
            f"rule-based matching merges profiles by itself (rules 1 to {level}: {_alternatives(merged)}): "
            f"{_who(merged)} become one, for good, and what an event may write to one the other has too; "
            "leave MaxAllowedRuleLevelForMerging out (aws customer-profiles update-domain) until you have "
            "looked at the matches"
        )


def _alternatives(lists: Sequence[Sequence[str]]) -> str:
    return " or ".join(" and ".join(names) for names in lists) or "no attributes named"


def _who(rules: Sequence[Sequence[str]]) -> str:
    by_address = any(
        len(rule) == 1 and any(word in rule[0].lower() for word in _ADDRESS_WORDS) for rule in rules
    )
    return (
        "customers who share an address, as families do," if by_address else "customers with the same values"
    )


def _shared_keys(facts: DomainFacts) -> Iterator[str]:
    """Key names are the domain's: where another type ties objects by one of ours, values join customers."""
    own = {facts.events_type, facts.endpoints_type}
    for name, object_type in sorted(facts.object_types.items()):
        if name in own:
            continue
        for key_name, parts in sorted((object_type.get("Keys") or {}).items()):
            ties = any("PROFILE" in (part.get("StandardIdentifiers") or []) for part in parts)
            if not ties or name.startswith(_CONTACT_RECORD):
                continue
            if key_name in (_EMAIL_KEY, _PHONE_KEY):
                yield (
                    f"object type {name} finds profiles by {key_name}: its objects join the imported "
                    "customer with the same address; if that is another person at times, give its key "
                    "another name"
                )
            elif key_name == ENDPOINT_KEY and not name.endswith("-endpoints"):
                yield (
                    f"object type {name} finds profiles by {ENDPOINT_KEY} too: the same id there is the same "
                    "customer here; give stacks of other customers a domain of their own"
                )


def _own_types(facts: DomainFacts) -> Iterator[str]:
    if not facts.name.startswith(_DOMAIN_PREFIX):
        yield (
            f"the domain's name does not begin with {_DOMAIN_PREFIX}: Amazon Connect's service-linked role "
            "does not reach it; use a domain whose name does"
        )
    for name in (facts.events_type, facts.endpoints_type):
        if name not in facts.object_types:
            yield f"object type {name} is not in the domain: run pulumi up"
    endpoints = facts.object_types.get(facts.endpoints_type)
    if endpoints is not None:
        missing = sorted({"opt_out", "email", "phone"} - (endpoints.get("Fields") or {}).keys())
        missing += sorted({_EMAIL_KEY, _PHONE_KEY} - (endpoints.get("Keys") or {}).keys())
        if missing:
            yield (
                f"object type {facts.endpoints_type} is of an older version, without {', '.join(missing)} "
                f"({OPT_OUT_ATTRIBUTE} and search by address): run pulumi up"
            )
        days = endpoints.get("ExpirationDays")
        if days is not None and days < _SHORT_EXPIRATION_DAYS:
            yield (
                f"imported customers are forgotten after {days} days without an event: raise "
                "customerProfilesExpirationDays and run pulumi up before the import, what is imported keeps "
                "its days"
            )


def _quotas(facts: DomainFacts) -> Iterator[str]:
    taken = {
        name: object_type["MaxProfileObjectCount"]
        for name, object_type in facts.object_types.items()
        if object_type.get("MaxProfileObjectCount")
    }
    if sum(taken.values()) > _OBJECTS_OF_PROFILE:
        shares = ", ".join(f"{name} {count}" for name, count in sorted(taken.items()))
        yield (
            f"object types may have {sum(taken.values()):,} objects of a profile together ({shares}), which "
            f"has room for {_OBJECTS_OF_PROFILE:,}: lower customerProfilesMaxEventsPerProfile, or the other "
            "types' share"
        )
    for name, object_type in sorted(facts.object_types.items()):
        wanted, available = (
            object_type.get("MaxProfileObjectCount"),
            object_type.get("MaxAvailableProfileObjectCount"),
        )
        if wanted is not None and available is not None and available < wanted:
            yield (
                f"object type {name} wants {wanted:,} objects of a profile and the domain has {available:,} "
                "left: lower its MaxProfileObjectCount, or ask AWS Support for more"
            )


def _campaigns(facts: DomainFacts) -> Iterator[str]:
    connected = {name for integration in facts.integrations for name in _names_of(integration)}
    if _CONTACT_RECORD not in connected:
        yield (
            f"the contact record integration ({_CONTACT_RECORD}) is missing: no contact, and no result of a "
            "campaign, reaches a profile; enable Customer Profiles for the instance with this domain (Amazon "
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
            "campaigns (Amazon Connect console), or pass over this if you do not need it"
        )


def _names_of(integration: Mapping[str, Any]) -> Iterator[str]:
    if name := integration.get("ObjectTypeName"):
        yield name
    for source, target in (integration.get("ObjectTypeNames") or {}).items():
        yield source
        yield target
