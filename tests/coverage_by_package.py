"""Sums up `coverage json`, read from standard input, by package: the last lines of `make coverage`."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each package and one for the total: how many statements and branches ran."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for name, file in report["files"].items():
        package = PurePath(name).parts[0]
        for row in (package, "all"):
            totals[row].update(file["summary"])
    names = sorted(totals.keys() - {"all"})
    yield f"{'Package':14}{'Statements':>22}{'Branches':>22}"
    for name in (*names, "all"):
        statements = _share(totals[name], "covered_lines", "num_statements")
        branches = _share(totals[name], "covered_branches", "num_branches")
        yield f"{name:14}{statements:>22}{branches:>22}"


def _share(total: Counter[str], part: str, whole: str) -> str:
    if not total[whole]:
        return "-"
    return f"{total[part]}/{total[whole]} {total[part] / total[whole]:>7.2%}"


if __name__ == "__main__":
    print(*table(json.load(sys.stdin)), sep="\n")
