"""How many profiles and objects a Customer Profiles domain has, as it counts them itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.aws import Aws, CallError


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainStats:
    """None: the domain has not counted them yet."""

    domain: str
    profiles: int | None = None
    # A profile counts once for each hundred of its objects.
    billed_profiles: int | None = None
    objects: int | None = None
    # The error's code if it could not be read; otherwise empty.
    unread: str = ""

    def details(self) -> str:
        """`12,050 billed, 96,120 objects`, or why there is no count."""
        if self.unread:
            return f"cannot be read ({self.unread})"
        if self.profiles is None:
            return "not counted yet"
        named = (("billed", self.billed_profiles), ("objects", self.objects))
        return ", ".join(f"{count:,} {name}" for name, count in named if count is not None)


def of_domain(domain: str, found: Mapping[str, Any]) -> DomainStats:
    """From the response of GetDomain."""
    stats: Mapping[str, int] = found.get("Stats") or {}
    return DomainStats(
        domain=domain,
        profiles=stats.get("ProfileCount"),
        billed_profiles=stats.get("MeteringProfileCount"),
        objects=stats.get("ObjectCount"),
    )


def read(aws: Aws, domain: str) -> DomainStats:
    """Asks the domain. An error is part of the result: the rest of a status is worth showing without it."""
    try:
        return of_domain(domain, aws.call("customer-profiles", "get_domain", DomainName=domain))
    except CallError as error:
        return DomainStats(domain=domain, unread=error.code)
