"""Verifies a token of one issuer and reads the endpoint that it proves.

PyJWT does the verification. The claims are checked before the signature: that costs little, and a token that
could not be accepted anyway does not make the function fetch keys. Nothing of a token is used before its
signature is verified.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import jwt
from jwt import exceptions
from jwt.types import Options

from contract.string_length import utf16_length
from contract.url import LONGEST_ID
from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from handler.tokens.keys import Algorithm, SigningKey, SigningKeys

# Bytes. A longer token is not parsed. API Gateway limits the whole request line and headers to 10,240.
MAX_TOKEN_LENGTH = 8 * 1024

# The clocks of issuers and of Lambda differ.
LEEWAY_SECONDS = 60

_REASONS: Mapping[type[Exception], InvalidTokenReason] = {
    exceptions.ExpiredSignatureError: InvalidTokenReason.EXPIRED,
    exceptions.ImmatureSignatureError: InvalidTokenReason.NOT_YET_VALID,
    exceptions.InvalidIssuerError: InvalidTokenReason.ISSUER,
    exceptions.MissingRequiredClaimError: InvalidTokenReason.CLAIM_MISSING,
    exceptions.InvalidAlgorithmError: InvalidTokenReason.ALGORITHM,
    exceptions.InvalidSignatureError: InvalidTokenReason.SIGNATURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerifier:
    """The rules for tokens of one issuer."""

    issuer: str
    # The clients whose tokens are accepted.
    audiences: Collection[str]
    keys: SigningKeys

    def verify(self, token: str) -> Mapping[str, object]:
        """The claims of a valid token; raises InvalidTokenError."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidTokenError(InvalidTokenReason.TOO_LONG)
        if not token.isascii():
            raise InvalidTokenError(InvalidTokenReason.MALFORMED)
        try:
            header = _read_header(token)
            algorithm = _allowed_algorithm(header)
            self._check_audience(self._decode(token, {"verify_signature": False}))
            # PyJWT has checked that a key id is a string. `jku`, `x5u`, `x5c` and `jwk` are never read.
            return self._decode_verified(token, cast("str | None", header.get("kid")), algorithm)
        except exceptions.PyJWTError as error:
            reason = _REASONS.get(type(error), InvalidTokenReason.MALFORMED)
            raise InvalidTokenError(reason) from None

    def _decode_verified(self, token: str, key_id: str | None, algorithm: Algorithm) -> dict[str, object]:
        """The claims, verified by one of the keys that may have signed the token."""
        try:
            return self._decode_with(self.keys.find(key_id=key_id, algorithm=algorithm), token, algorithm)
        except exceptions.InvalidSignatureError:
            # Without key ids, nothing else shows that the issuer has a new key.
            if key_id is not None or not self.keys.refresh():
                raise
        return self._decode_with(self.keys.find(key_id=key_id, algorithm=algorithm), token, algorithm)

    def _decode_with(self, keys: Sequence[SigningKey], token: str, algorithm: Algorithm) -> dict[str, object]:
        for key in keys:
            # Another key may verify the signature. Any other error is final, whichever key signed.
            with suppress(exceptions.InvalidSignatureError):
                return self._decode(
                    token, {"verify_signature": True}, key=key.public_key, algorithms=[algorithm.value]
                )
        raise exceptions.InvalidSignatureError

    def _decode(self, token: str, signature: Options, **key: Any) -> dict[str, object]:
        """The claims, after the checks of time and issuer."""
        options: Options = {
            "require": ["exp", "iss"],
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_iss": True,
            # _check_audience does it by the kind of token.
            "verify_aud": False,
            # proven_endpoint reads the endpoint: from any claim, which may be a list.
            "verify_sub": False,
            "verify_jti": False,
            **signature,
        }
        return _TOKENS.decode(token, options=options, issuer=self.issuer, leeway=LEEWAY_SECONDS, **key)

    def _check_audience(self, claims: Mapping[str, object]) -> None:
        """Raise InvalidTokenError unless the token was issued for one of the clients.

        An access token of Amazon Cognito names the client in `client_id`, all other tokens in `aud`.
        """
        match claims.get("token_use"):
            case None | "id":
                audience = claims.get("aud")
            case "access":
                audience = claims.get("client_id")
            case _:
                raise InvalidTokenError(InvalidTokenReason.TOKEN_USE)
        if audience is None:
            raise InvalidTokenError(InvalidTokenReason.CLAIM_MISSING)
        named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        if not any(client in named for client in self.audiences):
            raise InvalidTokenError(InvalidTokenReason.AUDIENCE)


def proven_endpoint(claims: Mapping[str, object], *, claim: str, requested: str | None) -> str:
    """The endpoint that verified claims prove; raises InvalidTokenError.

    `claim` is the name of a claim, or names joined by dots for a claim within others. A string is the
    endpoint, whichever one the request names; so are the decimal digits of a whole number. A list holds the
    endpoints that the sender may act for: then the endpoint is the requested one, if the list has it.
    """
    value = _read_claim(claims, claim)
    match value:
        case None:
            raise InvalidTokenError(InvalidTokenReason.CLAIM_MISSING)
        case list():
            endpoints = [_as_string(one) for one in cast("list[object]", value)]
            if requested is None or requested not in endpoints:
                raise InvalidTokenError(InvalidTokenReason.OTHER_ENDPOINT)
            endpoint = requested
        case _:
            endpoint = _as_string(value)
    # It becomes a message attribute. SQS refuses empty ones and control characters: the event would be lost.
    if not endpoint.strip() or not endpoint.isprintable() or utf16_length(endpoint) > LONGEST_ID:
        raise InvalidTokenError(InvalidTokenReason.CLAIM_UNUSABLE)
    return endpoint


def _read_claim(claims: Mapping[str, object], name: str) -> object:
    """The claim of this name; None if there is none.

    A claim with exactly this name comes first, dots or not: `https://example.com/endpoint` is one name. Then
    comes the longest name before a dot whose claim holds claims of its own.
    """
    value = claims.get(name)
    end = len(name)
    while value is None and (end := name.rfind(".", 0, end)) > 0:
        inner = claims.get(name[:end])
        if isinstance(inner, dict):
            value = _read_claim(cast("dict[str, object]", inner), name[end + 1 :])
    return value


def _as_string(value: object) -> str:
    """A string as it is and a whole number in its digits. Anything else has no single form."""
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):  # true and false are int in Python
            return str(value)
        case _:
            raise InvalidTokenError(InvalidTokenReason.CLAIM_UNUSABLE)


def _allowed_algorithm(header: Mapping[str, object]) -> Algorithm:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in Algorithm.__members__:
        raise InvalidTokenError(InvalidTokenReason.ALGORITHM)
    return Algorithm(algorithm)


def _read_header(token: str) -> Mapping[str, object]:
    header = jwt.get_unverified_header(token)
    # PyJWT takes the last value of a repeated member; the signer may have meant another. _loads refuses that.
    segment = token.partition(".")[0]
    _loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return header


class _Tokens(jwt.PyJWT):
    """Reads JSON more strictly than PyJWT. A claim that is null counts as absent."""

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        claims = _loads(decoded["payload"])
        if not isinstance(claims, dict):
            raise exceptions.DecodeError
        named = cast("dict[str, Any]", claims)
        return {name: value for name, value in named.items() if value is not None}


_TOKENS = _Tokens()


def _loads(text: bytes) -> object:
    """Strict JSON (RFC 8259), without repeated member names (RFC 7519, section 4)."""
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise exceptions.DecodeError from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _no_number(_: str) -> NoReturn:
    # NaN and Infinity, which only Python reads as JSON.
    raise ValueError
