"""One object of an export: a tag, trigger, variable or condition. What is absent or malformed is empty."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cli.printable import json_text

_LONGEST_SHOWN: Final = 60

Row = tuple[str, str]
"""A name and a value from a tag's table."""


@dataclass(frozen=True, slots=True)
class Part:
    content: Mapping[str, Any]

    @classmethod
    def of(cls, value: object) -> "Part":
        return cls(cast(Mapping[str, Any], value) if isinstance(value, dict) else {})

    @property
    def name(self) -> str:
        return self.text("name")

    @property
    def type(self) -> str:
        """The type without underscores, in capitals: CUSTOMEVENT for CUSTOM_EVENT and customEvent."""
        return self.text("type").replace("_", "").upper()

    @property
    def paused(self) -> bool:
        return self.content.get("paused") in (True, "true")

    def text(self, key: str) -> str:
        value = self.content.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(item for item in self._list(key) if isinstance(item, str))

    def parts(self, key: str) -> "tuple[Part, ...]":
        return tuple(part for item in self._list(key) if (part := Part.of(item)).content)

    def parameter(self, key: str) -> str:
        """The value of a simple parameter; empty if there is none."""
        return next((part.text("value") for part in self._parameters(key)), "")

    def is_set(self, key: str) -> bool:
        return self.parameter(key).lower() == "true"

    def table(self, key: str) -> tuple[Row, ...]:
        """The rows of a table, whose columns are called parameter and parameterValue, or name and value."""
        return tuple(
            (row[name], row[value])
            for part in self._parameters(key)
            for row in (
                {cell.text("key"): cell.text("value") for cell in entry.parts("map")}
                for entry in part.parts("list")
            )
            for name, value in (("parameter", "parameterValue"), ("name", "value"))
            if row.get(name) and value in row
        )

    def references(self, key: str) -> tuple[str, ...]:
        """The values of a list parameter, such as the ids of a trigger group."""
        return tuple(entry.text("value") for part in self._parameters(key) for entry in part.parts("list"))

    def _parameters(self, key: str) -> "Iterator[Part]":
        return (part for part in self.parts("parameter") if part.text("key") == key)

    def _list(self, key: str) -> list[object]:
        value = self.content.get(key)
        return cast(list[object], value) if isinstance(value, list) else []


def quoted(text: str) -> str:
    """A name on one line: in quotes, shortened, with escapes for what is not printable."""
    short = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return json_text(short)


def bare(text: str) -> str:
    """The same without quotes."""
    return quoted(text)[1:-1]
