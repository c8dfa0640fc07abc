"""Counts as people write them in an argument: whole numbers from 1."""

import argparse
import re


def count(text: str, *, most: int | None = None) -> int:
    """The number of an argument, for argparse."""
    number = int(text) if re.fullmatch("[0-9]{1,15}", text) else 0
    if number < 1 or (most is not None and number > most):
        up_to = "" if most is None else f" to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1{up_to}")
    return number
