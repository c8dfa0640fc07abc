"""Finds the token of a request and decides whether a cookie counts. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast
from urllib.parse import unquote

from contract.missing_values import is_without_identity
from contract.url import ENDPOINT_ID, TOKEN
from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason

_BEARER = "bearer"
# Form encoding turns a space into a plus sign. A token has neither.
_BEARER_PREFIX = re.compile(r"(?:bearer(?:[\s+]+|$))+", re.IGNORECASE)

# In a URL that was escaped as HTML, `&token=` arrives as `&amp;token=`; escaped twice, as `&amp;amp;token=`.
_ESCAPED_AMPERSANDS = re.compile(r"(?:amp;[\x00-\x20]*)+")
_STRIPPED = "".join(map(chr, range(0x21)))  # as Java's String.trim does

# Headers that only the browser can set, no script: https://www.w3.org/TR/fetch-metadata/
_SITE: Final = "sec-fetch-site"
_MODE: Final = "sec-fetch-mode"
_DESTINATION: Final = "sec-fetch-dest"

_OWN_SITE = frozenset({"same-origin", "same-site"})
# The others are navigations (`navigate`, formerly also `nested-navigate` in Chromium) and `websocket`.
_MODES_OF_SUBRESOURCES = frozenset({"cors", "no-cors", "same-origin"})
# Destinations of navigations, whatever their mode.
_DESTINATIONS_OF_NAVIGATIONS = frozenset({"document", "embed", "fencedframe", "frame", "iframe", "object"})


class CookieIgnoredReason(StrEnum):
    """Why a cookie with a token is ignored."""

    # An old browser, a proxy that strips the headers, or no browser.
    NO_FETCH_METADATA = "no_fetch_metadata"
    # A page of another site sent the request, or a person typed its address.
    OTHER_SITE = "other_site"
    # A link, a form, a redirect or a frame, even of the site itself.
    NAVIGATION = "navigation"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """The query and headers of a request, with all values of each name. Header names are lower case."""

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
        values = self.query.get(ENDPOINT_ID)
        return values[-1] if values else None


def is_token_parameter(name: str) -> bool:
    """Whether a query parameter holds a token: `token` in any case, with spaces or `amp;` before it.

    The mapping template keeps the same parameters out of the queue (tests/token_names.py).
    """
    stripped = name.strip(_STRIPPED).lower()
    escaped = _ESCAPED_AMPERSANDS.match(stripped)
    return stripped[escaped.end() if escaped else 0 :] == TOKEN


def reason_to_ignore_cookie(request: TokenRequest, *, cookie: str | None) -> CookieIgnoredReason | None:
    """Why a token in the named cookie is ignored; None if it counts, or if there is none.

    A browser adds cookies to requests that other sites start. So a cookie counts only if the browser says
    that a page of the API's own site started the request, and that it is no navigation: links, forms and
    redirects of other sites carry `SameSite=Lax` cookies. If a header is repeated, all its values must agree.
    """
    if cookie is None or not _distinct(_cookie_values(request, cookie)):
        return None
    sites, modes = _lower_values(request, _SITE), _lower_values(request, _MODE)
    if not sites or not modes:
        return CookieIgnoredReason.NO_FETCH_METADATA
    if not sites <= _OWN_SITE:
        return CookieIgnoredReason.OTHER_SITE
    # Chromium sent no destination before version 80.
    destinations = _lower_values(request, _DESTINATION)
    if not modes <= _MODES_OF_SUBRESOURCES or destinations & _DESTINATIONS_OF_NAVIGATIONS:
        return CookieIgnoredReason.NAVIGATION
    return None


def find_token(request: TokenRequest, *, cookie: str | None) -> str | None:
    """The request's token; None if it has none. Raises InvalidTokenError if it has two different ones.

    The token may be in the parameter `token`, in the header `Authorization` after `Bearer`, or in the named
    cookie. No place takes precedence: with two tokens it is unknown who sends the event. The same token twice
    is one. Other schemes than Bearer, and what scripts write for no value, are no token.
    """
    found = [*_parameter_values(request), *_bearer_tokens(request)]
    if cookie is not None:
        found += _cookie_values(request, cookie)
    tokens = _distinct(found)
    if len(tokens) > 1:
        raise InvalidTokenError(InvalidTokenReason.AMBIGUOUS)
    return tokens.pop() if tokens else None


def _lower_values(request: TokenRequest, header: str) -> set[str]:
    return {value.strip().lower() for value in request.headers.get(header, ())}


def _distinct(strings: Iterable[str]) -> set[str]:
    """The different tokens in strings as scripts write them, without those that stand for no value."""
    return {token for string in strings if not is_without_identity(token := _token_in(string))}


def _token_in(string: str) -> str:
    """A token without percent-encoding, quotes and `Bearer` around it.

    A token has only letters, digits, `-`, `_` and dots, so it loses nothing.
    """
    string = unquote(string).strip()
    if len(string) > 1 and string[0] == string[-1] == '"':
        string = string[1:-1].strip()
    bearer = _BEARER_PREFIX.match(string)
    return string[bearer.end() :] if bearer else string


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
                yield value


def _all_values(event: Mapping[str, object], many: str, single: str) -> dict[str, list[str]]:
    """All values by name, from the member of the event that has several a name, or else from the other."""
    values: dict[str, list[str]] = {}
    for name, found in _mapping(event.get(many) or event.get(single)).items():
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        values[name] = [item for item in items if isinstance(item, str)]
    return values


def _mapping(value: object) -> Mapping[str, object]:
    # API Gateway writes null for a missing part of the request.
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
