"""The token authorizer's environment as one typed model, set by components/token_authorizer.py."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.local_run import LOCAL_RUN
from handler.tokens.keys import is_acceptable_url
from handler.variables import InvalidEnvironmentError, read_names, read_string

_DEFAULT_ENDPOINT_CLAIM = "sub"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerEnvironment:
    """The configuration of the token authorizer."""

    is_local_run: bool
    # Exactly as in the claim `iss`, with or without a slash at the end.
    issuer: str
    # The clients whose tokens are accepted.
    audiences: frozenset[str]
    # URL of the issuer's keys; None: the one in the issuer's discovery document.
    jwks_uri: str | None
    # The claim that names the endpoint, or lists several.
    endpoint_claim: str
    # The cookie that may hold the token; None: no cookie is read.
    token_cookie: str | None
    service: str
    metrics_namespace: str


def read_authorizer_environment(variables: Mapping[str, str]) -> AuthorizerEnvironment:
    """Read the variables, such as os.environ; raises InvalidEnvironmentError."""
    is_local_run = bool(variables.get(LOCAL_RUN))
    return AuthorizerEnvironment(
        is_local_run=is_local_run,
        issuer=_url("OIDC_ISSUER", read_string(variables, "OIDC_ISSUER"), is_local_run=is_local_run),
        audiences=read_names(variables, "OIDC_AUDIENCES"),
        jwks_uri=_optional_url(variables, "OIDC_JWKS_URI", is_local_run=is_local_run),
        endpoint_claim=_optional_text(variables, "OIDC_ENDPOINT_CLAIM") or _DEFAULT_ENDPOINT_CLAIM,
        token_cookie=_optional_text(variables, "OIDC_COOKIE"),
        service=read_string(variables, "POWERTOOLS_SERVICE_NAME"),
        metrics_namespace=read_string(variables, "POWERTOOLS_METRICS_NAMESPACE"),
    )


def _optional_text(variables: Mapping[str, str], name: str) -> str | None:
    return variables.get(name, "").strip() or None


def _optional_url(variables: Mapping[str, str], name: str, *, is_local_run: bool) -> str | None:
    value = _optional_text(variables, name)
    return None if value is None else _url(name, value, is_local_run=is_local_run)


def _url(name: str, value: str, *, is_local_run: bool) -> str:
    if not is_acceptable_url(value, loopback_http=is_local_run):
        raise InvalidEnvironmentError.of(name, value, "an https URL")
    return value
