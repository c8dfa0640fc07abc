"""Settings of events: the scenario, which profile updates count, and what dates an event."""

import re
from typing import Final, assert_never

from contract.pinpoint import AVOIDED_IN_USER_ATTRIBUTE_NAME, USER_ATTRIBUTE_NAME_CHARACTERS
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from contract.url import LONGEST_ID
from settings.values import Setting, Values, choice, list_of, optional, string, unique

_ANY = re.compile(r".*", re.DOTALL)
_ID = re.compile(rf"(?=.*\S).{{1,{LONGEST_ID}}}", re.DOTALL)

USER_ATTRIBUTE_NAME: Final = re.compile(
    rf"[^{re.escape(AVOIDED_IN_USER_ATTRIBUTE_NAME)}]{{1,{USER_ATTRIBUTE_NAME_CHARACTERS}}}"
)
"""Names in destinations that need no declared attributes. Amazon Pinpoint is the strictest of them."""


AUTH_MODE = Setting("authMode", "open", choice(AuthMode))
PROFILE_UPDATES = Setting("profileUpdates", "", optional(choice(ProfileUpdates)))
PROFILE_ATTRIBUTES = Setting(
    "profileAttributes",
    [],
    # Which names are right depends on the destinations (rules.py).
    unique(list_of(string(_ANY, "a string", "the name as it follows usat_ in the URL"), "plan")),
)
IGNORED_ENDPOINT_IDS = Setting(
    "ignoredEndpointIds",
    [],
    unique(
        list_of(
            string(
                _ID,
                f"an endpoint id: 1 to {LONGEST_ID} characters, not only spaces",
                "what your site sends for visitors whom it does not know, such as anonymous",
            ),
            "anonymous",
        ),
        lambda id_: id_.strip().casefold(),
        "; case and surrounding spaces do not count",
    ),
)
TIMESTAMP_SOURCE = Setting("timestampSource", "gateway", choice(TimestampSource))

SETTINGS = (AUTH_MODE, PROFILE_UPDATES, PROFILE_ATTRIBUTES, IGNORED_ENDPOINT_IDS, TIMESTAMP_SOURCE)


def profile_updates(values: Values) -> ProfileUpdates:
    """Which profile updates count: as set, or the default of the scenario."""
    if chosen := values[PROFILE_UPDATES]:
        return chosen
    auth_mode = values[AUTH_MODE]
    match auth_mode:
        case AuthMode.OPEN:
            return ProfileUpdates.NONE
        case AuthMode.AUTHENTICATED:
            return ProfileUpdates.ALL
        case _:
            assert_never(auth_mode)
