"""A stack's whole life in the local run, and what is seen of it.

It is deployed with everything, changed in place, reduced to one destination and nothing else while events
arrive, given everything again, and destroyed.
"""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from moto.iam.access_control import IAMRequestBase

from local.deployment.cloud import Cloud
from local.deployment.resources.target import Target
from local.run import LocalRun, LocalRunError
from tests.patience import PATIENCE_SECONDS, eventually
from tests.runs import AT_ONCE, settle
from tests.test_program import DOMAIN, EVERYTHING, SAFEGUARDS

_SECONDS_BETWEEN_EVENTS: Final = 0.05

TRIGGER: Final[Mapping[str, Any]] = {"name": "large-purchase", "event": "purchase"}

ALL: Final[Mapping[str, Any]] = {
    **EVERYTHING,
    **dict.fromkeys(SAFEGUARDS, ""),
    "protect": False,
    "customerProfilesNewDomain": True,
    "customerProfilesDeadLetterQueue": "",
    "customerProfilesTriggers": [
        {**TRIGGER, "campaignArn": "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/1"}
    ],
}

CHANGED: Final[Mapping[str, Any]] = {
    **ALL,
    **SAFEGUARDS,
    "aws:defaultTags": {"tags": {"stack": "prod", "team": "shop"}},
    "functionTimeoutSeconds": 70,
    "functionMemoryMb": 512,
    "batchSize": 5,
    "logRetentionDays": 90,
    "monthlyBudgetUsd": 60,
    "alarmRejectedPercent": 40,
    "rateLimitPerIpPer5Minutes": 5000,
    "rateLimitExemptCidrs": ["203.0.113.8/32", "2001:db8:1::/48"],
    "throttlingMethods": [{"method": "POST", "rateLimit": 20, "burstLimit": 40}],
    "tlsPolicy": "SecurityPolicy_TLS13_1_2_2021_06",
    "eventbridgeArchiveDays": 40,
    "firehoseBufferSeconds": 120,
    "profileAttributes": ["plan"],
    "customerProfilesTriggers": [{**TRIGGER, "expirationMinutes": 5}],
    "customerProfilesExpirationDays": 90,
}
"""Another value of whatever can be changed in place."""

PLAIN: Final[Mapping[str, Any]] = {
    "protect": False,
    "customerProfilesNewDomain": True,
    "authMode": "open",
    "destinations": ["customer-profiles"],
    "rateLimitPerIpPer5Minutes": 0,
    "alarms": False,
    "alarmEmail": "",
    "dashboard": False,
    "stageName": "v2",
    "previousStageName": "v1",
}
"""One destination and nothing else."""

AGAIN: Final = {key: value for key, value in ALL.items() if key not in {*DOMAIN, "hostedZoneId"}} | {
    "stageName": "v2"
}
"""All without a domain, and with the new stage alone."""


def overrides(settings: Mapping[str, Any]) -> list[str]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    return [*AT_ONCE, *(f"{key}={value}" for key, value in texts.items())]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request with an event of its own endpoint. `phase` is the change during which it was sent."""

    endpoint_id: str
    status: int
    phase: str


@dataclass(slots=True)
class Traffic:
    """Sends events one after the other, until stopped."""

    url: str
    phase: str = ""
    sent: list[Sent] = field(default_factory=list[Sent])

    @contextmanager
    def running(self) -> Iterator[None]:
        stopping = threading.Event()
        thread = threading.Thread(target=self._send_all, args=[stopping])
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join(PATIENCE_SECONDS)

    def _send_all(self, stopping: threading.Event) -> None:
        numbers = itertools.count()
        while not stopping.wait(_SECONDS_BETWEEN_EVENTS):
            endpoint_id, phase, url = f"visitor-{next(numbers)}", self.phase, urlsplit(self.url)
            with closing(HTTPConnection(url.netloc, timeout=PATIENCE_SECONDS)) as connection:
                connection.request("GET", f"{url.path}?event=purchase&endpoint_id={endpoint_id}")
                response = connection.getresponse()
                response.read()
            self.sent.append(Sent(endpoint_id, response.status, phase))


@dataclass(slots=True)
class Life:
    """What was seen."""

    traffic: Traffic
    # The deployer's actions, by change.
    actions: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    # How often an endpoint's event was recorded, by destination.
    recorded: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    problems: list[str] = field(default_factory=list[str])
    missing_permission: str = ""
    other_region: str = ""
    # Values in the account after the change of what can be changed in place.
    changed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    left: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    dead_letters: int = 0


def live(run: LocalRun, noted: set[str]) -> Life:
    life = Life(Traffic(run.outputs["execute_api_events_url"]))

    def end(phase: str) -> None:
        life.actions[phase] = set(noted)
        noted.clear()

    def change(phase: str, settings: Mapping[str, Any]) -> LocalRun:
        life.traffic.phase = phase
        changed = run.change(*overrides(settings))
        end(phase)
        return changed

    end("create")
    run = change("update", CHANGED)
    life.changed = _values(run)
    # The queue has its key some time before the processor may use it (docs/protection.md).
    before = len(run.problems.lines)
    with life.traffic.running():
        run = change("take away", PLAIN)
        life.traffic.url = run.outputs["events_url"]
        run = change("add", AGAIN)
        run = change("nothing", AGAIN)
        eventually(lambda: life.traffic.sent[-1].phase == "nothing")
    _wait_until_recorded(run, life)
    life.problems = run.problems.lines[before:]
    life.dead_letters = len(run.queues.dead_letters())
    with pytest.raises(LocalRunError) as refused:
        change("another Region", {**AGAIN, "aws:region": "eu-west-1"})
    life.other_region = str(refused.value)
    end("another Region")
    with _deployer_without(run.cloud, "sqs:DeleteQueue"), pytest.raises(LocalRunError) as refused:
        run.destroy()
    life.missing_permission = str(refused.value)
    run.destroy()
    end("destroy")
    life.left = _left(run.cloud)
    return life


def _wait_until_recorded(run: LocalRun, life: Life) -> None:
    """Wait until the queue is empty, without the delay of retries."""

    def is_empty() -> bool:
        settle(run)
        return not run.queues._messages("queue_url")

    eventually(is_empty)
    for event in run.recorder.events():
        life.recorded.setdefault(event.destination, Counter())[event.endpoint_id] += 1


def note_actions(monkeypatch: pytest.MonkeyPatch, noted: set[str]) -> None:
    """Note each action of the deployer that is checked, for moto's services and for those that it lacks."""
    check_request, check_permission = IAMRequestBase.check_action_permitted, Target.check_permission

    def note_request(request: Any, resource: str) -> None:
        check_request(request, resource)
        if request._access_key.arn.endswith(":user/deployer"):
            noted.add(request._action)

    def note_permission(target: Target, action: str, resource: str = "*") -> None:
        check_permission(target, action, resource)
        noted.add(action)

    monkeypatch.setattr(IAMRequestBase, "check_action_permitted", note_request)
    monkeypatch.setattr(Target, "check_permission", note_permission)


@contextmanager
def _deployer_without(cloud: Cloud, action: str) -> Iterator[None]:
    place = {"UserName": "deployer", "PolicyName": "deployer"}
    iam = cloud.client("iam")
    document = json.dumps(iam.get_user_policy(**place)["PolicyDocument"])
    assert action in document
    iam.put_user_policy(**place, PolicyDocument=document.replace(action, "sqs:GetQueueUrl"))
    yield
    iam.put_user_policy(**place, PolicyDocument=document)


def _values(run: LocalRun) -> Mapping[str, Any]:
    """Some of the values that differ between ALL and CHANGED, as the account has them."""
    client, outputs = run.cloud.client, run.outputs
    queue = client("sqs").get_queue_attributes(QueueUrl=outputs["queue_url"], AttributeNames=["All"])
    function = client("lambda").get_function_configuration(
        FunctionName=outputs["function_name"], Qualifier="live"
    )
    mapping = client("lambda").get_event_source_mapping(UUID=outputs["event_source_id"])
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=outputs["log_group"])["logGroups"]
    (stage,) = client("apigateway").get_stages(restApiId=outputs["api_id"])["item"]
    (archive,) = client("events").list_archives()["Archives"]
    (budget,) = client("budgets").describe_budgets(AccountId=run.cloud.account_id)["Budgets"]
    role = client("iam").get_role(RoleName=function["Role"].rpartition("/")[2])["Role"]
    return {
        "queue's timeout": queue["Attributes"]["VisibilityTimeout"],
        "queue's key": queue["Attributes"]["KmsMasterKeyId"],
        "queue's tags": client("sqs").list_queue_tags(QueueUrl=outputs["queue_url"])["Tags"],
        "role's boundary": role["PermissionsBoundary"]["PermissionsBoundaryArn"],
        "role's tags": {tag["Key"]: tag["Value"] for tag in role["Tags"]},
        "function": (function["Version"], function["Timeout"], function["MemorySize"]),
        "batch size": mapping["BatchSize"],
        "days of logs": group["retentionInDays"],
        "limit of POST": stage["methodSettings"]["events/POST"]["throttlingRateLimit"],
        "days of the archive": archive["RetentionDays"],
        "budget": budget["BudgetLimit"]["Amount"],
    }


def _left(cloud: Cloud) -> Mapping[str, list[str]]:
    """The names of what is in the account, by kind, without kinds of which there is none."""

    def names(service: str, operation: str, items: str, name: str | None, **parameters: Any) -> list[str]:
        found = getattr(cloud.client(service), operation)(**parameters).get(items, [])
        return [str(one[name] if name else one) for one in found]

    account, regional = {"AccountId": cloud.account_id}, {"Scope": "REGIONAL"}
    kinds = {
        "alarms": names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "APIs": names("apigateway", "get_rest_apis", "items", "name"),
        "archives": names("events", "list_archives", "Archives", "ArchiveName"),
        "buckets": names("s3", "list_buckets", "Buckets", "Name"),
        "budgets": names("budgets", "describe_budgets", "Budgets", "BudgetName", **account),
        "buses": names("events", "list_event_buses", "EventBuses", "Name"),
        "dashboards": names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "domains": names("apigateway", "get_domain_names", "items", "domainName"),
        "event sources": names("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        "functions": names("lambda", "list_functions", "Functions", "FunctionName"),
        "IP sets": names("wafv2", "list_ip_sets", "IPSets", "Name", **regional),
        "log groups": names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "queues": names("sqs", "list_queues", "QueueUrls", None),
        "roles": names("iam", "list_roles", "Roles", "RoleName"),
        "streams": names("firehose", "list_delivery_streams", "DeliveryStreamNames", None),
        "subscriptions": names("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
        "topics": names("sns", "list_topics", "Topics", "TopicArn"),
        "web ACLs": names("wafv2", "list_web_acls", "WebACLs", "Name", **regional),
    }
    return {kind: found for kind, found in kinds.items() if found}
