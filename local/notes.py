"""The notes of a local run: what it emulates, and how. The terminal and the page show them."""

from collections.abc import Iterable, Sequence

_NOTES: Sequence[str] = (
    "SQS, IAM, CloudWatch Logs: moto, in this process. It enforces the policies of roles, but not those of "
    "queues and buckets.",
    "API Gateway: this project's reading of the AWS documentation, serving the API as deployed.",
    "Lambda: the deployed archives, each in a process of this machine's Python, one invocation at a time. "
    "Compiled packages are builds for this machine, in the archive's version.",
)
_DEMO_NOTE = (
    "Amazon Cognito: a user pool in moto with demo users. "
    "This run uses it in place of the issuer in the setting oidcIssuer."
)
_DOMAIN_NOTE = (
    "Custom domain name: there is no DNS and no TLS for {name} on this machine, so {address} stands for "
    "https://{name}. A request with the Host header {name} works, too."
)
_WEB_ACL_NOTE = (
    "AWS WAF: a limit by address that the stack creates, counted exactly and at once. "
    "A web ACL that exists elsewhere (webAclArn) blocks nothing here."
)
_NOT_EMULATED = (
    "Not emulated: messages of alarms, account quotas, prices, and how long AWS takes (see docs/fidelity.md)."
)


def emulation_notes(
    of_fakes: Iterable[str],
    *,
    has_demo_users: bool,
    has_web_acl: bool,
    domain_names: Iterable[str],
    address: str,
) -> list[str]:
    """All notes of a run. `domain_names` are those that `address` stands for."""
    return [
        *_NOTES,
        *of_fakes,
        *([_DEMO_NOTE] if has_demo_users else []),
        *([_WEB_ACL_NOTE] if has_web_acl else []),
        *(_DOMAIN_NOTE.format(name=name, address=address) for name in domain_names),
        _NOT_EMULATED,
    ]
