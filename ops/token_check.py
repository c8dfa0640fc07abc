"""What the authorizer would say of a token: its own code, with the settings that are deployed."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.errors import FailedError
from contract import reasons
from contract.local_run import LOCAL_RUN
from handler.authorizer_environment import AuthorizerEnvironment, read_authorizer_environment
from handler.tokens.finding import TokenRequest, find_token
from handler.tokens.invalid import InvalidTokenError
from handler.tokens.keys import SigningKeys
from handler.tokens.verification import TokenVerifier, proven_endpoint
from handler.variables import InvalidEnvironmentError

_PROVEN = "proven"
_ABSENT = "no_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`outcome` is `proven`, `no_token`, or the reason why the token is invalid."""

    outcome: str
    why: str
    # More for operators, such as why the keys cannot be fetched.
    detail: str | None = None
    # Whom the token proves: personal data.
    endpoint: str | None = None

    @property
    def is_proven(self) -> bool:
        return self.outcome == _PROVEN


def settings(variables: Mapping[str, str], *, is_local: bool) -> AuthorizerEnvironment:
    """Raises FailedError. Lambda does not tell the variable that the local run gives its functions."""
    try:
        return read_authorizer_environment({**variables, **({LOCAL_RUN: "1"} if is_local else {})})
    except InvalidEnvironmentError as error:
        raise FailedError(f"the authorizer's settings are unusable: {error}") from None


def judge(text: str, environment: AuthorizerEnvironment, *, endpoint_id: str | None) -> Verdict:
    """What becomes of an event for this endpoint with this token as the parameter `token`.

    Calls nobody but the issuer, for its keys.
    """
    keys = SigningKeys(
        issuer=environment.issuer,
        jwks_uri=environment.jwks_uri,
        loopback_http=environment.is_local_run,
    )
    verifier = TokenVerifier(issuer=environment.issuer, audiences=environment.audiences, keys=keys)
    try:
        token = find_token(TokenRequest(query={"token": [text]}, headers={}), cookie=None)
        if token is None:
            return Verdict(outcome=_ABSENT, why=reasons.TOKEN_ABSENT)
        claims = verifier.verify(token)
        endpoint = proven_endpoint(claims, claim=environment.endpoint_claim, requested=endpoint_id)
    except InvalidTokenError as error:
        reason = error.reason.value
        return Verdict(outcome=reason, why=reasons.INVALID_TOKENS[reason], detail=error.detail)
    if endpoint_id not in (None, endpoint):
        outcome = "proof_of_other_endpoint"
        return Verdict(outcome=outcome, why=reasons.DENIED[outcome], endpoint=endpoint)
    return Verdict(outcome=_PROVEN, why="the token is valid and proves an endpoint", endpoint=endpoint)
