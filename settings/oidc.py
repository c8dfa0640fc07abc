"""Settings of OpenID Connect: whose tokens are accepted in the authenticated scenario."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from components.token_authorizer import OidcArgs
from settings.groups import Rule, Stack
from settings.problems import InvalidValue, Problem
from settings.values import Setting, Values, list_of, optional, string, unique

PREFIX: Final = "oidc"

AUDIENCES_BYTES: Final = 1_800
"""AWS Lambda: 4 KB for the whole environment, measured as JSON. The authorizer's other variables take less
than 2,296 bytes."""

# A path is printable ASCII without ? and #, and short (see AUDIENCES_BYTES). Only a plain host may precede
# it: the authorizer refuses anything else, and would then verify no token.
_AFTER_HOST = r"(:[0-9]{1,5})?(/[!-\"$->@-~]{0,400})?"
HTTPS_URL: Final = re.compile(rf"https://[A-Za-z0-9.-]{{1,253}}{_AFTER_HOST}")
LOCAL_URL: Final = re.compile(rf"{HTTPS_URL.pattern}|http://(127\.0\.0\.1|localhost){_AFTER_HOST}")
"""URLs that the local run accepts, where an issuer may be on the same machine."""

_PRINTABLE = re.compile(r"[!-~]{1,256}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # a token of RFC 9110

_URL_RULE = "an https URL"
_ISSUER_EXAMPLE = (
    "the issuer as in the iss claim, for example "
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3"
)
_JWKS_EXAMPLE = "the issuer's JWKS address, or nothing"


def _audiences(key: str, value: object) -> tuple[str, ...]:
    read = unique(
        list_of(
            string(
                _PRINTABLE,
                "1 to 256 characters without spaces",
                "the client id as it is in aud (or client_id) of your tokens",
            ),
            "CLIENT_ID",
        )
    )
    audiences = read(key, value)
    if not audiences:
        raise InvalidValue(
            Problem(
                key,
                "the list is empty, so no token would count.",
                f"Set the client id that your tokens are issued for: pulumi config set --path "
                f"'{key}[0]' CLIENT_ID.",
            )
        )
    size = len(json.dumps(json.dumps(audiences)))
    if size > AUDIENCES_BYTES:
        raise InvalidValue(
            Problem(
                key,
                f"the list takes {size} bytes; the token authorizer has room for {AUDIENCES_BYTES} in its "
                "environment.",
                "List fewer.",
            )
        )
    return audiences


ISSUER = Setting("oidcIssuer", "", string(LOCAL_URL, _URL_RULE, _ISSUER_EXAMPLE))
AUDIENCES = Setting("oidcAudiences", [], _audiences)
JWKS_URI = Setting("oidcJwksUri", "", optional(string(LOCAL_URL, _URL_RULE, _JWKS_EXAMPLE)))
ENDPOINT_CLAIM = Setting(
    "oidcEndpointClaim",
    "sub",
    string(_PRINTABLE, "1 to 256 characters without spaces", "the name of a claim, such as sub"),
)
COOKIE = Setting(
    "oidcCookie", "", optional(string(_COOKIE_NAME, "a cookie name", "the cookie's name, or nothing"))
)

SETTINGS = (ISSUER, AUDIENCES, JWKS_URI, ENDPOINT_CLAIM, COOKIE)


def _https_on_aws(setting: Setting[Any], example: str) -> Rule:
    """Require https on AWS, where no issuer runs on the function's own machine."""

    def check(values: Values, stack: Stack) -> Iterable[Problem]:
        url: str | None = values[setting]
        if url is not None and not stack.is_local_run and not HTTPS_URL.fullmatch(url):
            yield Problem(setting.key, f"{url!r} is not {_URL_RULE}.", f"Set {example}.")

    return check


RULES: tuple[Rule, ...] = (_https_on_aws(ISSUER, _ISSUER_EXAMPLE), _https_on_aws(JWKS_URI, _JWKS_EXAMPLE))


def make(values: Values) -> OidcArgs:
    """The authorizer's configuration."""
    return OidcArgs(
        issuer=values[ISSUER],
        audiences=values[AUDIENCES],
        jwks_uri=values[JWKS_URI],
        endpoint_claim=values[ENDPOINT_CLAIM],
        cookie=values[COOKIE],
    )
