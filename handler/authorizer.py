"""Entry point of the token authorizer: says which endpoint a request's token proves, if any.

API Gateway asks before it queues an event in authenticated mode (REQUEST authorizer, payload version 1.0).
The answer always allows the request: a visitor's token that expired must not cost an event. What it decides
is the context, from which the gateway takes the message attribute `proven_endpoint`:

    {"proof": "proven", "proven_endpoint": "e1"}   a valid token names the endpoint
    {"proof": "none"}                              all else

Nothing here runs at import; the environment is read at the first invocation, and the issuer's keys when
the first token comes. Log lines hold a request id and a reason: nothing of a token or of its claims.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from handler.authorizer_environment import AuthorizerEnvironment, read_authorizer_environment
from handler.tokens.finding import TokenRequest, find_token, reason_to_ignore_cookie
from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from handler.tokens.keys import SigningKeys
from handler.tokens.report import TokenReport
from handler.tokens.verification import TokenVerifier, proven_endpoint
from handler.variables import InvalidEnvironmentError

# The same for all, so that nothing of a visitor gets into what API Gateway may log of its authorizer.
_PRINCIPAL = "visitor"


def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, object]:
    """Answer a REQUEST authorizer's event. Never denies; never raises for an event of API Gateway's."""
    method_arn: str = event["methodArn"]
    try:
        endpoint = _authorizer().prove(event)
    except Exception as error:  # an authorizer that raises would cost the event …
        with suppress(Exception):  # … and so would one that cannot say what went wrong
            _report_failure(error)
        endpoint = None
    return _allow(method_arn, endpoint)


@cache
def _authorizer() -> "TokenAuthorizer":
    """The container's authorizer: made once, with the keys it has cached."""
    environment = read_authorizer_environment(os.environ)
    return TokenAuthorizer(environment=environment, logger=Logger(service=environment.service))


class TokenAuthorizer:
    """Takes a request through finding its token, verifying it, and reading the endpoint it proves."""

    def __init__(self, *, environment: AuthorizerEnvironment, logger: Logger) -> None:
        self._environment = environment
        self._logger = logger
        self._failed_key_fetches = 0
        keys = SigningKeys(
            issuer=environment.issuer,
            jwks_uri=environment.jwks_uri,
            loopback_http=environment.is_local_run,
            on_failure=self._note_failed_key_fetch,
        )
        self._verifier = TokenVerifier(issuer=environment.issuer, audiences=environment.audiences, keys=keys)

    def prove(self, event: Mapping[str, object]) -> str | None:
        """The endpoint that the request's token proves; None without one. Counts, and logs a refusal."""
        self._failed_key_fetches = 0
        endpoint = refused = cookie_ignored = None
        try:
            request = TokenRequest.of(event)
            cookie = self._environment.token_cookie
            cookie_ignored = reason_to_ignore_cookie(request, cookie=cookie)
            if cookie_ignored is not None:
                self._log(event, "cookie ignored", reason=cookie_ignored)
                cookie = None
            endpoint = self._read_endpoint(request, cookie=cookie)
        except InvalidTokenError as refusal:
            refused = refusal.reason
            self._log(event, "token invalid", reason=refused, detail=refusal.detail)
        except Exception as error:  # a token that nobody thought of is a token that proves nothing
            refused = InvalidTokenReason.UNEXPECTED_ERROR
            # The type only: an exception's text may quote the value that it is about.
            self._log(event, "token invalid", reason=refused, detail=type(error).__name__)
        report = TokenReport(
            verified=endpoint is not None,
            refused=refused,
            cookie_ignored=cookie_ignored,
            failed_key_fetches=self._failed_key_fetches,
        )
        report.publish(namespace=self._environment.metrics_namespace, service=self._environment.service)
        return endpoint

    def _read_endpoint(self, request: TokenRequest, *, cookie: str | None) -> str | None:
        token = find_token(request, cookie=cookie)
        if token is None:
            return None
        claims = self._verifier.verify(token)
        return proven_endpoint(claims, claim=self._environment.endpoint_claim, requested=request.endpoint_id)

    def _note_failed_key_fetch(self, problem: str) -> None:
        """Say that the issuer did not give its keys: while there are others, nothing else shows it."""
        self._failed_key_fetches += 1
        self._logger.warning("signing keys not fetched", extra={"detail": problem})

    def _log(
        self, event: Mapping[str, object], message: str, *, reason: StrEnum, detail: str | None = None
    ) -> None:
        fields = {"reason": reason, "request_id": _request_id(event), "detail": detail}
        self._logger.warning(message, extra={name: text for name, text in fields.items() if text})


def _request_id(event: Mapping[str, object]) -> str | None:
    """The id that the queue message has too, if the event holds it."""
    match event.get("requestContext"):
        case {"extendedRequestId": str(request_id)}:
            return request_id
        case _:
            return None


def _report_failure(error: Exception) -> None:
    """Log and count a failure of this program, with what the environment gives for it."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "").strip() or "token-authorizer"
    # An environment's error names settings only; any other text may quote the value that it is about.
    detail = str(error) if isinstance(error, InvalidEnvironmentError) else type(error).__name__
    fields = {"reason": InvalidTokenReason.UNEXPECTED_ERROR, "detail": detail}
    Logger(service=service).error("authorizer failed", extra=fields)
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "").strip()
    if namespace:
        TokenReport(refused=InvalidTokenReason.UNEXPECTED_ERROR).publish(namespace=namespace, service=service)


def _allow(method_arn: str, endpoint: str | None) -> dict[str, object]:
    # Written out, because the builder in Powertools puts the ARN together again and forgets its partition.
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}
    proof = {"proof": "none"} if endpoint is None else {"proof": "proven", "proven_endpoint": endpoint}
    return {
        "principalId": _PRINCIPAL,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": proof,
    }
