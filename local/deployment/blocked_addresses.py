"""Which addresses the web ACLs of the local run block, as AWS WAF tells it. moto counts no requests."""

import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Protocol
from weakref import WeakValueDictionary

from moto.core.common_types import TYPE_RESPONSE
from moto.utilities.utils import get_partition
from moto.wafv2.responses import WAFV2Response

_OPERATION = "GetRateBasedStatementManagedKeys"


class Counting(Protocol):
    """A web ACL that counts requests."""

    def blocked(self, rule: str) -> Sequence[str]:
        """The addresses that a rule blocks now."""
        ...


_counting: WeakValueDictionary[str, Counting] = WeakValueDictionary()


def count_in(web_acl_id: str, web_acl: Counting) -> None:
    """Ask this web ACL for the addresses that it blocks."""
    _counting[web_acl_id] = web_acl


def managed_keys(response: WAFV2Response) -> TYPE_RESPONSE:
    """GetRateBasedStatementManagedKeys."""
    asked: dict[str, Any] = json.loads(response.body)
    web_acl = _counting.get(asked["WebACLId"])
    addresses = [] if web_acl is None else [ip_address(one) for one in web_acl.blocked(asked["RuleName"])]
    keys = {
        f"ManagedKeysIPV{version}": {
            "IPAddressVersion": f"IPV{version}",
            "Addresses": [f"{one}/{one.max_prefixlen}" for one in addresses if one.version == version],
        }
        for version in (4, 6)
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(keys)


def web_acl_arn(response: WAFV2Response) -> str:
    """The web ACL whose addresses a request asks for; moto checks against `*`."""
    if not response.headers.get("X-Amz-Target", "").endswith(f".{_OPERATION}"):
        return "*"
    asked: dict[str, Any] = json.loads(response.body)
    place = f"{response.region}:{response.current_account}:regional/webacl"
    return f"arn:{get_partition(response.region)}:wafv2:{place}/{asked['WebACLName']}/{asked['WebACLId']}"
