"""Verifies a token against one issuer, and reads which endpoint it proves.

PyJWT does the verifying. What the token says is held against the rules before its signature is: that
costs nothing, and a token that could not be accepted anyway makes nobody ask the issuer for keys. Nothing
is answered of a token before its signature has been verified.
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

# Bytes. Larger ones are not even parsed; the whole request may have 10,240 at API Gateway.
MAX_TOKEN_LENGTH = 8 * 1024

# Clocks of issuers and of Lambda differ.
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
    # The clients whose tokens count.
    audiences: Collection[str]
    keys: SigningKeys

    def verify(self, token: str) -> Mapping[str, object]:
        """The claims of a token that is valid now; raises InvalidTokenError."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidTokenError(InvalidTokenReason.TOO_LONG)
        if not token.isascii():
            raise InvalidTokenError(InvalidTokenReason.MALFORMED)
        try:
            header = _read_header(token)
            algorithm = _allowed_algorithm(header)
            self._check_audience(self._decode(token, {"verify_signature": False}))
            # PyJWT has made sure that a key id is a string. `jku`, `x5u`, `x5c`, `jwk` are not read at all.
            return self._decode_verified(token, cast("str | None", header.get("kid")), algorithm)
        except exceptions.PyJWTError as error:
            reason = _REASONS.get(type(error), InvalidTokenReason.MALFORMED)
            raise InvalidTokenError(reason) from None

    def _decode_verified(self, token: str, key_id: str | None, algorithm: Algorithm) -> dict[str, object]:
        """The claims, once one of the keys that the token may be signed with has verified them."""
        try:
            return self._decode_with(self.keys.find(key_id=key_id, algorithm=algorithm), token, algorithm)
        except exceptions.InvalidSignatureError:
            # An issuer without key ids may have a new key, and nothing else says so.
            if key_id is not None or not self.keys.refresh():
                raise
        return self._decode_with(self.keys.find(key_id=key_id, algorithm=algorithm), token, algorithm)

    def _decode_with(self, keys: Sequence[SigningKey], token: str, algorithm: Algorithm) -> dict[str, object]:
        for key in keys:
            # Only that says that another key may do better; anything else is wrong whoever has signed it.
            with suppress(exceptions.InvalidSignatureError):
                return self._decode(
                    token, {"verify_signature": True}, key=key.public_key, algorithms=[algorithm.value]
                )
        raise exceptions.InvalidSignatureError

    def _decode(self, token: str, signature: Options, **key: Any) -> dict[str, object]:
        """The claims, after the checks that need no more than the time and the issuer's name."""
        options: Options = {
            "require": ["exp", "iss"],
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_iss": True,
            # Depends on the kind of token: _check_audience.
            "verify_aud": False,
            # What names the endpoint may be another claim, and may be a list: proven_endpoint.
            "verify_sub": False,
            "verify_jti": False,
            **signature,
        }
        return _TOKENS.decode(token, options=options, issuer=self.issuer, leeway=LEEWAY_SECONDS, **key)

    def _check_audience(self, claims: Mapping[str, object]) -> None:
        """Whether the token was issued for one of these clients.

        An access token of Amazon Cognito names it in `client_id`; all other tokens in `aud`.
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

    `claim` is the name of a claim, or the way to one within others, with dots between the names. A text is
    the endpoint, whichever the request asks for. A whole number is one in its decimal digits. A list is of
    endpoints that the sender may act for: the one requested, if it is in there.
    """
    value = _read_claim(claims, claim)
    match value:
        case None:
            raise InvalidTokenError(InvalidTokenReason.CLAIM_MISSING)
        case list():
            # What cannot be an endpoint beside one that can takes nothing away from it.
            endpoints = [_as_text(one) for one in cast("list[object]", value)]
            if requested is None or requested not in endpoints:
                raise InvalidTokenError(InvalidTokenReason.OTHER_ENDPOINT)
            endpoint = requested
        case _:
            endpoint = _as_text(value)
    # It becomes a message attribute: SQS refuses an empty one and control characters, which would cost the
    # whole event.
    if not endpoint.strip() or not endpoint.isprintable() or utf16_length(endpoint) > LONGEST_ID:
        raise InvalidTokenError(InvalidTokenReason.CLAIM_UNUSABLE)
    return endpoint


def _read_claim(claims: Mapping[str, object], name: str) -> object:
    """The claim of this name; None where there is none.

    A name that is there as it is written goes first, dots or not: `https://example.com/endpoint` is one. Then
    the longest name before a dot that holds claims of its own.
    """
    value = claims.get(name)
    end = len(name)
    while value is None and (end := name.rfind(".", 0, end)) > 0:
        inner = claims.get(name[:end])
        if isinstance(inner, dict):
            value = _read_claim(cast("dict[str, object]", inner), name[end + 1 :])
    return value


def _as_text(value: object) -> str:
    """A text as it is and a whole number in its digits; anything else has more than one form, or none."""
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):  # to Python `true` is a number, too
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
    # PyJWT has read it, and of a repeated member the last value; the one who signed may have meant another.
    segment = token.partition(".")[0]
    _loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return header


class _Tokens(jwt.PyJWT):
    """Reads claims more strictly than PyJWT, and those that are null as absent."""

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        claims = _loads(decoded["payload"])
        if not isinstance(claims, dict):
            raise exceptions.DecodeError
        named = cast("dict[str, Any]", claims)
        return {name: value for name, value in named.items() if value is not None}


_TOKENS = _Tokens()


def _loads(text: bytes) -> object:
    """JSON as RFC 8259 has it, and no object with two members of one name (RFC 7519, section 4)."""
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
    """Of `NaN` and `Infinity`, which only Python calls JSON."""
    raise ValueError
