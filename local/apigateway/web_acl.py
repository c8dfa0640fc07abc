"""The web ACL of a stage: addresses without a limit, and a limit of requests by address.

AWS WAF estimates the rate about every 10 seconds and blocks after a delay; this one counts exactly.
"""

import ipaddress
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from werkzeug import Response

from local.apigateway.responses import UnservedPart
from local.deployment import blocked_addresses
from local.deployment.cloud import Cloud

_CONTENT_TYPES: Final = {
    "APPLICATION_JSON": "application/json",
    "TEXT_PLAIN": "text/plain",
    "TEXT_HTML": "text/html",
}

_Rule = Callable[[str], "Response | bool | None"]
"""Given an address: the response that ends the request, True to let it pass, or None for the next rule."""


class WebAcl:
    """The rules of a web ACL, in the order of their priorities."""

    def __init__(self, cloud: Cloud, arn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises UnservedPart for a rule that is not served here."""
        wafv2 = cloud.client("wafv2")
        name, id_ = arn.split("/")[-2:]
        acl: Mapping[str, Any] = wafv2.get_web_acl(Name=name, Scope="REGIONAL", Id=id_)["WebACL"]
        ip_sets = {
            summary["ARN"]: wafv2.get_ip_set(Name=summary["Name"], Scope="REGIONAL", Id=summary["Id"])[
                "IPSet"
            ]
            for summary in wafv2.list_ip_sets(Scope="REGIONAL")["IPSets"]
        }
        self._counters: dict[str, _Counter] = {}
        self._rules: Sequence[_Rule] = [
            self._read(rule, ip_sets, acl.get("CustomResponseBodies", {}), clock)
            for rule in sorted(acl["Rules"], key=lambda rule: rule["Priority"])
        ]
        blocked_addresses.count_in(id_, self)

    def block(self, address: str) -> Response | None:
        """The response to a request that is blocked, or None."""
        for rule in self._rules:
            verdict = rule(address)
            if verdict is True:
                return None
            if verdict:
                return verdict
        return None

    def blocked(self, rule: str) -> Sequence[str]:
        """The addresses that a rule blocks now."""
        counter = self._counters.get(rule)
        return [] if counter is None else counter.addresses_over()

    def _read(
        self,
        rule: Mapping[str, Any],
        ip_sets: Mapping[str, Mapping[str, Any]],
        bodies: Mapping[str, Mapping[str, str]],
        clock: Callable[[], float],
    ) -> _Rule:
        match rule:
            case {"Statement": {"IPSetReferenceStatement": {"ARN": arn}}, "Action": {"Allow": _}}:
                networks = [ipaddress.ip_network(one) for one in ip_sets[arn]["Addresses"]]
                return lambda address: True if _is_in(address, networks) else None
            case {
                "Name": name,
                "Statement": {
                    "RateBasedStatement": {"AggregateKeyType": "IP", "Limit": limit, **window},
                },
                "Action": {"Block": {"CustomResponse": response}},
            }:
                counter = self._counters[name] = _Counter(
                    limit, window.get("EvaluationWindowSec", 300), clock
                )
                return lambda address: _response(response, bodies) if counter.is_over(address) else None
            case _:
                raise UnservedPart(f"the rule {rule['Name']} of the web ACL is not served")


class _Counter:
    """Counts the requests of each address in a window that moves."""

    def __init__(self, limit: int, window_seconds: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._window = window_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def is_over(self, address: str) -> bool:
        """Count one more request; whether it is above the limit."""
        with self._lock:
            now, times = self._clock(), self._times[address]
            while times and times[0] <= now - self._window:
                times.popleft()
            times.append(now)
            return len(times) > self._limit

    def addresses_over(self) -> Sequence[str]:
        """The addresses above the limit."""
        with self._lock:
            since = self._clock() - self._window
            return [
                address
                for address, times in self._times.items()
                if sum(at > since for at in times) > self._limit
            ]


def _is_in(address: str, networks: Sequence[Any]) -> bool:
    return any(ipaddress.ip_address(address) in network for network in networks)


def _response(response: Mapping[str, Any], bodies: Mapping[str, Mapping[str, str]]) -> Response:
    body = bodies.get(response.get("CustomResponseBodyKey", ""), {"Content": "", "ContentType": "TEXT_PLAIN"})
    written = Response(
        body["Content"], status=response["ResponseCode"], content_type=_CONTENT_TYPES[body["ContentType"]]
    )
    written.headers.update(
        {header["Name"]: header["Value"] for header in response.get("ResponseHeaders", [])}
    )
    return written
