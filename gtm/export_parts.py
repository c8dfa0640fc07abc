"""The smallest parts of a container export, and the names of what it contains. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

PREFIX: Final = "gtm-pixel - "
"""Begins every name, so that a merging import does not collide with existing names."""

_PUNCTUATION_IN_NAMES: Final = " _.-"
"""Beside letters and digits, all that surely may stand in a name.

One bad name makes GTM refuse the whole file. It documents no rule; reports name the colon.
Google's own Site Kit keeps these characters, and the comma, in the names of containers that it creates.
"""

# Ids of the account and container; an import replaces them.
ACCOUNT: Final = {"accountId": "0", "containerId": "0"}


def name_of(text: str) -> str:
    """A name that GTM accepts. A digest tells names apart that differ only in other characters."""
    accepted = "".join(
        character if character.isalnum() or character in _PUNCTUATION_IN_NAMES else "_" for character in text
    )
    if accepted == text:
        return PREFIX + text
    return f"{PREFIX}{accepted} {hashlib.sha256(text.encode()).hexdigest()[:6]}"


def parameter(kind: str, key: str, value: str) -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value}


def template(key: str, value: str) -> dict[str, Any]:
    """A text, which may contain variables as `{{…}}`."""
    return parameter("TEMPLATE", key, value)


def value_of(item: Mapping[str, Any], key: str) -> str:
    """The value of an object's parameter. Raises ValueError unless it has exactly one of this key."""
    (value,) = (each["value"] for each in item["parameter"] if each["key"] == key)
    return value


def with_fingerprint(content: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Adds a fingerprint of the content, where GTM writes the time of the last change in milliseconds."""
    digest = hashlib.sha256(json.dumps([content, rest]).encode()).digest()
    return {**content, "fingerprint": f"1{int.from_bytes(digest[:8]) % 10**12:012d}", **rest}
