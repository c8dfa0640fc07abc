"""What `doctor` says of an account, from the responses of the services."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from cli.errors import UsageError
from ops import checks, quota_checks
from ops.aws import Aws, CallError
from ops.capacity import CapacitySettings
from ops.examined import Examined, of_settings, of_stack
from ops.finding import Finding, State, of_local_run
from tests.documents import read
from tests.ops.examples import Account, stack

REGION = "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/k"
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}
PRINCIPALS = [f"logs.{REGION}.amazonaws.com", "cloudwatch.amazonaws.com"]


def found(name: str, examined: Examined | None = None, /, **responses: Any) -> Finding:
    """The finding of this name."""
    account = cast(Aws, Account(**{"get_caller_identity": {"Account": "123456789012"}, **responses}))
    all_of_them = checks.findings(account, examined or Examined(region=REGION), lambda _: None)
    return next(one for one in all_of_them if one.check == name)


def certificate(status: str = "ISSUED", *names: str) -> dict[str, Any]:
    return {
        "Certificate": {
            "Status": status,
            "DomainName": names[0] if names else "events.example.com",
            "SubjectAlternativeNames": list(names),
        }
    }


def key_policy(*services: str) -> dict[str, Any]:
    statements = [
        {"Effect": "Allow", "Principal": principal}
        for principal in (ROOT, *({"Service": service} for service in services))
    ]
    return {"Policy": json.dumps({"Statement": statements})}


def test_what_cannot_be_looked_at_is_a_warning() -> None:
    here = Examined(region=REGION, key_arn=KEY)
    finding = found("key", here)

    assert (finding.state, finding.detail) == (State.WARNING, "cannot be looked at (NotImplemented)")


def test_what_a_local_run_does_not_have_needs_nothing() -> None:
    denied, absent = (
        found("key", Examined(region=REGION, key_arn=KEY), describe_key=CallError("no", code=code))
        for code in ("AccessDenied", "404")
    )

    here = of_local_run([denied, absent])

    assert [one.fix for one in here] == [denied.fix, "nothing: a local run does not have it, and AWS does"]
    assert absent.fix == "look at it in the console"


def test_without_credentials_there_is_nothing_to_look_at() -> None:
    with pytest.raises(CallError):
        found("credentials", get_caller_identity=CallError("expired", code="ExpiredToken"))


def test_credentials_of_another_account_are_no_good() -> None:
    finding = found("credentials", of_stack(stack()), get_caller_identity={"Account": "999999999999"})

    assert (finding.state, "123456789012" in finding.detail) == (State.FAILED, True)


def limit_of_lambda(free: int, whole: int = 1_000) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": whole, "UnreservedConcurrentExecutions": free}}


def limit_of_api(rate: float) -> dict[str, Any]:
    return {"throttleSettings": {"rateLimit": rate, "burstLimit": 5_000}}


def before_deployment(**changes: Any) -> Examined:
    return Examined(region=REGION, load=CapacitySettings(region=REGION, **changes))


@pytest.mark.parametrize(
    ("free", "whole", "changes", "said", "asked"),
    [
        (10, 10, {}, "10 of 10 concurrent executions are free to use; this stack takes up to 5", 1_000),
        (1_000, 1_000, {}, "this stack takes up to 5", None),
        (200, 1_000, {"maximum_concurrency": 300}, "this stack takes up to 300", 1_100),
        (
            *(200, 1_000),
            {"is_authenticated": True, "throttling_rate_limit": 30_000},
            "this stack takes up to 305",
            1_105,
        ),
    ],
)
def test_lambda_has_executions_for_the_stack_or_the_command_to_ask_for_them_is_given(
    free: int, whole: int, changes: dict[str, Any], said: str, asked: int | None
) -> None:
    finding = found(
        "Lambda's limit", before_deployment(**changes), get_account_settings=limit_of_lambda(free, whole)
    )

    assert finding.detail.endswith(said)
    assert finding.state is (State.OK if asked is None else State.WARNING)
    assert (
        asked is None or f"--quota-code L-B99A9384 --desired-value {asked} --region {REGION}" in finding.fix
    )


def test_a_throttle_above_the_account_s_loses_events() -> None:
    finding = found(
        "API Gateway's limit",
        before_deployment(throttling_rate_limit=20_000),
        get_account=limit_of_api(10_000.0),
    )

    assert finding.state is State.WARNING
    assert "throttlingRateLimit is 20,000, so events above it are lost" in finding.detail
    assert "--quota-code L-8A5B8E43 --desired-value 20000" in finding.fix


def test_a_burst_above_the_account_s_is_no_use() -> None:
    examined = before_deployment(throttling_burst_limit=9_000)

    assert found("API Gateway's limit", examined, get_account=limit_of_api(10_000)).fix == (
        "set throttlingBurstLimit to 5000 or less"
    )


@pytest.mark.parametrize(
    ("response", "state", "said"),
    [
        ({"Quota": {"Value": 10_000.0}}, State.OK, "10,000 entries a second"),
        ({"Quota": {"Value": 400.0}}, State.WARNING, "400 entries a second; throttlingRateLimit is 1,000"),
        (
            CallError("no", code="NoSuchResourceException"),
            State.OK,
            "2,400 entries a second by default: Service Quotas (NoSuchResourceException)",
        ),
    ],
)
def test_eventbridge_takes_what_service_quotas_says_or_the_default(
    response: Any, state: State, said: str
) -> None:
    examined = before_deployment(destinations=("eventbridge",))

    finding = found("EventBridge's limit", examined, get_service_quota=response)

    assert (finding.state, finding.detail[: len(said)]) == (state, said)


def test_the_first_limit_is_that_of_the_stack_s_own_settings_and_quotas() -> None:
    stage = {"methodSettings": {"*/*": {"throttlingRateLimit": 50.0, "throttlingBurstLimit": 100}}}
    mapping = {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": 2}}
    function = {"Environment": {"Variables": {"CUSTOMER_PROFILES_REQUESTS_PER_SECOND": "2"}}}
    responses = {
        "get_stage": stage,
        "get_event_source_mapping": mapping,
        "get_function_configuration": function,
        "get_account_settings": limit_of_lambda(1_000),
        "get_account": limit_of_api(10_000),
    }
    deployed = of_stack(stack(api_id="a1"))

    assert found("capacity", deployed, **responses).detail.startswith(
        "40 events a second: first limit, Customer Profiles; above it an event waits in the queue"
    )
    function["Environment"]["Variables"] = {}
    assert (
        "50 events a second: first limit, stage of the API" in found("capacity", deployed, **responses).detail
    )


def test_what_a_stack_may_not_be_asked_is_said_once_and_its_account_is_looked_at_anyway() -> None:
    account = cast(Aws, Account(get_account_settings=limit_of_lambda(1_000)))
    said = list(quota_checks.findings(account, of_stack(stack())))

    assert [(one.check, one.state) for one in said] == [
        ("throttle of the stack", State.WARNING),
        ("Lambda's limit", State.OK),
        ("API Gateway's limit", State.WARNING),
    ]


@pytest.mark.parametrize(
    ("account", "state"), [({}, State.FAILED), ({"cloudwatchRoleArn": "arn:role"}, State.OK)]
)
def test_access_logs_need_the_role_of_the_account(account: dict[str, Any], state: State) -> None:
    examined = Examined(region=REGION, has_access_logs=True)

    assert found("role for access logs", examined, get_account=account).state is state


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (certificate("PENDING_VALIDATION"), State.FAILED),
        (certificate("ISSUED", "shop.example.com"), State.FAILED),
        (certificate("ISSUED", "events.example.com"), State.OK),
        (certificate("ISSUED", "*.example.com"), State.OK),
    ],
)
def test_a_certificate_is_issued_for_the_host(response: dict[str, Any], state: State) -> None:
    examined = Examined(region=REGION, certificate_arn="arn:acm", host_name="events.example.com")

    assert found("certificate", examined, describe_certificate=response).state is state


@pytest.mark.parametrize(
    ("key", "key_state", "services", "state"),
    [
        (KEY, "Enabled", PRINCIPALS, State.OK),
        (KEY, "Enabled", PRINCIPALS[:1], State.WARNING),
        (KEY, "Disabled", PRINCIPALS, State.FAILED),
        (KEY.replace(REGION, "us-east-1"), "Enabled", PRINCIPALS, State.FAILED),
    ],
)
def test_a_key_is_enabled_and_grants_what_logs_and_alarms_need(
    key: str, key_state: str, services: list[str], state: State
) -> None:
    finding = found(
        "key",
        Examined(region=REGION, key_arn=key),
        describe_key={"KeyMetadata": {"KeyState": key_state}},
        get_key_policy=key_policy(*services),
    )

    assert finding.state is state


@pytest.mark.parametrize(
    ("principal", "state"),
    [
        (ROOT, State.OK),
        ({"AWS": ["123456789012"]}, State.OK),
        ({"AWS": "arn:aws:iam::123456789012:role/admin"}, State.WARNING),
    ],
)
def test_the_policies_of_roles_count_only_if_the_key_says_so(principal: dict[str, Any], state: State) -> None:
    statements = [{"Effect": "Allow", "Principal": one} for one in (principal, {"Service": PRINCIPALS})]
    finding = found(
        "key",
        Examined(region=REGION, key_arn=KEY),
        describe_key={"KeyMetadata": {"KeyState": "Enabled"}},
        get_key_policy={"Policy": json.dumps({"Statement": statements})},
    )

    assert finding.state is state


def test_a_key_also_grants_what_the_queue_of_a_new_domain_needs() -> None:
    finding = found(
        "key",
        Examined(region=REGION, key_arn=KEY, makes_domain=True),
        describe_key={"KeyMetadata": {"KeyState": "Enabled"}},
        get_key_policy=key_policy(*PRINCIPALS),
    )

    assert (finding.state, finding.detail) == (
        State.WARNING,
        "its policy does not name profile.amazonaws.com",
    )


@pytest.mark.parametrize(
    ("arns", "state"),
    [(["PendingConfirmation"], State.FAILED), (["PendingConfirmation", "arn:aws:sns:x"], State.OK)],
)
def test_somebody_hears_of_alarms(arns: list[str], state: State) -> None:
    examined = of_stack(stack(alarm_topic_arn="arn:aws:sns:topic"))
    listed = {"Subscriptions": [{"SubscriptionArn": arn} for arn in arns]}

    assert found("alarms", examined, list_subscriptions_by_topic=listed).state is state


@pytest.mark.parametrize(("loop", "state"), [("Terminate", State.FAILED), ("Allow", State.OK)])
def test_loop_detection_must_not_end_retries(loop: str, state: State) -> None:
    response = {"RecursiveLoop": loop}

    finding = found("loop detection", of_stack(stack()), get_function_recursion_config=response)

    assert finding.state is state


@pytest.mark.parametrize(
    ("mapping", "state", "said"),
    [
        ("Enabled", State.OK, "Enabled; only status and --send show whether it takes messages"),
        ("Disabling", State.FAILED, "it is Disabling: events wait"),
        ("Updating", State.WARNING, "it is Updating: AWS is changing it"),
    ],
)
def test_the_event_source_is_said_to_be_no_more_than_its_state(mapping: str, state: State, said: str) -> None:
    finding = found("event source", of_stack(stack()), get_event_source_mapping={"State": mapping})

    assert (finding.state, finding.detail) == (state, said)


@pytest.mark.parametrize(
    ("stats", "said"),
    [
        (
            {"ProfileCount": 12_044, "MeteringProfileCount": 12_050, "ObjectCount": 96_120},
            "12,044 profiles, 12,050 billed, 96,120 objects",
        ),
        ({"ProfileCount": 0}, "0 profiles, "),
        ({}, "profiles not counted yet"),
    ],
)
def test_the_domain_says_how_many_profiles_it_has(stats: dict[str, int], said: str) -> None:
    examined = Examined(region=REGION, domain="amazon-connect-shop")

    assert found("domain", examined, get_domain={"Stats": stats}).detail == f"amazon-connect-shop: {said}"


@pytest.mark.parametrize(
    "domain",
    [
        {"RuleBasedMatching": {"Enabled": True, "MaxAllowedRuleLevelForMerging": 2}},
        {"Matching": {"Enabled": True, "AutoMerging": {"Enabled": True}}},
    ],
)
def test_rules_that_merge_customers_are_warned_of(domain: dict[str, Any]) -> None:
    examined = Examined(region=REGION, domain="amazon-connect-shop")

    assert found("merging of profiles", examined, get_domain=domain).state is State.WARNING
    assert found("merging of profiles", examined, get_domain={}).state is State.OK


def test_the_codes_of_quotas_are_those_of_the_page_on_scaling() -> None:
    page = read("docs/scaling.md")

    for quota in (quota_checks.API_REQUESTS, quota_checks.EXECUTIONS, quota_checks.BUS_REQUESTS):
        assert f"*{quota.name}* | `{quota.service}` | `{quota.code}` |" in page


@pytest.mark.parametrize("name", ["dev", "prod", "pinpoint"])
def test_what_each_stack_of_the_repository_asks_of_quotas_is_read_from_its_settings(name: str) -> None:
    load = of_settings(Path(f"Pulumi.{name}.yaml")).load

    assert load is not None
    assert (load.is_authenticated, load.throttling_rate_limit) == (name == "prod", 1_000)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("throttlingRateLimit: [1]", "throttlingRateLimit is [1], and must be a whole number"),
        ("maximumConcurrency: {secure: AAA}", "maximumConcurrency is {'secure': 'AAA'}, and must be a whole"),
        ("destinations: firehose", "destinations is 'firehose', and must be a list"),
    ],
)
def test_a_setting_of_another_type_is_one_line(setting: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.live.yaml"
    file.write_text(f"config:\n  aws:region: {REGION}\n  gtm-pixel:{setting}\n")

    with pytest.raises(UsageError, match=re.escape(said)):
        of_settings(file)
