"""Computes CloudWatch metric math for one period, as far as the alarms use it."""

import operator
import re
from collections.abc import Mapping
from typing import Any


def compute(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The result, or None: a series without data, and a division by zero, have no value."""
    text = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", expression))

    def fill(value: float | None, by: float) -> float:
        return by if value is None else value

    functions: dict[str, Any] = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": fill,
    }
    try:
        return operator.pos(eval(text, {"__builtins__": {}}, {**functions, **values}))  # noqa: S307 - the project's own expressions
    except (ZeroDivisionError, TypeError):
        return None
