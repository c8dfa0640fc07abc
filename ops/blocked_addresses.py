"""The addresses that AWS WAF blocks now, because they send more than rateLimitPerIpPer5Minutes."""

from ops.aws import Aws
from ops.stack import Stack


def read(aws: Aws, stack: Stack) -> list[str] | None:
    """They are PERSONAL DATA, at most 10,000. None: the stack has no rate by address. Raises CallError."""
    if stack.web_acl_arn is None or stack.web_acl_rule is None:
        return None
    name, id_ = stack.web_acl_arn.split("/")[-2:]
    found = aws.call(
        *("wafv2", "get_rate_based_statement_managed_keys"),
        Scope="REGIONAL",
        WebACLName=name,
        WebACLId=id_,
        RuleName=stack.web_acl_rule,
    )
    keys = (found.get("ManagedKeysIPV4"), found.get("ManagedKeysIPV6"))
    return sorted(address for of_version in keys if of_version for address in of_version.get("Addresses", []))
