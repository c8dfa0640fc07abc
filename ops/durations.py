"""Durations as people write and read them: `90s`, `15m`, `2h`, `14d`."""

import argparse
import re
from typing import Final

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> int:
    """The seconds of an argument, for argparse."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: write 90s, 15m, 2h or 14d")
    return int(found[1]) * _SECONDS[found[2]]


def words(duration: float) -> str:
    """A duration in its two largest units, such as `2 h 5 min`."""
    left = max(0, round(duration))
    days, left = divmod(left, 86_400)
    hours, left = divmod(left, 3600)
    minutes, left = divmod(left, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or "0 s"
