"""The issuer's public keys: fetches them from its JWKS, caches them, and finds those for a token.

Keys come only from the configured issuer, whatever a token says. One SigningKeys serves one container, which
handles one request at a time.
"""

import io
import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from contract.local_run import LOOPBACK_HOSTS
from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason

# For a whole refresh, from looking up the host to the last byte, discovery document included.
TIMEOUT_SECONDS = 2.0

# The most keys that are tried for one token. A rotation does not need more, and each costs time.
MAX_CANDIDATES = 4

# A key that the issuer withdraws is gone after this.
_MAX_AGE_SECONDS = 60 * 60
# While the issuer is down, its last keys are used for this long: an outage of a night costs no profile
# update, but an attacker who blocks the issuer's responses cannot keep a withdrawn key alive for good.
_MAX_AGE_IN_OUTAGE_SECONDS = 24 * 60 * 60
# With keys in the cache, the issuer is asked at most this often, whatever key ids tokens name and whether the
# issuer responds or not. Issuers publish a new key long before they sign with it.
_REFRESH_INTERVAL_SECONDS = 60
# Without keys every token is invalid, so the issuer is asked sooner, but not by every request: each one that
# asks may wait for the timeout. An outage costs at most 2 seconds in 10.
_RETRY_INTERVAL_SECONDS = 10

# Real documents have a few KB.
_MAX_DOCUMENT_BYTES = 256 * 1024

# NIST SP 800-131A and RFC 7518, section 3.3: smaller RSA keys must not be used.
_MIN_RSA_BITS = 2048

_NO_RESPONSE = "no response in time"


class Algorithm(StrEnum):
    """The allowed signature algorithms: never `none`, never one with a shared secret."""

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
    """The keys could not be fetched in time. The text says why, in words of this program."""


def is_acceptable_url(url: str, *, loopback_http: bool = False) -> bool:
    """Whether keys may be fetched from a URL: https or, in the local run, http on this machine."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # reading the port raises if it is no number
    except ValueError:
        return False
    if "@" in parts.netloc or not has_host or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (
        loopback_http and parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _FetchedKeys:
    """The issuer's keys and their URL."""

    keys: tuple[SigningKey, ...]
    jwks_uri: str


class SigningKeys:
    """The keys of one issuer."""

    def __init__(
        self,
        *,
        issuer: str,
        jwks_uri: str | None,
        loopback_http: bool = False,
        timeout_seconds: float = TIMEOUT_SECONDS,
        # Not time.monotonic: that clock may stop while Lambda freezes the container.
        clock: Callable[[], float] = time.time,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`jwks_uri` None: read it from the issuer's discovery document. `clock` counts seconds.

        `on_failure` gets the reason of each failed fetch, in words of this program, even while cached keys
        last.
        """
        self._issuer = issuer
        self._jwks_uri = jwks_uri
        self._loopback_http = loopback_http
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._on_failure = on_failure
        self._discovered_jwks_uri: str | None = None
        self._keys: tuple[SigningKey, ...] | None = None
        self._fetched_at = 0.0
        self._attempted_at: float | None = None
        self._problem: str | None = None
        self._fetching: threading.Thread | None = None

    def find(self, *, key_id: str | None, algorithm: Algorithm) -> Sequence[SigningKey]:
        """The different keys that may have signed a token; raises InvalidTokenError.

        Usually one. There are several, at most MAX_CANDIDATES, if the token has no key id or the issuer uses
        one id for several keys.
        """
        if self._keys is None or not self._has_age_below(_MAX_AGE_SECONDS):
            self.refresh()
        if self._keys is not None and not self._has_age_below(_MAX_AGE_IN_OUTAGE_SECONDS):
            self._keys = None
        fitting = self._fitting(key_id, algorithm)
        if not fitting and not self._has(key_id):
            self.refresh()  # the issuer may have a new key
            fitting = self._fitting(key_id, algorithm)
        if self._keys is None:
            raise InvalidTokenError(InvalidTokenReason.KEYS_UNAVAILABLE, self._problem)
        if not fitting:
            raise InvalidTokenError(
                InvalidTokenReason.ALGORITHM if self._has(key_id) else InvalidTokenReason.UNKNOWN_KEY
            )
        return fitting

    def refresh(self) -> bool:
        """Fetch the keys, unless that was tried a moment ago; returns whether new keys came.

        A failure keeps the cached keys.
        """
        now = self._clock()
        interval = _RETRY_INTERVAL_SECONDS if self._keys is None else _REFRESH_INTERVAL_SECONDS
        if self._attempted_at is not None and abs(now - self._attempted_at) < interval:
            return False
        self._attempted_at = now
        try:
            fetched = self._fetch_in_time()
        except IssuerUnavailableError as error:
            self._problem = str(error)
            self._discovered_jwks_uri = None  # it may have moved
            self._on_failure(self._problem)
            return False
        self._keys = fetched.keys
        self._discovered_jwks_uri = fetched.jwks_uri
        self._fetched_at = now
        return True

    def _has_age_below(self, seconds: float) -> bool:
        # abs: a clock that is set back must not keep keys alive for good.
        return abs(self._clock() - self._fetched_at) < seconds

    def _has(self, key_id: str | None) -> bool:
        return key_id is not None and any(key.key_id == key_id for key in self._keys or ())

    def _fitting(self, key_id: str | None, algorithm: Algorithm) -> list[SigningKey]:
        """The first keys that fit, each once: a key set may list a key once for each algorithm."""
        found: list[SigningKey] = []
        for key in self._keys or ():
            if len(found) == MAX_CANDIDATES:
                break
            fits = key_id in (None, key.key_id) and algorithm in key.algorithms
            if fits and all(key.public_key != other.public_key for other in found):
                found.append(key)
        return found

    def _fetch_in_time(self) -> _FetchedKeys:
        """Fetch the issuer's keys, or raise IssuerUnavailableError when the timeout is over.

        API Gateway loses the event if its authorizer takes too long. Everything on a socket has a timeout,
        but looking up a host name has none, so a thread does it. There is never a second one beside it.
        """
        if self._fetching is not None and self._fetching.is_alive():
            raise IssuerUnavailableError(_NO_RESPONSE)
        deadline = _Deadline(self._timeout_seconds)
        known_uri = self._jwks_uri or self._discovered_jwks_uri
        results: queue.SimpleQueue[_FetchedKeys | IssuerUnavailableError] = queue.SimpleQueue()

        def run() -> None:
            try:
                results.put(self._fetch_keys(known_uri, deadline))
            except IssuerUnavailableError as error:
                results.put(error)
            except Exception as error:  # otherwise the caller blocks until the timeout
                results.put(IssuerUnavailableError(type(error).__name__))

        self._fetching = threading.Thread(target=run, daemon=True)
        self._fetching.start()
        try:
            result = results.get(timeout=deadline.remaining())
        except (queue.Empty, TimeoutError):  # TimeoutError: the time was over before the wait began
            raise IssuerUnavailableError(_NO_RESPONSE) from None
        if isinstance(result, IssuerUnavailableError):
            raise result
        return result

    def _fetch_keys(self, known_uri: str | None, deadline: "_Deadline") -> _FetchedKeys:
        uri = known_uri or self._discover(deadline)
        keys = _fetch(uri, deadline).get("keys")
        if not isinstance(keys, list):
            raise IssuerUnavailableError("the key set has no keys")
        # An empty list is valid: the issuer has withdrawn its keys.
        return _FetchedKeys(keys=tuple(_usable_keys(cast("list[object]", keys))), jwks_uri=uri)

    def _discover(self, deadline: "_Deadline") -> str:
        """The `jwks_uri` of the issuer's discovery document (OpenID Connect Discovery 1.0)."""
        document = _fetch(self._issuer.rstrip("/") + "/.well-known/openid-configuration", deadline)
        uri = document.get("jwks_uri")
        # Section 4.3: the document must name the issuer that it was fetched from.
        if document.get("issuer") != self._issuer:
            raise IssuerUnavailableError("the discovery document names another issuer")
        if not isinstance(uri, str) or not is_acceptable_url(uri, loopback_http=self._loopback_http):
            raise IssuerUnavailableError("the discovery document has no https jwks_uri")
        return uri


class _Deadline:
    """The time by which a refresh has to end."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than 0; raises TimeoutError."""
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _Connection(HTTPConnection):
    """A connection on which nothing outlasts the deadline.

    A socket's own timeout starts again with every byte.
    """

    def __init__(self, url: SplitResult, deadline: _Deadline) -> None:
        is_tls = url.scheme == "https"
        super().__init__(url.hostname or "", url.port or (443 if is_tls else 80))
        self._tls = ssl.create_default_context() if is_tls else None
        self._deadline = deadline
        # HTTPConnection only calls it, so a function does.
        self.response_class = self._response  # pyright: ignore[reportAttributeAccessIssue]

    def connect(self) -> None:
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for number, (family, kind, protocol, _, address) in enumerate(addresses, start=1):
            connected = socket.socket(family, kind, protocol)
            try:
                # An address that does not respond leaves time for the others.
                connected.settimeout(self._deadline.remaining() / (len(addresses) - number + 1))
                connected.connect(address)
            except OSError:
                connected.close()
                if number == len(addresses):
                    raise
            else:
                self.sock = connected
                break
        self.sock.settimeout(self._deadline.remaining())
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def _response(self, sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        return HTTPResponse(cast("socket.socket", _Received(sock, self._deadline)), *args, **kwargs)


class _Received(io.RawIOBase):
    """The bytes that a socket receives, each read within the time that is left."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Called by HTTPResponse, as on a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._deadline.remaining())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _fetch(url: str, deadline: _Deadline) -> Mapping[str, object]:
    """A JSON object. Redirects are not followed: they could lead off https."""
    parts = urlsplit(url)
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    try:
        with closing(_Connection(parts, deadline)) as connection:
            connection.request("GET", target, headers={"Accept": "application/json"})
            # The response holds the socket too.
            with closing(connection.getresponse()) as response:
                status, body = response.status, response.read(_MAX_DOCUMENT_BYTES + 1)
    except TimeoutError:
        raise IssuerUnavailableError(_NO_RESPONSE) from None
    except (OSError, HTTPException, ValueError) as error:
        raise IssuerUnavailableError(type(error).__name__) from None
    if status != 200:
        raise IssuerUnavailableError(f"status {status}")
    return _json_object(body)


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        document: object = json.loads(body) if len(body) <= _MAX_DOCUMENT_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise IssuerUnavailableError("the response is no JSON object, or too long")
    return cast("Mapping[str, object]", document)


def _usable_keys(keys: list[object]) -> Iterator[SigningKey]:
    for key in keys:
        if isinstance(key, dict):
            usable = _read_key(cast("dict[str, Any]", key))
            if usable is not None:
                yield usable


def _read_key(members: dict[str, Any]) -> SigningKey | None:
    """A key of the set (RFC 7517); None if it cannot verify with an allowed algorithm."""
    jwk = {name: value for name, value in members.items() if value is not None}
    key_id = jwk.get("kid")
    if not (key_id is None or isinstance(key_id, str)) or not _is_for_verifying(jwk):
        return None
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "RSA", _:
                # Only the public members: a key set may leak private ones.
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


def _is_for_verifying(jwk: Mapping[str, Any]) -> bool:
    """Whether `use` and `key_ops`, if present, allow verification (RFC 7517, sections 4.2 and 4.3)."""
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
