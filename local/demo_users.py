"""Demo users for the authenticated scenario, in a user pool like a site's own in Amazon Cognito.

The pool is in moto, which signs real JSON Web Tokens and serves the key set. The claim `sub` names the
endpoint.
"""

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from moto.cognitoidp.models import cognitoidp_backends

from local.deployment.cloud import Cloud
from local.deployment.stack_config import StackConfig

_ISSUER_SETTINGS = ("oidcIssuer", "oidcAudiences", "oidcJwksUri")
_HOUR_SECONDS = 60 * 60
_PASSWORD_FLOW = "USER_PASSWORD_AUTH"  # noqa: S105 - a kind of sign-in


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A signed-in user, the endpoint that the token proves, and a token that expired an hour ago."""

    user: str
    endpoint_id: str
    token: str
    expired_token: str


def needs_demo_users(config: StackConfig) -> bool:
    """Whether no user could have a token, because the stack's issuer is not on this machine.

    A stack that names no issuer gets none here either, so that the program refuses it as it does on AWS.
    """
    return (
        config.setting("authMode") == "authenticated"
        and bool(config.setting("oidcIssuer"))
        and bool(config.setting("oidcAudiences"))
        and not config.overrides(_ISSUER_SETTINGS)
    )


class DemoUsers:
    """The users of a new user pool with one app client."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._cognito = cloud.client("cognito-idp")
        self._pool_id: str = self._cognito.create_user_pool(PoolName="demo")["UserPool"]["Id"]
        client = self._cognito.create_user_pool_client(
            UserPoolId=self._pool_id, ClientName="site", ExplicitAuthFlows=[f"ALLOW_{_PASSWORD_FLOW}"]
        )
        self._client_id: str = client["UserPoolClient"]["ClientId"]
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings that make this pool the stack's issuer."""
        return {
            "oidcIssuer": f"https://cognito-idp.{self._cloud.region}.amazonaws.com/{self._pool_id}",
            "oidcAudiences": json.dumps([self._client_id]),
            # Discovery would ask the real Amazon Cognito, which does not have this pool.
            "oidcJwksUri": f"{self._cloud.endpoint_url}/{self._pool_id}/.well-known/jwks.json",
        }

    def sign_in(self, user: str) -> SignedIn:
        """Sign a user in; sign them up first if there is no such user."""
        with self._lock:
            account = self._accounts.get(user) or self._sign_up(user)
        response = self._cognito.initiate_auth(
            ClientId=self._client_id,
            AuthFlow=_PASSWORD_FLOW,
            AuthParameters={"USERNAME": user, "PASSWORD": account.password},
        )
        return SignedIn(
            user=user,
            endpoint_id=account.subject,
            token=response["AuthenticationResult"]["IdToken"],
            expired_token=self._expired_token(user),
        )

    def _sign_up(self, user: str) -> "_Account":
        password = f"Aa1!{secrets.token_urlsafe(16)}"
        response = self._cognito.sign_up(ClientId=self._client_id, Username=user, Password=password)
        self._cognito.admin_confirm_sign_up(UserPoolId=self._pool_id, Username=user)
        self._accounts[user] = account = _Account(response["UserSub"], password)
        return account

    def _expired_token(self, user: str) -> str:
        """A token as a browser may still hold it after a session; Cognito would not issue one."""
        pool = cognitoidp_backends[self._cloud.account_id][self._cloud.region].user_pools[self._pool_id]
        token, _ = pool.create_jwt(self._client_id, user, "id", expires_in=-_HOUR_SECONDS)
        return token


@dataclass(frozen=True, slots=True)
class _Account:
    subject: str
    password: str
