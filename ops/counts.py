"""Counts, as people write them in an argument and read them in a sentence."""

import argparse
import re


def count(text: str, *, most: int | None = None) -> int:
    """The number of an argument, for argparse: a whole one from 1."""
    number = int(text) if re.fullmatch("[0-9]{1,15}", text) else 0
    if number < 1 or (most is not None and number > most):
        up_to = "" if most is None else f" to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1{up_to}")
    return number


def counted(number: float, one: str, several: str | None = None) -> str:
    """`1 message`, `2,000 messages`. `several` follows any number but 1: by default, `one` with an s."""
    return f"{number:,.0f} {one if number == 1 else several or one + 's'}"
