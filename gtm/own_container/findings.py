"""What was found in a container."""

from dataclasses import dataclass, field
from typing import Final

from gtm.own_container.customer import Customer
from gtm.own_container.export_file import WebContainer
from gtm.plan import TagPlan

ANALYTICS_CONSENT: Final = "analytics_storage"
"""The consent for which GA4's tags look by themselves."""


@dataclass(slots=True, kw_only=True)
class FoundEvent:
    """A custom event of the data layer. None as name: every custom event."""

    name: str | None
    # Its triggers, by name, with their further conditions in words.
    triggers: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    # The GA4 event tags that it fires, and the other names under which they send it.
    tags: dict[str, None] = field(default_factory=dict[str, None])
    ga4_names: dict[str, None] = field(default_factory=dict[str, None])
    # The consent that these tags need, and the tags that ask for each type beyond GA4's own checks.
    consent: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    preset: bool = False
    plan: TagPlan | None = None

    @property
    def filters(self) -> tuple[str, ...]:
        """Conditions without which none of its triggers fires. gtm-pixel's trigger has none."""
        if not all(self.triggers.values()):
            return ()
        return tuple(dict.fromkeys(condition for filters in self.triggers.values() for condition in filters))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVariable:
    """A data layer variable, and the parameters that are made of it."""

    name: str
    key: str
    version: str
    used_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an export says. `unsent` events have a trigger and no GA4 event tag."""

    container: WebContainer
    customer: Customer
    sent: tuple[FoundEvent, ...]
    unsent: tuple[FoundEvent, ...]
    variables: tuple[FoundVariable, ...]
    passed_over: tuple[str, ...]
