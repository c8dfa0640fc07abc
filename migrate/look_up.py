"""Looks up some of the profiles that were sent: what does the target hold?

Knows no clock and no AWS client by itself.
"""

from collections.abc import Callable, Sequence

from migrate.customer_profiles import MAX_SEARCH_KEYS, CallError, FoundProfile, SetupError
from migrate.delivery import Calls, ObstacleError, Profiles
from migrate.profiles import NOT_OPTED_OUT, Kind, ProfileObject
from migrate.summary import LookUp

# The service takes objects first and works on them later.
WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)


def look_up(
    sample: Sequence[ProfileObject],
    profiles: Profiles,
    *,
    searches: Calls,
    wait: Callable[[float], bool],
) -> LookUp:
    """Search until each is as it was sent, for half a minute at most."""
    left = list(sample)
    found: dict[str, FoundProfile] = {}
    for seconds in (0.0, *WAITS_SECONDS):
        if seconds and wait(seconds):
            break
        try:
            found.update(_search(left, profiles, searches))
        except (CallError, ObstacleError, SetupError):
            return LookUp(count=len(sample), missing=0, different=0, against_consent=0, unanswered=True)
        left = [made for made in left if not _is_as_sent(made, found.get(made.key))]
        if not left:
            break
    against = [made for made in left if _is_against_consent(made, found.get(made.key))]
    missing = [made for made in left if made.key not in found]
    return LookUp(
        count=len(sample),
        missing=len(missing),
        against_consent=len(against),
        different=len(left) - len(missing) - len(against),
    )


def _search(sample: Sequence[ProfileObject], profiles: Profiles, searches: Calls) -> dict[str, FoundProfile]:
    found: dict[str, FoundProfile] = {}
    for start in range(0, len(sample), MAX_SEARCH_KEYS):
        keys = [made.key for made in sample[start : start + MAX_SEARCH_KEYS]]
        for profile in searches.try_call(lambda keys=keys: profiles.search(keys)) or []:
            found.update(dict.fromkeys(profile.keys, profile))
    return found


def _is_as_sent(made: ProfileObject, profile: FoundProfile | None) -> bool:
    return (
        profile is not None
        and profile.opt_out == made.opt_out
        and not made.withdrawn & profile.addresses.keys()
        and all(
            profile.addresses.get(kind) == address
            for kind, address in ((Kind.EMAIL, made.email), (Kind.PHONE, made.phone))
            if address is not None
        )
    )


def _is_against_consent(made: ProfileObject, profile: FoundProfile | None) -> bool:
    return profile is not None and (
        bool(made.withdrawn & profile.addresses.keys())
        or (made.opt_out != NOT_OPTED_OUT and profile.opt_out != made.opt_out)
    )
