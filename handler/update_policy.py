"""Decides which profile updates of an event are allowed. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from contract.scenario import AuthMode, ProfileUpdates
from handler.events import Event


class DenialReason(StrEnum):
    """Why a profile update is denied."""

    # In the authenticated scenario: no valid token proves an endpoint, …
    WITHOUT_PROOF = "without_proof"
    # … or it proves another one than the event's.
    PROOF_OF_OTHER_ENDPOINT = "proof_of_other_endpoint"
    # The setting profileUpdates is `none`.
    PROFILE_UPDATES_NONE = "profile_updates_none"
    NOT_IN_ALLOWLIST = "not_in_allowlist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An event with its allowed user attributes, and how many were denied, by reason."""

    event: Event
    denied: Mapping[DenialReason, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePolicy:
    """The policy of the stack. `allowed_names`, which are case-sensitive, count only for ALLOWLIST."""

    auth_mode: AuthMode
    profile_updates: ProfileUpdates
    allowed_names: frozenset[str] = frozenset()

    def apply(self, event: Event) -> Decision:
        """Remove the user attributes that are not allowed. The event itself always stays."""
        allowed: dict[str, str] = {}
        denied: Counter[DenialReason] = Counter()
        denial_of_all = self._denial_of_sender(event)
        for name, value in event.user_attributes.items():
            if denial := denial_of_all or self._denial_of_name(name):
                denied[denial] += 1
            else:
                allowed[name] = value
        return Decision(event=replace(event, user_attributes=allowed), denied=denied)

    def _denial_of_sender(self, event: Event) -> DenialReason | None:
        """Why the sender may not update the profile of the event's endpoint at all; None if it may."""
        match self.auth_mode:
            case AuthMode.OPEN:
                return None
            case AuthMode.AUTHENTICATED if event.proven:
                return None
            case AuthMode.AUTHENTICATED if event.proven_endpoint:
                return DenialReason.PROOF_OF_OTHER_ENDPOINT
            case AuthMode.AUTHENTICATED:
                return DenialReason.WITHOUT_PROOF
            case _:
                assert_never(self.auth_mode)

    def _denial_of_name(self, name: str) -> DenialReason | None:
        match self.profile_updates:
            case ProfileUpdates.NONE:
                return DenialReason.PROFILE_UPDATES_NONE
            case ProfileUpdates.ALLOWLIST:
                return None if name in self.allowed_names else DenialReason.NOT_IN_ALLOWLIST
            case ProfileUpdates.ALL:
                return None
            case _:
                assert_never(self.profile_updates)
