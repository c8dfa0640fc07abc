"""Why a token proves nothing. Pure: imports nothing of the project."""

from enum import StrEnum


class InvalidTokenReason(StrEnum):
    """What is wrong with a request's token, or kept it from being verified."""

    # Two different tokens in one request.
    AMBIGUOUS = "ambiguous"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    # Another algorithm than those that are allowed, or one that does not fit the key.
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    # A kind of Amazon Cognito token that is neither an ID token nor an access token.
    TOKEN_USE = "token_use"  # noqa: S105 - the name of a claim
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLAIM_MISSING = "claim_missing"
    # The claim that names the endpoint holds something that cannot be one.
    CLAIM_UNUSABLE = "claim_unusable"
    # The claim lists endpoints, and that of the request is not among them.
    OTHER_ENDPOINT = "other_endpoint"
    # The issuer has no such key, or without a key id in the token none for its algorithm.
    UNKNOWN_KEY = "unknown_key"
    # The issuer could not be asked for its keys.
    KEYS_UNAVAILABLE = "keys_unavailable"
    SIGNATURE = "signature"
    # This program, not the token, went wrong.
    UNEXPECTED_ERROR = "unexpected_error"


class InvalidTokenError(Exception):
    """A token that proves nothing. Holds nothing of the token.

    `detail` says more to whoever operates the stack, in words of this program's own.
    """

    def __init__(self, reason: InvalidTokenReason, detail: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
