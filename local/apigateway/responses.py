"""Gateway responses: API Gateway's own responses to failed requests, and the failures that cause them.

Comments cite what AWS documents, and mark what it does not document as "not documented".
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from werkzeug import Response

_JSON: Final = "application/json"
_CONTEXT_VARIABLE: Final = re.compile(r"\$context((?:\.\w+)+)")


class UnservedPart(ValueError):  # noqa: N818 - it is the part that is not served
    """The API has a part that the local run does not serve."""


class Failure(StrEnum):
    """Gateway response types; supported-gateway-response-types."""

    ACCESS_DENIED = "ACCESS_DENIED"
    API_CONFIGURATION_ERROR = "API_CONFIGURATION_ERROR"
    AUTHORIZER_CONFIGURATION_ERROR = "AUTHORIZER_CONFIGURATION_ERROR"
    BAD_REQUEST_PARAMETERS = "BAD_REQUEST_PARAMETERS"
    INTEGRATION_FAILURE = "INTEGRATION_FAILURE"
    INTEGRATION_TIMEOUT = "INTEGRATION_TIMEOUT"
    MISSING_AUTHENTICATION_TOKEN = "MISSING_AUTHENTICATION_TOKEN"  # noqa: S105 - a response type
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    THROTTLED = "THROTTLED"
    UNAUTHORIZED = "UNAUTHORIZED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"

    @property
    def defaults(self) -> tuple[int, str | None, str]:
        """Status code (documented), message and x-amzn-ErrorType (both as observed; not documented)."""
        return _DEFAULTS[self]


_DEFAULTS: Final[Mapping[Failure, tuple[int, str | None, str]]] = {
    Failure.ACCESS_DENIED: (403, "Forbidden", "ForbiddenException"),
    Failure.API_CONFIGURATION_ERROR: (500, "Internal server error", "InternalServerErrorException"),
    Failure.AUTHORIZER_CONFIGURATION_ERROR: (500, None, "AuthorizerConfigurationException"),
    Failure.BAD_REQUEST_PARAMETERS: (400, "Missing required request parameters", "BadRequestException"),
    Failure.INTEGRATION_FAILURE: (
        504,
        "Network error communicating with endpoint",
        "InternalServerErrorException",
    ),
    Failure.INTEGRATION_TIMEOUT: (504, "Endpoint request timed out", "InternalServerErrorException"),
    Failure.MISSING_AUTHENTICATION_TOKEN: (
        403,
        "Missing Authentication Token",
        "MissingAuthenticationTokenException",
    ),
    Failure.REQUEST_TOO_LARGE: (413, "Request Too Long", "RequestTooLargeException"),
    Failure.THROTTLED: (429, "Too Many Requests", "TooManyRequestsException"),
    Failure.UNAUTHORIZED: (401, "Unauthorized", "UnauthorizedException"),
    Failure.UNSUPPORTED_MEDIA_TYPE: (415, "Unsupported Media Type", "BadRequestException"),
}


class Failed(Exception):  # noqa: N818
    """The request ends in a gateway response."""

    def __init__(self, failure: Failure, message: str | None = None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.message = message if message is not None else failure.defaults[1]


class GatewayResponses:
    """The gateway responses of an API, as customized."""

    def __init__(self, customized: Iterable[Mapping[str, Any]]) -> None:
        self._customized = {response["responseType"]: response for response in customized}
        for response_type, response in self._customized.items():
            for source in (response.get("responseParameters") or {}).values():
                if static_value(source) is None:
                    raise UnservedPart(f"gateway response {response_type}: {source} is not served")

    def write(self, failed: Failed, context: Mapping[str, Any]) -> Response:
        """A type that is not customized falls back to DEFAULT_4XX or DEFAULT_5XX, then to AWS's default."""
        status, _, error_type = failed.failure.defaults
        fallback = "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX"
        response = self._customized.get(failed.failure) or self._customized.get(fallback) or {}
        templates = response.get("responseTemplates") or {_JSON: '{"message":$context.error.messageString}'}
        media_type = _JSON if _JSON in templates else next(iter(templates))
        error = {
            "message": failed.message or "",
            "messageString": json.dumps(failed.message),
            "responseType": failed.failure,
        }
        # "A GatewayResponse mapping template isn't processed by the Velocity Template Language engine."
        body = _CONTEXT_VARIABLE.sub(
            functools.partial(_variable, {**context, "error": error}), templates[media_type]
        )
        written = Response(body, status=int(response.get("statusCode") or status), content_type=media_type)
        written.headers["x-amzn-ErrorType"] = error_type
        for target, source in (response.get("responseParameters") or {}).items():
            written.headers[target.removeprefix("gatewayresponse.header.")] = static_value(source) or ""
        return written


def static_value(source: str) -> str | None:
    """The value of a static mapping, which is written in single quotes; None for any other mapping."""
    static = len(source) > 1 and source.startswith("'") and source.endswith("'")
    return source[1:-1] if static else None


def _variable(context: Mapping[str, Any], match: re.Match[str]) -> str:
    value: Any = context
    for name in match[1].removeprefix(".").split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return str(value)
