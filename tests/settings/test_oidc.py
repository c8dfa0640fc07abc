"""Settings of OpenID Connect: whose tokens count in the authenticated scenario."""

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from components.token_authorizer import OidcArgs
from contract.scenario import AuthMode, ProfileUpdates
from handler.tokens import keys as signing_keys
from settings import oidc
from tests.settings.stacks import AUTHENTICATED, load, problems


def test_an_authenticated_stack_updates_profiles_unless_it_says_otherwise() -> None:
    loaded = load(**AUTHENTICATED)

    assert loaded.auth_mode is AuthMode.AUTHENTICATED
    assert loaded.profile_updates is ProfileUpdates.ALL
    assert loaded.oidc == OidcArgs(
        issuer="https://issuer.example/pool",
        audiences=("client-1",),
        jwks_uri=None,
        endpoint_claim="sub",
        cookie=None,
    )


def test_an_authenticated_stack_may_say_where_keys_claim_and_cookie_are() -> None:
    loaded = load(
        **AUTHENTICATED,
        oidcJwksUri="https://issuer.example/keys",
        oidcEndpointClaim="custom:endpoint_id",
        oidcCookie="id_token",
        profileUpdates="none",
    )

    assert loaded.profile_updates is ProfileUpdates.NONE
    assert loaded.oidc == OidcArgs(
        issuer="https://issuer.example/pool",
        audiences=("client-1",),
        jwks_uri="https://issuer.example/keys",
        endpoint_claim="custom:endpoint_id",
        cookie="id_token",
    )


@given(
    url=st.from_regex(oidc.HTTPS_URL, fullmatch=True),
    local_url=st.from_regex(oidc.LOCAL_URL, fullmatch=True),
)
def test_the_authorizer_accepts_every_url_that_settings_accept(url: str, local_url: str) -> None:
    """If settings accepted a URL that the authorizer refuses, the stack would never verify a token."""
    ports = [re.search(r":([0-9]+)(/|$)", one) for one in (url, local_url)]
    assume(all(port is None or 0 < int(port[1]) < 2**16 for port in ports))

    assert signing_keys.is_acceptable_url(url)
    assert signing_keys.is_acceptable_url(local_url, loopback_http=True)


def test_in_the_local_run_an_issuer_may_be_on_the_same_machine() -> None:
    here: dict[str, Any] = {
        **AUTHENTICATED,
        "oidcIssuer": "http://localhost:8080/site",
        "oidcJwksUri": "http://127.0.0.1/keys",
    }
    loaded = load(is_local_run=True, **here).oidc

    assert loaded is not None
    assert (loaded.issuer, loaded.jwks_uri) == ("http://localhost:8080/site", "http://127.0.0.1/keys")
    assert [line.partition(":")[0] for line in problems(**here)] == ["oidcIssuer", "oidcJwksUri"]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in AUTHENTICATED.items() if name != key}


_ISSUER_FIX = (
    "Set the issuer as in the iss claim, for example "
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3."
)
_CLIENT_FIX = "Set the client id as it is in aud (or client_id) of your tokens."

ERRORS: list[tuple[dict[str, Any], str]] = [
    (without("oidcIssuer"), f"oidcIssuer: it is not set. {_ISSUER_FIX}"),
    *(
        ({**AUTHENTICATED, "oidcIssuer": url}, f"oidcIssuer: {url!r} is not an https URL. {_ISSUER_FIX}")
        for url in (
            "http://issuer.example",
            "http://localhost:8080/realms/site",
            "http://127.0.0.1/",
            "http://localhost.issuer.example/",
            "http://127.0.0.1@issuer.example/",
            "https://user@issuer.example",
            "https://",
            "https://issuer.ex\u00e4mple",
            "https://issuer.example/#a",
            1,
        )
    ),
    (
        without("oidcAudiences"),
        "oidcAudiences: the list is empty, so no token would count. Set the client id that your tokens are "
        "issued for: pulumi config set --path 'oidcAudiences[0]' CLIENT_ID.",
    ),
    ({**AUTHENTICATED, "oidcAudiences": [""]}, f"oidcAudiences[0]: it is empty. {_CLIENT_FIX}"),
    *(
        (
            {**AUTHENTICATED, "oidcAudiences": ["a", audience]},
            f"oidcAudiences[1]: {audience!r} is not 1 to 256 characters without spaces. {_CLIENT_FIX}",
        )
        for audience in ("client 1", 1234567890)
    ),
    (
        {**AUTHENTICATED, "oidcAudiences": ["client-1", "client-1"]},
        "oidcAudiences[1]: 'client-1' is listed twice. List it once.",
    ),
    (
        {**AUTHENTICATED, "oidcAudiences": [f"{'c' * 250}{number}" for number in range(7)]},
        "oidcAudiences: the list takes 1801 bytes; the token authorizer has room for 1800 in its "
        "environment. List fewer.",
    ),
    (
        {**AUTHENTICATED, "oidcJwksUri": "keys.json"},
        "oidcJwksUri: 'keys.json' is not an https URL. Set the issuer's JWKS address, or nothing.",
    ),
    (
        {**AUTHENTICATED, "oidcJwksUri": "http://localhost/keys"},
        "oidcJwksUri: 'http://localhost/keys' is not an https URL. Set the issuer's JWKS address, or "
        "nothing.",
    ),
    (
        {**AUTHENTICATED, "oidcEndpointClaim": ""},
        "oidcEndpointClaim: it is not set. Set the name of a claim, such as sub.",
    ),
    (
        {**AUTHENTICATED, "oidcCookie": "a cookie"},
        "oidcCookie: 'a cookie' is not a cookie name. Set the cookie's name, or nothing.",
    ),
]


@pytest.mark.parametrize(("changes", "line"), ERRORS, ids=lambda value: str(value)[-60:])
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**changes) == [line]


def test_every_setting_has_a_wrong_value_here() -> None:
    assert {setting.key for setting in oidc.SETTINGS} == {
        line.partition(":")[0].partition("[")[0] for _, line in ERRORS
    }
