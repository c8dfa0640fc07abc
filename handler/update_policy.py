"""Decides which profile updates of an event are allowed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from contract.scenario import AuthMode, ProfileUpdates
from handler.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An event with its allowed user attributes, and how many were denied."""

    event: Event
    denied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePolicy:
    """The policy of the stack. `allowed_names`, which are case-sensitive, count only for ALLOWLIST."""

    auth_mode: AuthMode
    profile_updates: ProfileUpdates
    allowed_names: frozenset[str] = frozenset()

    def apply(self, event: Event) -> Decision:
        """Remove the user attributes that are not allowed. The event itself always stays."""
        allowed = self._allowed(event)
        denied = len(event.user_attributes) - len(allowed)
        return Decision(event=replace(event, user_attributes=allowed), denied=denied)

    def _allowed(self, event: Event) -> Mapping[str, str]:
        if not self._may_update(event):
            return {}
        match self.profile_updates:
            case ProfileUpdates.NONE:
                return {}
            case ProfileUpdates.ALLOWLIST:
                sent = event.user_attributes
                return {name: value for name, value in sent.items() if name in self.allowed_names}
            case ProfileUpdates.ALL:
                return event.user_attributes
            case _:
                assert_never(self.profile_updates)

    def _may_update(self, event: Event) -> bool:
        """Whether the sender may update the profile of the event's endpoint at all."""
        match self.auth_mode:
            case AuthMode.OPEN:
                return True
            case AuthMode.AUTHENTICATED:
                return event.proven
            case _:
                assert_never(self.auth_mode)
