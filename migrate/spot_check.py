"""Looks up a sample of the imported profiles and compares them with what was sent."""

from collections.abc import Callable, Sequence

from migrate.customer_profiles import MAX_SEARCH_KEYS, CallError, FoundProfile, SetupError
from migrate.delivery import AbortError, Calls, Profiles
from migrate.profiles import NOT_OPTED_OUT, Kind, ProfileObject
from migrate.summary import SpotCheck

# The service accepts objects first and applies them later, so the check waits up to 30 seconds.
WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)


def spot_check(
    sample: Sequence[ProfileObject],
    profiles: Profiles,
    *,
    searches: Calls,
    wait: Callable[[float], bool],
) -> SpotCheck:
    """Search until every profile is as it was sent, for 30 seconds at most.

    `wait` waits for some seconds and returns True to stop early.
    """
    pending = list(sample)
    found: dict[str, FoundProfile] = {}
    for seconds in (0.0, *WAITS_SECONDS):
        if seconds and wait(seconds):
            break
        try:
            found.update(_search(pending, profiles, searches))
        except (CallError, AbortError, SetupError):
            return SpotCheck(count=len(sample), failed=True)
        pending = [sent for sent in pending if not _is_as_sent(sent, found.get(sent.key))]
        if not pending:
            break
    against = [sent for sent in pending if _is_against_consent(sent, found.get(sent.key))]
    missing = [sent for sent in pending if sent.key not in found]
    return SpotCheck(
        count=len(sample),
        missing=len(missing),
        against_consent=len(against),
        different=len(pending) - len(missing) - len(against),
    )


def _search(sample: Sequence[ProfileObject], profiles: Profiles, searches: Calls) -> dict[str, FoundProfile]:
    found: dict[str, FoundProfile] = {}
    for start in range(0, len(sample), MAX_SEARCH_KEYS):
        keys = [sent.key for sent in sample[start : start + MAX_SEARCH_KEYS]]
        for profile in searches.try_call(lambda keys=keys: profiles.search(keys)) or []:
            found.update(dict.fromkeys(profile.keys, profile))
    return found


def _is_as_sent(sent: ProfileObject, profile: FoundProfile | None) -> bool:
    return (
        profile is not None
        and profile.opt_out == sent.opt_out
        and not sent.withdrawn & profile.addresses.keys()
        and all(
            profile.addresses.get(kind) == address
            for kind, address in ((Kind.EMAIL, sent.email), (Kind.PHONE, sent.phone))
            if address is not None
        )
    )


def _is_against_consent(sent: ProfileObject, profile: FoundProfile | None) -> bool:
    return profile is not None and (
        bool(sent.withdrawn & profile.addresses.keys())
        or (sent.opt_out != NOT_OPTED_OUT and profile.opt_out != sent.opt_out)
    )
