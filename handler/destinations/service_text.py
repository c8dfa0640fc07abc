"""How AWS services count and write text.

Pure. Imports nothing of the project.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utf16_length(text: str) -> int:
    """Characters as UTF-16 code units: 🎉 is two.

    AWS does not say what it counts. Its services are written in Java, which counts these; where they count
    otherwise, this is the larger number, and losing one attribute is better than losing the event.
    """
    return len(text) + sum(character > "\uffff" for character in text)


def iso_8601(epoch_ms: int) -> str:
    """Epoch milliseconds as ISO 8601 text in UTC, such as 2026-11-22T11:00:00.000Z."""
    moment = _EPOCH + timedelta(milliseconds=epoch_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
