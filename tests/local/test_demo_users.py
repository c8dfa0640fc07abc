"""The demo users: tokens that verify against the key set of their pool, and one that has expired."""

import json
import urllib.request
from typing import Any

import jwt
import pytest

from local.demo_users import DemoUsers
from local.deployment.cloud import Cloud


@pytest.fixture
def users(cloud: Cloud) -> DemoUsers:
    return DemoUsers(cloud)


def verified(users: DemoUsers, token: str) -> dict[str, Any]:
    """The claims of a token, verified as the settings say; raises what PyJWT raises."""
    settings = users.settings
    with urllib.request.urlopen(settings["oidcJwksUri"]) as response:
        keys = jwt.PyJWKSet.from_json(response.read().decode())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    audience, issuer = json.loads(settings["oidcAudiences"]), settings["oidcIssuer"]
    return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=issuer)


def test_the_token_of_a_user_names_its_endpoint(users: DemoUsers) -> None:
    signed_in = users.sign_in("demo")

    assert verified(users, signed_in.token)["sub"] == signed_in.endpoint_id


def test_the_expired_token_is_good_in_all_but_its_time(users: DemoUsers) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(users, users.sign_in("demo").expired_token)


def test_two_users_have_two_endpoints(users: DemoUsers) -> None:
    assert users.sign_in("one").endpoint_id != users.sign_in("two").endpoint_id


def test_a_user_who_signs_in_again_is_the_same(users: DemoUsers) -> None:
    assert users.sign_in("demo").endpoint_id == users.sign_in("demo").endpoint_id
