"""Where the token of a request is, and which endpoint the request asks for.

Pure: knows no clock, environment, logger or AWS client. Imports `token_refusal` only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from handler.token_refusal import RefusalReason, TokenRefusedError

# What Google Tag Manager, or a script that found no token, writes in its place.
_TEXTS_WITHOUT_TOKEN = frozenset({"", "undefined", "null", "[object Object]"})

_BEARER = "bearer"

# Of a URL that was escaped as HTML, `&token=` arrives as `&amp;token=`; escaped twice, as `&amp;amp;token=`.
_ESCAPED_AMPERSANDS = re.compile(r"(?:amp;[\x00-\x20]*)+")
_STRIPPED = "".join(map(chr, range(0x21)))  # what Java's String.trim strips


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What the authorizer reads of a request: every value of every name. Header names are lower case."""

    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, event: Mapping[str, object]) -> "TokenRequest":
        """The request in a REQUEST authorizer's event (payload version 1.0)."""
        headers: dict[str, list[str]] = {}
        for name, values in _all_values(event, "multiValueHeaders", "headers").items():
            headers.setdefault(name.lower(), []).extend(values)
        query = _all_values(event, "multiValueQueryStringParameters", "queryStringParameters")
        return cls(query=query, headers=headers)

    @property
    def endpoint_id(self) -> str | None:
        """The endpoint that the event is about. Of a repeated parameter the last value counts."""
        values = self.query.get("endpoint_id")
        return values[-1] if values else None


def is_token_parameter(name: str) -> bool:
    """Whether a query parameter holds a token: `token`, in any letters, with spaces or `amp;` before it.

    The mapping template keeps parameters of the same names out of the queue (tests/token_names.py).
    """
    stripped = name.strip(_STRIPPED).lower()
    escaped = _ESCAPED_AMPERSANDS.match(stripped)
    return stripped[escaped.end() if escaped else 0 :] == "token"


def find_token(request: TokenRequest, *, cookie: str | None) -> str | None:
    """The request's one token; None where it has none.

    It may be, in the order in which they are read, in the parameter `token`, in the header `Authorization`
    after `Bearer`, or in the named cookie. No place comes before another: wherever two different tokens
    are found, in two places or in one, it is not known who sends the event, and TokenRefusedError is
    raised. The same token twice is one. Another scheme than Bearer, and `undefined` or `null` in the place
    of a token, are no token.
    """
    candidates = [*_parameter_values(request), *_bearer_tokens(request)]
    if cookie is not None:
        candidates += _cookie_values(request, cookie)
    tokens = {stripped for token in candidates if (stripped := token.strip()) not in _TEXTS_WITHOUT_TOKEN}
    if len(tokens) > 1:
        raise TokenRefusedError(RefusalReason.AMBIGUOUS)
    return tokens.pop() if tokens else None


def _parameter_values(request: TokenRequest) -> Iterator[str]:
    for name, values in request.query.items():
        if is_token_parameter(name):
            yield from values


def _bearer_tokens(request: TokenRequest) -> Iterator[str]:
    for value in request.headers.get("authorization", ()):
        scheme, _, token = value.strip().partition(" ")
        if scheme.lower() == _BEARER:
            yield token


def _cookie_values(request: TokenRequest, cookie: str) -> Iterator[str]:
    for header in request.headers.get("cookie", ()):
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            if name.strip() == cookie:
                value = value.strip()
                quoted = len(value) > 1 and value[0] == value[-1] == '"'
                yield value[1:-1] if quoted else value


def _all_values(event: Mapping[str, object], many: str, single: str) -> dict[str, list[str]]:
    """Every value by name, from the part of the event that has all of them, else from the other."""
    values: dict[str, list[str]] = {}
    for name, found in _mapping(event.get(many) or event.get(single)).items():
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        values[name] = [item for item in items if isinstance(item, str)]
    return values


def _mapping(value: object) -> Mapping[str, object]:
    # API Gateway writes null for what a request does not have.
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
