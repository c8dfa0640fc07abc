"""What each reason and status of this program means, in words for people.

The documents quote these words, and the trace of a request shows them. A reason is what metrics, logs and
message attributes hold. docs/reasons.md has them all in one table, with what to do about each.
"""

import re
from collections.abc import Mapping
from typing import Final

GATEWAY_STATUSES: Final[Mapping[int, str]] = {
    200: "The event is in the queue.",
    400: "The request lacks event or endpoint_id, or the URL has a character that it must not have.",
    401: "The authorizer refused the request.",
    403: "The API has no such path or method.",
    413: "The request is too large: URL and headers together may have 10,240 bytes.",
    415: "The API does not know this Content-Type.",
    429: "Too many requests at the moment: the event is lost, unless its sender repeats it.",
    500: "API Gateway could not ask the authorizer, or is not set up.",
    502: "The queue refused the event.",
    503: "The queue is not available.",
    504: "The queue did not respond in time.",
}

REJECTED: Final[Mapping[str, str]] = {
    "event_missing": "event is missing or stands for no value, such as undefined",
    "event_too_long": "event has more than 255 characters",
    "endpoint_id_missing": (
        "endpoint_id looks like nobody: it is missing or stands for no value, such as undefined"
    ),
    "endpoint_id_too_long": "endpoint_id has more than 255 characters",
    "endpoint_id_ignored": "endpoint_id is listed in the setting ignoredEndpointIds",
    "event_id_too_long": "event_id has more than 255 characters",
    "body_unreadable": "the query is not valid UTF-8",
}

DROPPED: Final[Mapping[str, str]] = {
    "name_missing": "the parameter has no name after its prefix",
    "value_undefined": "the value means nothing, such as undefined",
    "metric_not_a_number": "the metric is not a number",
    "escaped_name_repeated": "the name was escaped as HTML and repeats another parameter",
    "timestamp_unreadable": "timestamp cannot be read, so the gateway's time counts",
    "timestamp_implausible": (
        "timestamp is more than 5 minutes ahead or 14 days old, so the gateway's time counts"
    ),
    "customer_profiles_attribute_value_empty": "an attribute for triggers or searches is empty",
    "customer_profiles_attribute_value_too_long": (
        "an attribute for triggers or searches has more than 255 characters"
    ),
    "customer_profiles_user_attribute_undeclared": (
        "the attribute is not declared: add it to the setting profileAttributes"
    ),
    "customer_profiles_user_attribute_value_empty": "the user attribute is empty",
    "customer_profiles_user_attribute_value_too_long": "the user attribute has more than 255 characters",
    "eventbridge_detail_type_cut": "the detail type was cut to 128 characters; the detail has the whole name",
    "pinpoint_too_many_keys": "the event has more than 40 attributes and metrics",
    "pinpoint_key_too_long": "the name has more than 50 characters",
    "pinpoint_value_too_long": "the value has more than 200 characters",
    "pinpoint_user_attribute_name_too_long": "the user attribute's name has more than 50 characters",
    "pinpoint_user_attribute_name_unusable": "the user attribute's name contains #, :, ?, \\ or /",
    "pinpoint_user_attribute_value_too_long": "the user attribute has more than 100 characters",
    "pinpoint_too_many_user_attributes": "the endpoint has more than 250 user attributes",
    "pinpoint_endpoint_too_large": "the endpoint has more than 15 KB",
}

DENIED: Final[Mapping[str, str]] = {
    "without_proof": "no valid token proves who sent the request",
    "proof_of_other_endpoint": "the token proves another customer's endpoint",
    "profile_updates_none": "the setting profileUpdates is none",
    "not_in_allowlist": "the attribute is not in the allow-list: add it to the setting profileAttributes",
}

INVALID_TOKENS: Final[Mapping[str, str]] = {
    "ambiguous": "the request has two different tokens",
    "too_long": "the token is longer than a token may be",
    "malformed": "the token is not a JSON Web Token",
    "algorithm": "the token is signed with an algorithm that is not allowed",
    "issuer": "the token is from another issuer",
    "audience": "the token is for another client",
    "token_use": "the token is neither an ID token nor an access token of Amazon Cognito",
    "expired": "the token has expired",
    "not_yet_valid": "the token is not valid yet",
    "claim_missing": "the token lacks the claim that names the endpoint",
    "claim_unusable": "the claim of the token names no endpoint",
    "other_endpoint": "the token lists endpoints, but not the one of the request",
    "unknown_key": "the token is signed with a key that the issuer does not have",
    "keys_unavailable": "the issuer's keys cannot be fetched",
    "signature": "the token has a wrong signature",
    "unexpected_error": "the authorizer failed; its log has the type of the error",
}

IGNORED_COOKIES: Final[Mapping[str, str]] = {
    "no_fetch_metadata": "the cookie does not count: the request does not say which site caused it",
    "other_site": "the cookie does not count: another site caused the request, or a person typed the address",
    "navigation": "the cookie does not count: the request is a navigation",
}

TOKEN_ABSENT: Final = "the request has no token"  # noqa: S105 - words
PROVEN: Final = "the token is valid and names the endpoint of the request"

RETRIED_BY_ANY_DESTINATION: Final[Mapping[str, str]] = {
    "throttled": "the service takes no more requests at the moment",
    "failed": "the service failed",
    "access_denied": "the function lacks a permission",
    "not_found": "the resource does not exist",
    "no_response": "the service did not respond; it may have recorded the event",
    "unreachable": "the service's host name is unknown, or nothing listens there",
    "no_model": "the deployed code does not know the service",
    "no_credentials": "the function has no credentials or Region",
    "no_module": "the deployed code does not know the destination, or not yet",
}
"""Reasons of retries that every destination may have. In a reason they follow its name."""

DEAD_LETTERED_BY_ANY_DESTINATION: Final[Mapping[str, str]] = {
    "invalid_argument": "the service refused the event",
}
"""The same of dead letters."""

RETRIED: Final[Mapping[str, str]] = {
    "customer_profiles_concurrent_update": "another update of the same profile was in progress",
    "firehose_stream_not_found": "the delivery stream does not exist",
    "firehose_key_unusable": "the encryption key of the delivery stream cannot be used",
    "firehose_stream_for_logs": "the delivery stream takes records of CloudWatch Logs only",
    "out_of_time": "the batch took too long",
    "after_earlier_update": "an older event that sets the same profile attribute has to come first",
    "dead_letter_failed": "the dead-letter queue did not take the message",
    "left_in_queue": "no queue took a copy, so the message stays in the queue and returns",
    "unexpected_error": "the function has a bug; its log has the type of the error",
}
"""Reasons of retries that only one destination has, or that concern no single one."""

DEAD_LETTERED: Final[Mapping[str, str]] = {
    "customer_profiles_object_too_large": "the event has more than 256,000 bytes",
    "firehose_record_too_large": "the event has more than 1,000 KB",
    "eventbridge_malformed_detail": "EventBridge could not read the event",
    "max_receive_count": "the function failed with this message until the queue gave up",
    "attempt_unreadable": "the message attribute attempt cannot be read",
    "pending_unreadable": "the message attribute pending cannot be read",
    "original_message_id_unreadable": "the message attribute original_message_id cannot be read",
    "request_time_unreadable": "the message attribute request_time cannot be read",
    "sent_time_unreadable": "the time at which the message was sent cannot be read",
    "unexpected_error": RETRIED["unexpected_error"],
}
"""The same of dead letters. An event that is retried to the end keeps the reason of its last retry."""

_STATUS: Final = re.compile(r"_([1-5][0-9]{2})$")
_BUSY: Final = frozenset({"408", "429"})
_NOT_SET_UP: Final = {
    "401": "AWS does not accept the function's credentials",
    "403": "the function lacks a permission",
    "404": "the resource does not exist",
}


def undelivered(reason: str) -> str:
    """The reason of a retry or a dead letter in words. Commas join those of several destinations."""
    return "; ".join(dict.fromkeys(_undelivered(one) for one in reason.split(",")))


def _undelivered(reason: str) -> str:
    if words := RETRIED.get(reason) or DEAD_LETTERED.get(reason):
        return words
    for suffix, words in (
        *RETRIED_BY_ANY_DESTINATION.items(),
        *DEAD_LETTERED_BY_ANY_DESTINATION.items(),
    ):
        if reason.endswith(f"_{suffix}"):
            return words
    status = _STATUS.search(reason)
    if status is None:
        return reason
    code = status[1]
    if code in _NOT_SET_UP:
        return f"{_NOT_SET_UP[code]} (status {code})"
    if code in _BUSY:
        return f"the service takes no more requests at the moment (status {code})"
    if code.startswith("4"):
        return f"the service refused the event (status {code})"
    return f"the service is not available (status {code})"
