"""The reasons why a token is invalid. Pure."""

from enum import StrEnum


class InvalidTokenReason(StrEnum):
    """Why a token is invalid, or why it could not be verified."""

    # Two different tokens in one request.
    AMBIGUOUS = "ambiguous"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    # The algorithm is not allowed, or does not fit the key.
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    # A token of Amazon Cognito that is neither an ID token nor an access token.
    TOKEN_USE = "token_use"  # noqa: S105 - the name of a claim
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLAIM_MISSING = "claim_missing"
    # The claim that names the endpoint holds a value that cannot be one.
    CLAIM_UNUSABLE = "claim_unusable"
    # The claim lists endpoints, but not the one of the request.
    OTHER_ENDPOINT = "other_endpoint"
    # The issuer has no key of this id or, for a token without a key id, of this algorithm.
    UNKNOWN_KEY = "unknown_key"
    # The keys of the issuer could not be fetched.
    KEYS_UNAVAILABLE = "keys_unavailable"
    SIGNATURE = "signature"
    # This program failed, not the token.
    UNEXPECTED_ERROR = "unexpected_error"


class InvalidTokenError(Exception):
    """A token is invalid. Holds nothing of the token.

    `detail` is for operators, in words of this program.
    """

    def __init__(self, reason: InvalidTokenReason, detail: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
