"""Entry point of the token authorizer: decides which endpoint a request's token proves, if any.

In authenticated mode, API Gateway asks before it queues an event (REQUEST authorizer, payload version 1.0).
The response always allows the request: an expired token must not cost an event. The decision is in the
context, from which the gateway takes the message attribute `proven_endpoint`:

    {"proof": "proven", "proven_endpoint": "e1"}   a valid token names the endpoint
    {"proof": "none"}                              anything else

Nothing here runs at import: the environment is read at the first invocation, and the issuer's keys with the
first token. Log lines hold a request id and a reason, and nothing of a token or its claims.
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

# One for all visitors, because API Gateway may log it.
_PRINCIPAL = "visitor"


def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, object]:
    """Respond to a REQUEST authorizer's event. Never denies, and never raises for an event of API Gateway."""
    method_arn: str = event["methodArn"]
    try:
        endpoint = _authorizer().prove(event)
    except Exception as error:  # an authorizer that raises costs the event …
        with suppress(Exception):  # … and so does one that fails to report the failure
            _report_failure(error)
        endpoint = None
    return _allow(method_arn, endpoint)


@cache
def _authorizer() -> "TokenAuthorizer":
    """The container's authorizer, made once, with the keys it has cached."""
    environment = read_authorizer_environment(os.environ)
    return TokenAuthorizer(environment=environment, logger=Logger(service=environment.service))


class TokenAuthorizer:
    """Finds the token of a request, verifies it and reads the endpoint that it proves."""

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
        """The endpoint that the request's token proves, or None. Counts the result, logs an invalid token."""
        self._failed_key_fetches = 0
        endpoint = invalid = cookie_ignored = None
        try:
            request = TokenRequest.of(event)
            cookie = self._environment.token_cookie
            cookie_ignored = reason_to_ignore_cookie(request, cookie=cookie)
            if cookie_ignored is not None:
                self._log(event, "cookie ignored", reason=cookie_ignored)
                cookie = None
            endpoint = self._read_endpoint(request, cookie=cookie)
        except InvalidTokenError as error:
            invalid = error.reason
            self._log(event, "token invalid", reason=invalid, detail=error.detail)
        except Exception as error:
            invalid = InvalidTokenReason.UNEXPECTED_ERROR
            # Only the type: the text of an exception may quote the value that caused it.
            self._log(event, "token invalid", reason=invalid, detail=type(error).__name__)
        report = TokenReport(
            verified=endpoint is not None,
            invalid=invalid,
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
        """Count and log it: while cached keys last, nothing else shows that the issuer is down."""
        self._failed_key_fetches += 1
        self._logger.warning("signing keys not fetched", extra={"detail": problem})

    def _log(
        self, event: Mapping[str, object], message: str, *, reason: StrEnum, detail: str | None = None
    ) -> None:
        fields = {"reason": reason, "request_id": _request_id(event), "detail": detail}
        self._logger.warning(message, extra={name: value for name, value in fields.items() if value})


def _request_id(event: Mapping[str, object]) -> str | None:
    """The request id that the queue message carries too, if the event has it."""
    match event.get("requestContext"):
        case {"extendedRequestId": str(request_id)}:
            return request_id
        case _:
            return None


def _report_failure(error: Exception) -> None:
    """Log and count a failure of this program, even if the environment is incomplete."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "").strip() or "token-authorizer"
    # The text of an environment error quotes only settings; any other may quote the value that caused it.
    detail = str(error) if isinstance(error, InvalidEnvironmentError) else type(error).__name__
    fields = {"reason": InvalidTokenReason.UNEXPECTED_ERROR, "detail": detail}
    Logger(service=service).error("authorizer failed", extra=fields)
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "").strip()
    if namespace:
        TokenReport(invalid=InvalidTokenReason.UNEXPECTED_ERROR).publish(namespace=namespace, service=service)


def _allow(method_arn: str, endpoint: str | None) -> dict[str, object]:
    # Written out, because the builder of Powertools rebuilds the ARN without its partition.
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}
    proof = {"proof": "none"} if endpoint is None else {"proof": "proven", "proven_endpoint": endpoint}
    return {
        "principalId": _PRINCIPAL,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": proof,
    }
