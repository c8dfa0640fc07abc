"""The issuer's public keys: fetched from its JWKS, cached, and chosen for a token.

Keys come from the configured issuer only; nothing that a token says leads anywhere else. Imports
`token_refusal` only. One instance serves one container, which handles one request at a time.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from handler.token_refusal import RefusalReason, TokenRefusedError

# Of connecting and of each answer, and of a refresh as a whole, with or without a discovery document.
TIMEOUT_SECONDS = 2.0

# A key that the issuer has withdrawn is gone after this.
_MAX_AGE_SECONDS = 60 * 60
# While there are keys, the issuer is asked again at most this often, whatever key ids requests name and
# whether it answers or not. Issuers publish a new key long before they sign with it.
_REFRESH_INTERVAL_SECONDS = 60
# Without keys every token is lost, so the issuer is asked sooner; but not by every request, because each
# that asks waits out the timeout: an outage then costs 2 seconds in 10 at most.
_RETRY_INTERVAL_SECONDS = 10

# Real documents have a few kilobytes.
_MAX_DOCUMENT_BYTES = 256 * 1024

# NIST SP 800-131A and RFC 7518, section 3.3: smaller RSA keys must not be used.
_MIN_RSA_BITS = 2048

_NO_ANSWER = "no answer in time"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Algorithm(StrEnum):
    """The signature algorithms that are allowed; `none` and those with a shared secret never are."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A public key, and the algorithms that it may verify."""

    key_id: str | None
    algorithms: frozenset[Algorithm]
    public_key: RSAPublicKey | EllipticCurvePublicKey


class IssuerUnavailableError(Exception):
    """The issuer has not answered with its keys in time; the text says what came instead, in own words."""


def is_acceptable_url(url: str) -> bool:
    """Whether keys may be fetched from a URL: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # the port raises where it is no number
    except ValueError:
        return False
    if "@" in parts.netloc or not has_host or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


class SigningKeys:
    """The keys of one issuer."""

    def __init__(
        self,
        *,
        issuer: str,
        jwks_uri: str | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`jwks_uri` None: read from the issuer's discovery document. `clock` is in seconds."""
        self._issuer = issuer
        self._jwks_uri = jwks_uri
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._discovered_jwks_uri: str | None = None
        self._keys: tuple[SigningKey, ...] | None = None
        self._fetched_at = 0.0
        self._attempted_at: float | None = None
        self._problem: str | None = None

    def find(self, *, key_id: str | None, algorithm: Algorithm) -> SigningKey:
        """The key that a token names; raises TokenRefusedError.

        A token without a key id is taken where only one of the issuer's keys fits its algorithm.
        """
        if self._keys is None or self._clock() - self._fetched_at >= _MAX_AGE_SECONDS:
            self._refresh()
        named = self._named(key_id)
        if not named:
            self._refresh()  # the issuer may have a new key
            named = self._named(key_id)
        if self._keys is None:
            raise TokenRefusedError(RefusalReason.KEYS_UNAVAILABLE, self._problem)
        if key_id is not None and named and not any(algorithm in key.algorithms for key in named):
            raise TokenRefusedError(RefusalReason.ALGORITHM)
        fitting = [key for key in named if algorithm in key.algorithms]
        if len(fitting) != 1:
            raise TokenRefusedError(RefusalReason.UNKNOWN_KEY)
        return fitting[0]

    def _named(self, key_id: str | None) -> list[SigningKey]:
        return [key for key in self._keys or () if key_id is None or key.key_id == key_id]

    def _refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago. A failure leaves those there are."""
        now = self._clock()
        interval = _RETRY_INTERVAL_SECONDS if self._keys is None else _REFRESH_INTERVAL_SECONDS
        if self._attempted_at is not None and now - self._attempted_at < interval:
            return
        self._attempted_at = now
        try:
            self._keys = _within(self._timeout_seconds, self._fetch_keys)
        except IssuerUnavailableError as error:
            self._problem = str(error)
            self._discovered_jwks_uri = None  # it may have moved
        else:
            self._fetched_at = now

    def _fetch_keys(self) -> tuple[SigningKey, ...]:
        uri = self._jwks_uri or self._discovered_jwks_uri or self._discover()
        keys = self._fetch(uri).get("keys")
        if not isinstance(keys, list):
            raise IssuerUnavailableError("the key set has no keys")
        # Also an empty list is an answer: the issuer has withdrawn its keys.
        return tuple(_usable_keys(cast("list[object]", keys)))

    def _discover(self) -> str:
        """Where the issuer's discovery document says the keys are (OpenID Connect Discovery 1.0)."""
        document = self._fetch(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        uri = document.get("jwks_uri")
        # Section 4.3: the issuer in the document must be the one that was asked.
        if document.get("issuer") != self._issuer:
            raise IssuerUnavailableError("the discovery document names another issuer")
        if not isinstance(uri, str) or not is_acceptable_url(uri):
            raise IssuerUnavailableError("the discovery document has no https jwks_uri")
        self._discovered_jwks_uri = uri
        return uri

    def _fetch(self, url: str) -> Mapping[str, object]:
        """A JSON object. Redirects are not followed: they could lead off https."""
        parts = urlsplit(url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.hostname or "", parts.port, timeout=self._timeout_seconds)
        try:
            path = parts.path or "/"
            target = f"{path}?{parts.query}" if parts.query else path
            connection.request("GET", target, headers={"Accept": "application/json"})
            response = connection.getresponse()
            body = response.read(_MAX_DOCUMENT_BYTES + 1)
        except TimeoutError:
            raise IssuerUnavailableError(_NO_ANSWER) from None
        except (OSError, HTTPException, ValueError) as error:
            raise IssuerUnavailableError(type(error).__name__) from None
        finally:
            connection.close()
        if response.status != 200:
            raise IssuerUnavailableError(f"status {response.status}")
        return _json_object(body)


def _within(seconds: float, fetch: Callable[[], tuple[SigningKey, ...]]) -> tuple[SigningKey, ...]:
    """The result of `fetch`, waited for no longer than `seconds`.

    A socket's timeout starts anew with every byte, and looking up a host name has none. API Gateway loses
    the event if its authorizer takes too long, so the time is held here, whatever the issuer does.
    """
    results: queue.SimpleQueue[tuple[SigningKey, ...] | IssuerUnavailableError] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(fetch())
        except IssuerUnavailableError as error:
            results.put(error)
        except Exception as error:  # else the one who waits would wait in vain
            results.put(IssuerUnavailableError(type(error).__name__))

    threading.Thread(target=run, daemon=True).start()
    try:
        result = results.get(timeout=seconds)
    except queue.Empty:
        raise IssuerUnavailableError(_NO_ANSWER) from None
    if isinstance(result, IssuerUnavailableError):
        raise result
    return result


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        document: object = json.loads(body) if len(body) <= _MAX_DOCUMENT_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise IssuerUnavailableError("the answer is no JSON object, or too long")
    return cast("Mapping[str, object]", document)


def _usable_keys(keys: list[object]) -> Iterator[SigningKey]:
    for key in keys:
        if isinstance(key, dict):
            usable = _read_key(cast("dict[str, Any]", key))
            if usable is not None:
                yield usable


def _read_key(jwk: dict[str, Any]) -> SigningKey | None:
    """A key of the set (RFC 7517); None where it is not there for verifying with an allowed algorithm."""
    key_id = jwk.get("kid")
    if not (key_id is None or isinstance(key_id, str)) or jwk.get("use", "sig") != "sig":
        return None
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "RSA", _:
                # Of the members only the public ones: a set that leaks its private keys makes none here.
                public_key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
                algorithms = {Algorithm.RS256, Algorithm.PS256}
            case "EC", "P-256":
                public_key = ECAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y")})
                algorithms = {Algorithm.ES256}
            case _:
                return None
    except (PyJWTError, KeyError, TypeError, ValueError):
        return None
    if isinstance(public_key, RSAPublicKey) and public_key.key_size < _MIN_RSA_BITS:
        return None
    if "alg" in jwk:
        algorithms = {algorithm for algorithm in algorithms if algorithm == jwk["alg"]}
    if not algorithms or not isinstance(public_key, RSAPublicKey | EllipticCurvePublicKey):
        return None
    return SigningKey(key_id=key_id, algorithms=frozenset(algorithms), public_key=public_key)
