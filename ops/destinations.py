"""Looks for one event in the destinations that can be read: Customer Profiles, and the event bucket."""

import json
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from ops import event_bucket, profiles
from ops.aws import Aws
from ops.stack import Stack

_LONGEST_WAY_SECONDS: Final = 60  # from the browser to Firehose

Reader = Callable[[], str | None]
"""Says where the event is in a destination, or None. Raises CallError."""


def reader_of(
    destination: str, aws: Aws, stack: Stack, *, endpoint_id: str, event_id: str, sent_at: float
) -> Reader | None:
    """Looks for an event that was sent at a time (epoch seconds). None: nobody can read what is there."""
    match destination:
        case "customer-profiles" if stack.customer_profiles_domain and (
            object_type := stack.customer_profiles_object_type
        ):
            object_type = stack.customer_profiles_object_type
            return partial(_in_profile, aws, stack, object_type, endpoint_id, event_id)
        case "firehose" if stack.event_bucket:
            return partial(_in_bucket, aws, stack.event_bucket, event_id, sent_at)
        case _:
            return None


def _in_profile(aws: Aws, stack: Stack, object_type: str, endpoint_id: str, event_id: str) -> str | None:
    for profile_id in profiles.ids(aws, stack, endpoint_id):
        objects = profiles.objects(aws, stack, object_type, profile_id)
        if any(one.content.get("event_id") == event_id for one in objects):
            return f"object of profile {profile_id}"
    return None


def _in_bucket(aws: Aws, bucket: str, event_id: str, sent_at: float) -> str | None:
    folders = event_bucket.folders(sent_at, sent_at + _LONGEST_WAY_SECONDS)
    for file in event_bucket.files(aws, bucket, folders, since=sent_at):
        if any(_has_id(line, event_id) for line in event_bucket.lines(aws, bucket, file.key)):
            return f"s3://{bucket}/{file.key}"
    return None


def _has_id(text: str, event_id: str) -> bool:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and cast("dict[str, object]", document).get("event_id") == event_id
