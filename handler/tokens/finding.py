"""Where the token of a request is, and which endpoint the request asks for.

Pure: knows no clock, environment, logger or AWS client.
"""

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
# Of a text that was url-encoded as a form, a space arrives as a plus sign. A token has neither.
_BEARER_PREFIX = re.compile(r"(?:bearer(?:[\s+]+|$))+", re.IGNORECASE)

# Of a URL that was escaped as HTML, `&token=` arrives as `&amp;token=`; escaped twice, as `&amp;amp;token=`.
_ESCAPED_AMPERSANDS = re.compile(r"(?:amp;[\x00-\x20]*)+")
_STRIPPED = "".join(map(chr, range(0x21)))  # what Java's String.trim strips

# https://www.w3.org/TR/fetch-metadata/: what a browser says of a request, and no script can.
_SITE: Final = "sec-fetch-site"
_MODE: Final = "sec-fetch-mode"
_DESTINATION: Final = "sec-fetch-dest"

_OWN_SITE = frozenset({"same-origin", "same-site"})
# All others are navigations (`navigate`, and Chromium's former `nested-navigate`) or `websocket`.
_MODES_OF_SUBRESOURCES = frozenset({"cors", "no-cors", "same-origin"})
# Where a navigation's answer goes, whatever its mode is called.
_DESTINATIONS_OF_NAVIGATIONS = frozenset({"document", "embed", "fencedframe", "frame", "iframe", "object"})


class CookieIgnoredReason(StrEnum):
    """Why the token of a cookie counts as not sent."""

    # An old browser, a proxy that strips the headers, or no browser at all.
    NO_FETCH_METADATA = "no_fetch_metadata"
    # Another site's page made the browser send the request, or a person typed its address.
    OTHER_SITE = "other_site"
    # A link, a form, a redirect or a frame, also one of the site itself.
    NAVIGATION = "navigation"


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
        values = self.query.get(ENDPOINT_ID)
        return values[-1] if values else None


def is_token_parameter(name: str) -> bool:
    """Whether a query parameter holds a token: `token`, in any letters, with spaces or `amp;` before it.

    The mapping template keeps parameters of the same names out of the queue (tests/token_names.py).
    """
    stripped = name.strip(_STRIPPED).lower()
    escaped = _ESCAPED_AMPERSANDS.match(stripped)
    return stripped[escaped.end() if escaped else 0 :] == TOKEN


def reason_to_ignore_cookie(request: TokenRequest, *, cookie: str | None) -> CookieIgnoredReason | None:
    """Why a token in the named cookie counts as not sent; None where it counts, or where there is none.

    A browser sends cookies whichever site made it send the request. So a cookie counts only where the browser
    says that a page of the API's own site did, and that the request is no navigation: links, forms and
    redirects of other sites carry `SameSite=Lax` cookies. Of a repeated header every value has to say so.
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
    """The request's one token; None where it has none.

    It may be in the parameter `token`, in the header `Authorization` after `Bearer`, or in the named cookie.
    No place comes before another: wherever two different tokens are found, in two places or in one, it is
    not known who sends the event, and InvalidTokenError is raised. The same token twice is one. Another
    scheme than Bearer, and what scripts write for no value, are no token.
    """
    texts = [*_parameter_values(request), *_bearer_tokens(request)]
    if cookie is not None:
        texts += _cookie_values(request, cookie)
    tokens = _distinct(texts)
    if len(tokens) > 1:
        raise InvalidTokenError(InvalidTokenReason.AMBIGUOUS)
    return tokens.pop() if tokens else None


def _lower_values(request: TokenRequest, header: str) -> set[str]:
    return {value.strip().lower() for value in request.headers.get(header, ())}


def _distinct(texts: Iterable[str]) -> set[str]:
    """The tokens in texts as scripts write them, without what they write for no value."""
    return {token for text in texts if not is_without_identity(token := _token_in(text))}


def _token_in(text: str) -> str:
    """A token without what it was wrapped in: percent-encoding, quotes, and `Bearer`.

    A token has letters, digits, `-`, `_` and dots only, so that nothing of it is lost.
    """
    text = unquote(text).strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip()
    bearer = _BEARER_PREFIX.match(text)
    return text[bearer.end() :] if bearer else text


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
    """Every value by name, from the part of the event that has all of them, else from the other."""
    values: dict[str, list[str]] = {}
    for name, found in _mapping(event.get(many) or event.get(single)).items():
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        values[name] = [item for item in items if isinstance(item, str)]
    return values


def _mapping(value: object) -> Mapping[str, object]:
    # API Gateway writes null for what a request does not have.
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
