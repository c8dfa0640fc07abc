"""The table of docs/changes.md says which change touches which resource: compared with what is declared.

The engine creates, updates and deletes by the differences between two declarations. What it replaces is what
the local run knows of the AWS provider.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pytest

from local.deployment.resources.declaration import comparable
from local.deployment.resources.provider import served
from tests.documents import read, rows, section
from tests.recording import Recording
from tests.test_program import recorded

Settings = Mapping[str, Any]

# What is created, updated, replaced and deleted, by change.
TABLE: Final = {row[0]: row[1:] for row in rows(section(read("docs/changes.md"), "What a change replaces"))}

REFUSED: Final = {"renamed stack, another Region"}
"""Tested in tests/test_changes.py."""

WORDS: Final = {
    "alarms": r"monitoring-(?!dashboard|query|budget).+",
    "API": "api",
    "archive": "processor-eventbridge-archive",
    "authorizer": "authorizer.*|api-invoke-authorizer",
    "bucket": "processor-firehose-bucket.*",
    "budget": "monitoring-budget",
    "bus": "processor-eventbridge",
    "CloudFormation stack": "processor-customer-profiles",
    "dashboard": "monitoring-(dashboard|query-.+)",
    "deployment": "api-deployment",
    "domain name": "domain",
    "event source": "processor-source",
    "`live`": "processor-live",
    "log groups": ".+-logs|processor-firehose-errors",
    "mapping": "domain-mapping",
    "policies": ".+-policy|api-send-message",
    "processor": "processor",
    "processor's policy": "processor-policy",
    "queue": "events(-dead-letter)?",
    "records": "domain-ipv[46]",
    "roles": ".+-role",
    "stage": "api-stage-v[12]",
    "stream": "processor-firehose(-role|-policy|-errors.*)?",
    "subscription": "monitoring-alarms-email",
    "throttle": "api-throttling-v[12]",
    "web ACL": "web-acl",
    "web ACL's association": "web-acl-association-v[12]",
}
"""What a word of the table stands for: logical names, without the project's."""

WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/NAME/11111111-2222-3333-4444-555555555555"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"

AUTHENTICATED: Final = {
    "authMode": "authenticated",
    "oidcIssuer": "https://issuer.example",
    "oidcAudiences": ["one"],
    "profileUpdates": "none",
}
FIREHOSE: Final = {"destinations": ["pinpoint", "firehose"]}
EVENTBRIDGE: Final = {"destinations": ["pinpoint", "eventbridge"]}
ARCHIVE: Final = {**EVENTBRIDGE, "eventbridgeArchiveDays": 30}
PROFILES: Final = {
    "destinations": ["pinpoint", "customer-profiles"],
    "customerProfilesDomain": "amazon-connect-one",
    "profileAttributes": ["plan"],
}
ALARMS: Final = {"alarms": True, "alarmEmail": "on-call@example.com"}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
DOMAIN: Final = {"domainName": "events.example.com", "certificateArn": CERTIFICATE}
RECORDS: Final = {**DOMAIN, "hostedZoneId": "Z0123456789"}
RATE: Final = {"rateLimitPerIpPer5Minutes": 6000}
LIMITED: Final = {**RATE, **DOMAIN}
TWO_STAGES: Final = {"stageName": "v2", "previousStageName": "v1"}

# Each row's settings before and after, on top of a small stack's.
CHANGES: Final[Mapping[str, tuple[Settings, Settings]]] = {
    "code, `functionMemoryMb`, `retryHours`": ({}, {"functionMemoryMb": 1024, "retryHours": 12}),
    "`processorVersion`": ({}, {"processorVersion": 4}),
    "`tracing`": ({}, {"tracing": True}),
    "`batchSize`": ({}, {"batchSize": 50}),
    "`maximumConcurrency`": (PROFILES, {**PROFILES, "maximumConcurrency": 8}),
    "`batchWindowSeconds`": ({}, {"batchWindowSeconds": 5}),
    "`functionTimeoutSeconds`, `maxReceiveCount`": ({}, {"functionTimeoutSeconds": 90, "maxReceiveCount": 7}),
    "`destinations` with `firehose`": ({}, FIREHOSE),
    "`destinations` without `firehose`": (FIREHOSE, {}),
    "`firehoseStream`": (FIREHOSE, {**FIREHOSE, "firehoseStream": "existing"}),
    "`firehoseBufferSeconds`": (FIREHOSE, {**FIREHOSE, "firehoseBufferSeconds": 60}),
    "`destinations` with `eventbridge`": ({}, EVENTBRIDGE),
    "`destinations` without `eventbridge`": (EVENTBRIDGE, {}),
    "`eventbridgeBus`": (ARCHIVE, {**ARCHIVE, "eventbridgeBus": "existing"}),
    "`eventbridgeArchiveDays` to 0": (ARCHIVE, EVENTBRIDGE),
    "`destinations` with `customer-profiles`": ({}, PROFILES),
    "`destinations` without `customer-profiles`": (PROFILES, {}),
    "`customerProfilesDomain`": (PROFILES, {**PROFILES, "customerProfilesDomain": "amazon-connect-two"}),
    "`customerProfilesObjectType`": (PROFILES, {**PROFILES, "customerProfilesObjectType": "another"}),
    "`pinpointApplicationId`": ({}, {"pinpointApplicationId": "1" * 32}),
    "`authMode` to `authenticated`": ({}, AUTHENTICATED),
    "`authMode` to `open`": (AUTHENTICATED, {}),
    "`oidcAudiences`": (AUTHENTICATED, {**AUTHENTICATED, "oidcAudiences": ["another"]}),
    "`allowedOrigins`": (RATE, {**RATE, "allowedOrigins": ["https://www.example.com"]}),
    "`tlsPolicy`": (DOMAIN, {**DOMAIN, "tlsPolicy": "SecurityPolicy_TLS13_1_2_2021_06"}),
    "`stageName` with `previousStageName`": (LIMITED, {**LIMITED, **TWO_STAGES}),
    "`previousStageName` removed": ({**LIMITED, **TWO_STAGES}, {**LIMITED, "stageName": "v2"}),
    "`stageName` alone": (LIMITED, {**LIMITED, "stageName": "v2"}),
    "`throttlingRateLimit`": ({}, {"throttlingRateLimit": 500}),
    "`rateLimitPerIpPer5Minutes` to 0": (RATE, {}),
    "`rateLimitPerIpPer5Minutes`": (RATE, {"rateLimitPerIpPer5Minutes": 7000}),
    "`webAclArn`": (RATE, {"webAclArn": WEB_ACL}),
    "`domainName`, `certificateArn`": ({}, DOMAIN),
    "`hostedZoneId`": (DOMAIN, RECORDS),
    "`certificateArn`": (DOMAIN, {**DOMAIN, "certificateArn": f"{CERTIFICATE}2"}),
    "`executeApiEndpoint`": (DOMAIN, {**DOMAIN, "executeApiEndpoint": False}),
    "another `domainName`": (RECORDS, {**RECORDS, "domainName": "e.example.com"}),
    "`kmsKeyArn`": (FIREHOSE, {**FIREHOSE, "kmsKeyArn": KEY}),
    "`permissionsBoundaryArn`": ({}, {"permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary"}),
    "`logRetentionDays`": (FIREHOSE, {**FIREHOSE, "logRetentionDays": 90}),
    "`accessLogs`": ({}, {"accessLogs": True}),
    "`alarms`, `alarmEmail`": ({}, ALARMS),
    "another `alarmEmail`": (ALARMS, {**ALARMS, "alarmEmail": "other@example.com"}),
    "`dashboard`": ({}, {"dashboard": True}),
    "`monthlyBudgetUsd`": (ALARMS, {**ALARMS, "monthlyBudgetUsd": 50}),
    "`protect`": ({}, {"protect": True}),
}


class Effects(NamedTuple):
    """Logical names, without the project's."""

    created: set[str]
    updated: set[str]
    replaced: set[str]
    deleted: set[str]


def stack(settings: Settings) -> Recording:
    return recorded("pinpoint", **settings)


def effects(before: Recording, after: Recording) -> Effects:
    found = Effects(set(), set(), set(), set())
    old = {r.name: r for r in before.resources if r.name in before.names()}
    new = {r.name: r for r in after.resources if r.name in after.names()}
    for name in old.keys() | new.keys():
        short = name.removeprefix("gtm-pixel-")
        if name not in old:
            found.created.add(short)
        elif name not in new:
            if not old[name].retained:
                found.deleted.add(short)
        else:
            one, two = comparable(old[name].inputs), comparable(new[name].inputs)
            changed = {key for key in {*one, *two} if one.get(key) != two.get(key)}
            if changed:
                is_replaced = changed & set(served(new[name].type, name).replaced_by)
                (found.replaced if is_replaced else found.updated).add(short)
    return found


def words(cell: str) -> list[str]:
    """The words of a cell, without links and remarks."""
    plain = re.sub(
        r"\[([^]]+)\]\([^)]+\)", r"\1", re.sub(r" \(\[.*?\]\(.*?\)\)|: .*|, with its .*", "", cell)
    )
    return [word for word in plain.split(", ") if word]


def test_every_row_is_compared() -> None:
    assert TABLE.keys() == CHANGES.keys() | REFUSED


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_touches_what_its_row_says(change: str) -> None:
    before, after = CHANGES[change]

    for cell, touched in zip(TABLE[change], effects(stack(before), stack(after)), strict=True):
        patterns = [f"({WORDS[word]})" for word in words(cell)]
        unnamed = {name for name in touched if not re.fullmatch("|".join(patterns), name)}
        idle = {pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in touched)}

        assert (unnamed, idle) == (set(), set())
