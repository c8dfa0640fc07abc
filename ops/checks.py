"""The checks of `doctor` that only read. Each says ok, warning or failed, and what to do."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from ops import blocked_addresses, domain_stats, functions, quota_checks
from ops.aws import Aws, CallError
from ops.counts import counted
from ops.examined import Examined
from ops.finding import Finding, failed, ok, unreadable, warning

Check = Callable[[Aws, Examined], Iterator[Finding]]


def findings(aws: Aws, examined: Examined, advance: Callable[[int], None]) -> Iterator[Finding]:
    """Every check that applies. What cannot be looked at is a warning.

    Raises CallError for credentials that AWS does not take: then nothing else can be looked at.
    """
    for name, check in _CHECKS.items():
        try:
            yield from check(aws, examined)
        except CallError as error:
            if check is _credentials:
                raise
            yield unreadable(name, error)
        advance(1)


def _credentials(aws: Aws, examined: Examined) -> Iterator[Finding]:
    account = aws.call("sts", "get_caller_identity")["Account"]
    if examined.stack is not None and account != examined.stack.account:
        yield failed(
            "credentials",
            f"they are of account {account}, and the stack is in {examined.stack.account}",
            "use credentials of the stack's account",
        )
    else:
        yield ok("credentials", f"account {account}, Region {examined.region}")


def _access_logs(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if not examined.has_access_logs:
        return
    if aws.call("apigateway", "get_account").get("cloudwatchRoleArn"):
        yield ok("role for access logs", "the account has one in this Region")
    else:
        yield failed(
            "role for access logs",
            "API Gateway has none in this Region, and pulumi up fails with accessLogs",
            "set it once: aws apigateway update-account, or set accessLogs to false",
        )


def _event_source(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (stack := examined.stack) is None:
        return
    state = functions.event_source(aws, stack)["State"]
    if state == "Enabled":
        yield ok("event source", "Enabled; only status and --send show whether it takes messages")
    elif state in functions.PAUSED:
        yield failed("event source", f"it is {state}: events wait", "python -m ops resume")
    else:
        yield warning("event source", f"it is {state}: AWS is changing it", "look again in a minute")


def _recursion(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (stack := examined.stack) is None:
        return
    config = aws.call("lambda", "get_function_recursion_config", FunctionName=stack.function_name)
    if config["RecursiveLoop"] == "Allow":
        yield ok("loop detection", "off: retries are copies that the function sends to its own queue")
    else:
        yield failed("loop detection", "Lambda stops retries after 16 copies", "run pulumi up")


def _domain(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (domain := examined.domain) is None:
        return
    try:
        found = aws.call("customer-profiles", "get_domain", DomainName=domain)
    except CallError as error:
        if not error.is_not_found:
            raise
        if examined.makes_domain:
            yield ok("domain", f"{domain} is not there yet: pulumi up creates it")
        else:
            fix = "correct customerProfilesDomain, or set customerProfilesNewDomain to true"
            yield failed("domain", f"{domain} does not exist in {examined.region}", fix)
        return
    stats = domain_stats.of_domain(domain, found)
    count = "profiles" if stats.profiles is None else f"{stats.profiles:,} profiles,"
    yield ok("domain", f"{domain}: {count} {stats.details()}")
    if merging := _merging(found):
        yield warning(
            "merging of profiles",
            f"{merging} merges customers: an event of one can update another's profile",
            "python -m migrate check-domain says which rules",
        )
    else:
        yield ok("merging of profiles", "nothing merges customers")


def _merging(domain: Mapping[str, Any]) -> str:
    matching: Mapping[str, Any] = domain.get("Matching") or {}
    merging: Mapping[str, Any] = matching.get("AutoMerging") or {}
    rules: Mapping[str, Any] = domain.get("RuleBasedMatching") or {}
    automatic = bool(matching.get("Enabled") and merging.get("Enabled"))
    by_rules = bool(rules.get("Enabled") and rules.get("MaxAllowedRuleLevelForMerging"))
    named = (("identity resolution", automatic), ("rule-based matching", by_rules))
    return " and ".join(name for name, is_on in named if is_on)


def _object_types(aws: Aws, examined: Examined) -> Iterator[Finding]:
    missing: list[str] = []
    for name in examined.object_types:
        try:
            aws.call(
                *("customer-profiles", "get_profile_object_type"),
                DomainName=examined.domain,
                ObjectTypeName=name,
            )
        except CallError as error:
            if not error.is_not_found:
                raise
            missing.append(name)
    if missing:
        yield failed("object types", f"the domain lacks {', '.join(missing)}", "run pulumi up")
    elif examined.object_types:
        yield ok("object types", ", ".join(examined.object_types))


def _certificate(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (arn := examined.certificate_arn) is None:
        return
    found = aws.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
    names: Sequence[str] = [found["DomainName"], *found.get("SubjectAlternativeNames", [])]
    if found["Status"] != "ISSUED":
        fix = "make the DNS record that ACM shows, and wait"
        yield failed("certificate", f"its status is {found['Status']}, not ISSUED", fix)
    elif examined.host_name and not any(_covers(name, examined.host_name) for name in names):
        fix = "name a certificate for the host in certificateArn"
        yield failed("certificate", f"it is not for {examined.host_name}", fix)
    else:
        yield ok("certificate", f"issued for {', '.join(dict.fromkeys(names))}")


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and name[1:] == host[host.find(".") :])


def _key(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (arn := examined.key_arn) is None:
        return
    if f":{examined.region}:" not in arn:
        yield failed("key", f"it is not in {examined.region}", "name a key of the Region in kmsKeyArn")
        return
    state = aws.call("kms", "describe_key", KeyId=arn)["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        yield failed("key", f"it is {state}: queues and logs cannot be used", "enable the key in AWS KMS")
        return
    policy = aws.call("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
    document = json.loads(policy)
    account = arn.split(":")[4]
    if _principals(document, "AWS").isdisjoint({account, f"{arn.split(':kms:')[0]}:iam::{account}:root"}):
        yield warning(
            "key",
            "its policy does not let IAM policies allow its use, which the stack's roles rely on",
            "add the statement that names the account's root, with kms:* (docs/protection.md)",
        )
        return
    # In China, CloudWatch Logs goes by both names.
    allowed = {name.removesuffix(".cn") for name in _principals(document, "Service")}
    needed = {f"logs.{examined.region}.amazonaws.com", "cloudwatch.amazonaws.com"}
    if examined.makes_domain:
        needed.add("profile.amazonaws.com")
    missing = needed - allowed
    if missing:
        yield warning(
            "key",
            f"its policy does not name {', '.join(sorted(missing))}",
            "add the statements of docs/protection.md; without alarms, the one for CloudWatch is not needed",
        )
    else:
        yield ok("key", f"enabled, and its policy names {', '.join(sorted(needed))}")


def _principals(policy: Mapping[str, Any], kind: str) -> set[str]:
    """The principals of one kind (AWS, Service) that a key policy allows anything."""
    found: set[str] = set()
    for statement in policy.get("Statement", []):
        principal: object = statement.get("Principal")
        if statement.get("Effect") == "Allow" and isinstance(principal, dict):
            named = cast("dict[str, Any]", principal).get(kind, [])
            found |= {named} if isinstance(named, str) else set(named)
    return found


def _alarms(aws: Aws, examined: Examined) -> Iterator[Finding]:
    stack = examined.stack
    if stack is None:
        return
    if stack.alarm_topic_arn is None:
        yield warning("alarms", "this stack has none", "set alarms to true (docs/monitoring.md)")
        return
    listed = aws.call("sns", "list_subscriptions_by_topic", TopicArn=stack.alarm_topic_arn)
    arns = [one["SubscriptionArn"] for one in listed["Subscriptions"]]
    confirmed = sum(arn.startswith("arn:") for arn in arns)
    if confirmed:
        yield ok(
            "alarms", f"{confirmed} of {counted(len(arns), 'subscription is', 'subscriptions are')} confirmed"
        )
    else:
        yield failed("alarms", "nobody hears of them", "confirm the subscription: SNS has sent an email")


def _blocked_addresses(aws: Aws, examined: Examined) -> Iterator[Finding]:
    stack = examined.stack
    if stack is None or (addresses := blocked_addresses.read(aws, stack)) is None:
        return
    check, count = "blocked addresses", len(addresses)
    if count:
        yield ok(check, f"{counted(count, 'address is', 'addresses are')} blocked now: python -m ops blocked")
    else:
        yield ok(check, "none is blocked now")


def _function(aws: Aws, examined: Examined) -> Iterator[Finding]:
    if (stack := examined.stack) is None:
        return
    for purpose, name in stack.functions.items():
        found = functions.configuration(aws, name)
        if found.get("State", "Active") == "Active":
            yield ok(purpose, f"active, version {found['Version']}, {found['Runtime']}")
        else:
            yield failed(purpose, f"it is {found['State']}", "look at the function in the console")


_CHECKS: Final[Mapping[str, Check]] = {
    "credentials": _credentials,
    "quotas": quota_checks.findings,
    "role for access logs": _access_logs,
    "domain": _domain,
    "object types": _object_types,
    "certificate": _certificate,
    "key": _key,
    "functions": _function,
    "event source": _event_source,
    "loop detection": _recursion,
    "alarms": _alarms,
    "blocked addresses": _blocked_addresses,
}
COUNT: Final = len(_CHECKS)
