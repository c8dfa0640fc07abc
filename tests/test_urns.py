"""Lists every URN that a stack can have.

To Pulumi, a new URN means a new resource: it creates the new one and deletes the old one. A
new REST API has a new URL, which no tag calls, and a new queue has none of the waiting events. Before you
change a line here, give the resource an alias (https://www.pulumi.com/docs/iac/concepts/options/aliases/).
"""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from tests.test_program import DOMAIN as DOMAIN_SETTINGS
from tests.test_program import MONITORED, PINPOINT, UNMONITORED, recorded

OPEN = """
pulumi:index:Stash::gtm-pixel-first-deployment
gtm-pixel:index:EventPixel::gtm-pixel
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:cloudwatch/logGroup:LogGroup::gtm-pixel-processor-logs
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:iam/role:Role::gtm-pixel-processor-role
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:iam/rolePolicy:RolePolicy::gtm-pixel-processor-policy
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:lambda/alias:Alias::gtm-pixel-processor-live
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:lambda/eventSourceMapping:EventSourceMapping::gtm-pixel-processor-source
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:lambda/function:Function::gtm-pixel-processor
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:lambda/functionRecursionConfig:FunctionRecursionConfig::gtm-pixel-processor-recursion
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor::gtm-pixel-processor
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue$aws:sqs/queue:Queue::gtm-pixel-events
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue$aws:sqs/queue:Queue::gtm-pixel-events-dead-letter
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue$aws:sqs/queuePolicy:QueuePolicy::gtm-pixel-events-dead-letter-tls-only
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue$aws:sqs/queuePolicy:QueuePolicy::gtm-pixel-events-tls-only
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue$aws:sqs/redriveAllowPolicy:RedriveAllowPolicy::gtm-pixel-events-redrive-allow
gtm-pixel:index:EventPixel$gtm-pixel:index:EventQueue::gtm-pixel-events
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/deployment:Deployment::gtm-pixel-api-deployment
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/methodSettings:MethodSettings::gtm-pixel-api-throttling-v1
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/restApi:RestApi::gtm-pixel-api
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/stage:Stage::gtm-pixel-api-stage-v1
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:iam/role:Role::gtm-pixel-api-role
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:iam/rolePolicy:RolePolicy::gtm-pixel-api-send-message
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi::gtm-pixel-api
"""

AUTHENTICATED = """
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:lambda/permission:Permission::gtm-pixel-api-invoke-authorizer
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer$aws:cloudwatch/logGroup:LogGroup::gtm-pixel-authorizer-logs
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer$aws:iam/role:Role::gtm-pixel-authorizer-role
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer$aws:iam/rolePolicy:RolePolicy::gtm-pixel-authorizer-policy
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer$aws:lambda/alias:Alias::gtm-pixel-authorizer-live
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer$aws:lambda/function:Function::gtm-pixel-authorizer
gtm-pixel:index:EventPixel$gtm-pixel:index:TokenAuthorizer::gtm-pixel-authorizer
"""

NEW_STREAM = """
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:cloudwatch/logGroup:LogGroup::gtm-pixel-processor-firehose-errors
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:cloudwatch/logStream:LogStream::gtm-pixel-processor-firehose-errors-delivery
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:iam/role:Role::gtm-pixel-processor-firehose-role
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:iam/rolePolicy:RolePolicy::gtm-pixel-processor-firehose-policy
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream::gtm-pixel-processor-firehose
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucket:Bucket::gtm-pixel-processor-firehose-bucket
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration::gtm-pixel-processor-firehose-bucket-lifecycle
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucketOwnershipControls:BucketOwnershipControls::gtm-pixel-processor-firehose-bucket-ownership
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucketPolicy:BucketPolicy::gtm-pixel-processor-firehose-bucket-tls-only
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock::gtm-pixel-processor-firehose-bucket-private
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream$aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration::gtm-pixel-processor-firehose-bucket-encryption
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:FirehoseStream::gtm-pixel-processor-firehose
"""

NEW_BUS = """
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:cloudwatch/eventArchive:EventArchive::gtm-pixel-processor-eventbridge-archive
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$aws:cloudwatch/eventBus:EventBus::gtm-pixel-processor-eventbridge
"""

CUSTOMER_PROFILES = """
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:CustomerProfiles$aws:cloudformation/stack:Stack::gtm-pixel-processor-customer-profiles
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:CustomerProfiles::gtm-pixel-processor-customer-profiles
"""

NEW_DOMAIN = """
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:CustomerProfiles$aws:sqs/queue:Queue::gtm-pixel-processor-customer-profiles-dead-letter
gtm-pixel:index:EventPixel$gtm-pixel:index:EventProcessor$gtm-pixel:index:CustomerProfiles$aws:sqs/queuePolicy:QueuePolicy::gtm-pixel-processor-customer-profiles-dead-letter-policy
"""

ACCESS_LOGS = """
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:cloudwatch/logGroup:LogGroup::gtm-pixel-api-access-logs
"""

DOMAIN = """
gtm-pixel:index:EventPixel$gtm-pixel:index:CustomDomain$aws:apigateway/basePathMapping:BasePathMapping::gtm-pixel-domain-mapping
gtm-pixel:index:EventPixel$gtm-pixel:index:CustomDomain$aws:apigateway/domainName:DomainName::gtm-pixel-domain
gtm-pixel:index:EventPixel$gtm-pixel:index:CustomDomain$aws:route53/record:Record::gtm-pixel-domain-ipv4
gtm-pixel:index:EventPixel$gtm-pixel:index:CustomDomain$aws:route53/record:Record::gtm-pixel-domain-ipv6
gtm-pixel:index:EventPixel$gtm-pixel:index:CustomDomain::gtm-pixel-domain
"""

WEB_ACL_ASSOCIATION = """
gtm-pixel:index:EventPixel$gtm-pixel:index:WebAcl$aws:wafv2/webAclAssociation:WebAclAssociation::gtm-pixel-web-acl-association-v1
gtm-pixel:index:EventPixel$gtm-pixel:index:WebAcl::gtm-pixel-web-acl
"""

WEB_ACL = f"""
{WEB_ACL_ASSOCIATION}
gtm-pixel:index:EventPixel$gtm-pixel:index:WebAcl$aws:wafv2/ipSet:IpSet::gtm-pixel-web-acl-exempt-ipv4
gtm-pixel:index:EventPixel$gtm-pixel:index:WebAcl$aws:wafv2/ipSet:IpSet::gtm-pixel-web-acl-exempt-ipv6
gtm-pixel:index:EventPixel$gtm-pixel:index:WebAcl$aws:wafv2/webAcl:WebAcl::gtm-pixel-web-acl
"""

MONITORING = """
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:budgets/budget:Budget::gtm-pixel-monitoring-budget
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/dashboard:Dashboard::gtm-pixel-monitoring-dashboard
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-api-errors
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-authorizer-errors
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-authorizer-throttles
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-blocked-requests
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-dead-letters
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-domain-dead-letters
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-firehose-delivery-age
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-firehose-throttled
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-key-fetches-failed
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-keys-unavailable
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-late-retries
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-left-in-queue
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-no-traffic
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-no-valid-token
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-processor-duration
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-processor-errors
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-processor-throttles
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-queue-age
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-rejected
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-retried-customer-profiles
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-retried-firehose
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/metricAlarm:MetricAlarm::gtm-pixel-monitoring-retries-waiting
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-batches
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-dead-letters
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-errors
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-rejected
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-request
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-retried
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$aws:cloudwatch/queryDefinition:QueryDefinition::gtm-pixel-monitoring-query-tokens
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$gtm-pixel:index:AlarmTopic$aws:sns/topic:Topic::gtm-pixel-monitoring-alarms
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$gtm-pixel:index:AlarmTopic$aws:sns/topicPolicy:TopicPolicy::gtm-pixel-monitoring-alarms-policy
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$gtm-pixel:index:AlarmTopic$aws:sns/topicSubscription:TopicSubscription::gtm-pixel-monitoring-alarms-email
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring$gtm-pixel:index:AlarmTopic::gtm-pixel-monitoring-alarms
gtm-pixel:index:EventPixel$gtm-pixel:index:Monitoring::gtm-pixel-monitoring
"""

THROTTLED_METHODS = """
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/methodSettings:MethodSettings::gtm-pixel-api-throttling-v1-get
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/methodSettings:MethodSettings::gtm-pixel-api-throttling-v1-options
gtm-pixel:index:EventPixel$gtm-pixel:index:PixelApi$aws:apigateway/methodSettings:MethodSettings::gtm-pixel-api-throttling-v1-post
"""

SCENARIOS: Mapping[str, tuple[dict[str, Any], str]] = {
    "open": ({"authMode": "open", "oidcIssuer": "", "oidcAudiences": []}, ""),
    "authenticated": ({}, AUTHENTICATED),
}

WITHOUT_PROFILES: dict[str, Any] = {
    "customerProfilesDomain": "",
    "customerProfilesTriggerAttributes": [],
    "customerProfilesTriggerMetrics": [],
    "customerProfilesTriggers": [],
    "profileAttributes": [],
}

DESTINATIONS: Mapping[str, tuple[dict[str, Any], str]] = {
    "pinpoint": ({"destinations": ["pinpoint"], **PINPOINT, **WITHOUT_PROFILES}, ""),
    "customer-profiles": ({"destinations": ["customer-profiles"]}, CUSTOMER_PROFILES),
    "new domain": (
        {"destinations": ["customer-profiles"], "customerProfilesNewDomain": True},
        CUSTOMER_PROFILES + NEW_DOMAIN,
    ),
    "firehose": ({"destinations": ["firehose"], **WITHOUT_PROFILES}, NEW_STREAM),
    "a stream that exists": (
        {"destinations": ["firehose"], "firehoseStream": "events", **WITHOUT_PROFILES},
        "",
    ),
    "eventbridge": (
        {"destinations": ["eventbridge"], "eventbridgeArchiveDays": 30, **WITHOUT_PROFILES},
        NEW_BUS,
    ),
    "a bus that exists": (
        {"destinations": ["eventbridge"], "eventbridgeBus": "default", **WITHOUT_PROFILES},
        "",
    ),
    "all": (
        {
            "destinations": ["pinpoint", "customer-profiles", "firehose", "eventbridge"],
            "eventbridgeArchiveDays": 30,
            **PINPOINT,
        },
        CUSTOMER_PROFILES + NEW_STREAM + NEW_BUS,
    ),
}

LOGS: Mapping[str, tuple[dict[str, Any], str]] = {
    "no access logs": ({}, ""),
    "access logs": ({"accessLogs": True, "tracing": True}, ACCESS_LOGS),
}

WITHOUT_WEB_ACL: dict[str, Any] = {"rateLimitPerIpPer5Minutes": 0}

PROTECTION: Mapping[str, tuple[dict[str, Any], str]] = {
    "limits of methods": (
        {
            "allowedOrigins": ["*"],
            "throttlingMethods": [
                {"method": method, "rateLimit": 1, "burstLimit": 1} for method in ("GET", "POST", "OPTIONS")
            ],
        },
        THROTTLED_METHODS,
    ),
    "rate by address": (
        {
            "rateLimitPerIpPer5Minutes": 6000,
            "rateLimitExemptCidrs": ["203.0.113.7/32", "2001:db8::/32"],
        },
        WEB_ACL,
    ),
    "a web ACL that exists": (
        {"webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/own/1"},
        WEB_ACL_ASSOCIATION,
    ),
    "domain": ({**DOMAIN_SETTINGS, "hostedZoneId": "Z1"}, DOMAIN),
}


# Every scenario and every kind of logs with all destinations, and every destination by itself.
CASES = [
    *itertools.product(SCENARIOS, ["all"], LOGS),
    *(
        ("authenticated", destination, "no access logs")
        for destination in DESTINATIONS
        if destination != "all"
    ),
]


@pytest.mark.parametrize(("scenario", "destination", "logs"), CASES)
def test_a_stack_has_exactly_these_urns(scenario: str, destination: str, logs: str) -> None:
    variants = SCENARIOS[scenario], DESTINATIONS[destination], LOGS[logs], (UNMONITORED, "")
    settings = {key: value for setting, _ in variants for key, value in setting.items()}

    found = recorded("prod", **WITHOUT_WEB_ACL, **settings).urns()

    assert found == set("".join([OPEN, *(urns for _, urns in variants)]).split())


@pytest.mark.parametrize("protection", PROTECTION)
def test_a_protected_stack_adds_exactly_these_urns(protection: str) -> None:
    settings, urns = PROTECTION[protection]

    bare = {**UNMONITORED, **WITHOUT_WEB_ACL}
    added = recorded("prod", **{**bare, **settings}).urns() - recorded("prod", **bare).urns()
    assert added == set(urns.split())


def test_monitoring_adds_exactly_these_urns() -> None:
    added = recorded("prod", **MONITORED).urns() - recorded("prod", **UNMONITORED).urns()

    assert added == set(MONITORING.split())


def test_every_urn_is_unique() -> None:
    parts = OPEN, AUTHENTICATED, NEW_STREAM, CUSTOMER_PROFILES, ACCESS_LOGS, DOMAIN, WEB_ACL, MONITORING
    urns = "".join(parts).split()

    assert len(urns) == len(set(urns))


def test_a_stack_deployed_before_event_pixel_keeps_its_resources() -> None:
    """Their URNs did not begin with EventPixel. A component passes its alias on to its children."""
    parts = [one for one in recorded("prod", **UNMONITORED).resources if one.parent == "gtm-pixel"]

    assert {one.name: one.formerly_without_parent for one in parts} == {
        "gtm-pixel-events": True,
        "gtm-pixel-authorizer": True,
        "gtm-pixel-processor": True,
        "gtm-pixel-api": True,
        "gtm-pixel-web-acl": True,
    }
