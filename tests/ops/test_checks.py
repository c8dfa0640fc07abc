"""What `doctor` says of an account, from the responses of the services."""

import json
from typing import Any, cast

import pytest

from ops import checks
from ops.aws import Aws
from ops.checks import Finding, State
from ops.examined import Examined, of_stack
from tests.ops.examples import Account, stack

REGION = "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/k"
PRINCIPALS = [f"logs.{REGION}.amazonaws.com", "cloudwatch.amazonaws.com"]


def found(name: str, examined: Examined | None = None, /, **responses: Any) -> Finding:
    """The finding of this name."""
    account = cast(Aws, Account(**responses))
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
    statements = [{"Effect": "Allow", "Principal": {"Service": service}} for service in services]
    return {"Policy": json.dumps({"Statement": statements})}


def test_what_cannot_be_looked_at_is_a_warning() -> None:
    finding = found("credentials")

    assert (finding.state, finding.detail) == (State.WARNING, "cannot be looked at (NotImplemented)")


def test_credentials_of_another_account_are_no_good() -> None:
    finding = found("credentials", of_stack(stack()), get_caller_identity={"Account": "999999999999"})

    assert (finding.state, "123456789012" in finding.detail) == (State.FAILED, True)


@pytest.mark.parametrize(("free", "state"), [(10, State.WARNING), (1000, State.OK)])
def test_a_new_account_has_few_executions(free: int, state: State) -> None:
    limit = {"ConcurrentExecutions": free, "UnreservedConcurrentExecutions": free}

    assert found("Lambda's limit", get_account_settings={"AccountLimit": limit}).state is state


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
