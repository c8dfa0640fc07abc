"""`python -m gtm.ga4_docs` writes the table of docs/ga4.md: what each recommended event sends."""

import re
from pathlib import Path
from typing import Final

from gtm.ga4 import PRESETS, Preset

PAGE: Final = Path(__file__).parents[1] / "docs" / "ga4.md"

_TABLE = re.compile(r"(?<=<!-- Written by `python -m gtm.ga4_docs`. -->\n\n)(?:\|[^\n]*\n)*")


def with_table(page: str) -> str:
    """The page with the table of the presets that there are now."""
    written, number = _TABLE.subn(lambda _: table(), page)
    if number != 1:
        raise ValueError(f"{PAGE} must have the comment that the table follows exactly once")
    return written


def table() -> str:
    """One row an event."""
    rows = "".join(
        f"| `{event}` | {_names(preset.attributes)} | {_names(preset.metrics)} | {_items(preset)} "
        f"| {_place(preset)} |\n"
        for event, preset in PRESETS.items()
    )
    return f"| event | event attributes | metrics | items | read from |\n|---|---|---|---|---|\n{rows}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _items(preset: Preset) -> str:
    return "yes" if preset.items else ""


def _place(preset: Preset) -> str:
    return "`ecommerce.…`" if preset.ecommerce else "the top"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
