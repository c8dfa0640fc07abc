"""Writes times as AWS services do. Pure."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_8601(epoch_ms: int) -> str:
    """Epoch milliseconds as ISO 8601 in UTC, such as 2026-11-22T11:00:00.000Z."""
    moment = _EPOCH + timedelta(milliseconds=epoch_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
