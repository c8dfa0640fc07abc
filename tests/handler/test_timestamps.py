"""How times are written."""

import pytest

from handler.timestamps import iso_8601


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_790_000_000_007, "2026-09-21T14:13:20.007Z"),
        (1_790_000_000_000, "2026-09-21T14:13:20.000Z"),
    ],
)
def test_a_time_has_milliseconds_and_is_in_utc(epoch_ms: int, text: str) -> None:
    assert iso_8601(epoch_ms) == text
