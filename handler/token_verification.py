"""Verifies a token against one issuer, and reads which endpoint it proves.

PyJWT does the verifying. What the token says is held against the rules before its signature is: that
costs nothing, and a token that could not be accepted anyway makes nobody ask the issuer for keys. Nothing
is answered of a token before its signature has been verified. Imports `signing_keys` and `token_refusal`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import jwt
from jwt import exceptions
from jwt.types import Options

from handler.signing_keys import Algorithm, SigningKeys
from handler.token_refusal import RefusalReason, TokenRefusedError

# Bytes. Larger ones are not even parsed; the whole request may have 10,240 at API Gateway.
MAX_TOKEN_LENGTH = 8 * 1024

# Clocks of issuers and of Lambda differ.
LEEWAY_SECONDS = 60

# Characters of an endpoint id. No destination takes as many; API Gateway limits what an authorizer answers.
_MAX_ENDPOINT_LENGTH = 1024

_REASONS: Mapping[type[Exception], RefusalReason] = {
    exceptions.ExpiredSignatureError: RefusalReason.EXPIRED,
    exceptions.ImmatureSignatureError: RefusalReason.NOT_YET_VALID,
    exceptions.InvalidIssuerError: RefusalReason.ISSUER,
    exceptions.MissingRequiredClaimError: RefusalReason.CLAIM_MISSING,
    exceptions.InvalidAlgorithmError: RefusalReason.ALGORITHM,
    exceptions.InvalidSignatureError: RefusalReason.SIGNATURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerifier:
    """The rules for tokens of one issuer."""

    issuer: str
    # The clients whose tokens count.
    audiences: Collection[str]
    keys: SigningKeys

    def verify(self, token: str) -> Mapping[str, object]:
        """The claims of a token that is valid now; raises TokenRefusedError."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenRefusedError(RefusalReason.TOO_LONG)
        if not token.isascii():
            raise TokenRefusedError(RefusalReason.MALFORMED)
        try:
            header: Mapping[str, object] = jwt.get_unverified_header(token)
            algorithm = _allowed_algorithm(header)
            self._check_audience(self._decode(token, {"verify_signature": False}))
            # PyJWT has made sure that a key id is text. `jku`, `x5u`, `x5c` and `jwk` are not read at all.
            key = self.keys.find(key_id=cast("str | None", header.get("kid")), algorithm=algorithm)
            return self._decode(
                token, {"verify_signature": True}, key=key.public_key, algorithms=[algorithm.value]
            )
        except exceptions.PyJWTError as error:
            reason = _REASONS.get(type(error), RefusalReason.MALFORMED)
            raise TokenRefusedError(reason) from None

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
        return jwt.decode(token, options=options, issuer=self.issuer, leeway=LEEWAY_SECONDS, **key)

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
                raise TokenRefusedError(RefusalReason.TOKEN_USE)
        if audience is None:
            raise TokenRefusedError(RefusalReason.CLAIM_MISSING)
        named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        if not any(client in named for client in self.audiences):
            raise TokenRefusedError(RefusalReason.AUDIENCE)


def proven_endpoint(claims: Mapping[str, object], *, claim: str, requested: str | None) -> str:
    """The endpoint that verified claims prove; raises TokenRefusedError.

    A text is the endpoint, whichever the request asks for. A list is of endpoints that the sender may act
    for: the one requested, if it is in there. A number names none, because it can be written in many ways.
    """
    value = claims.get(claim)
    match value:
        case None:
            raise TokenRefusedError(RefusalReason.CLAIM_MISSING)
        case str():
            endpoint = value
        case list():
            endpoints = cast("list[object]", value)
            if not all(isinstance(one, str) for one in endpoints):
                raise TokenRefusedError(RefusalReason.CLAIM_UNUSABLE)
            if requested is None or requested not in endpoints:
                raise TokenRefusedError(RefusalReason.OTHER_ENDPOINT)
            endpoint = requested
        case _:
            raise TokenRefusedError(RefusalReason.CLAIM_UNUSABLE)
    # It becomes a message attribute: SQS refuses an empty one and control characters, which would cost the
    # whole event.
    if not endpoint.strip() or not endpoint.isprintable() or len(endpoint) > _MAX_ENDPOINT_LENGTH:
        raise TokenRefusedError(RefusalReason.CLAIM_UNUSABLE)
    return endpoint


def _allowed_algorithm(header: Mapping[str, object]) -> Algorithm:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in Algorithm.__members__:
        raise TokenRefusedError(RefusalReason.ALGORITHM)
    return Algorithm(algorithm)
