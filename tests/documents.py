"""The documents of the project: their tables, sections, links and code blocks."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]

DOCUMENTS = [
    *sorted(PROJECT.glob("*.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
    PROJECT / "gtm" / "template" / "README.md",
    PROJECT / "gtm" / "server_template" / "README.md",
]


class Block(NamedTuple):
    """A code block of a document, with the headings above it."""

    document: Path
    heading: str
    language: str
    code: str


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    """The headings of a document. Lines in code blocks do not count."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", prose, re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of a document: those that it writes, and those that GitHub creates for its headings."""
    seen: Counter[str] = Counter()
    found = set(re.findall(r'<a id="([^"]+)"></a>', text))
    for heading in headings(text):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def links(text: str) -> list[str]:
    """The targets of the links and images of a document, without those on the web."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def section(text: str, heading: str) -> str:
    """The text below a heading, up to the next heading of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    level, rest = found.groups()
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row in a text, without header rows."""
    found: list[list[str]] = []
    for table in re.findall(r"(?:^ *\|.*\|\n)+", text + "\n", re.MULTILINE):
        for line in table.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line.strip())
            found.append([cell.strip() for cell in cells[1:-1]])
    return found


def table(text: str, heading: str) -> dict[str, str]:
    """The second column of the tables under a heading, by the names in the first."""
    return {
        name: cells[1]
        for cells in rows(section(text, heading))
        for name in re.findall(r"^`([^`]+)`", cells[0])
    }


def documented_outputs() -> set[str]:
    """The stack's outputs, and those of every destination."""
    pages = read("docs/deployment.md"), read("docs/destinations.md")
    parts = [part for page in pages for part in re.split(r"^#+ Outputs\n", page, flags=re.MULTILINE)[1:]]
    return {
        cells[0].strip("`") for part in parts for cells in rows(re.split(r"^#", part, flags=re.MULTILINE)[0])
    }


def blocks(document: Path) -> Iterator[Block]:
    """Every code block of a document, without its indentation."""
    heading = ""
    fence: list[str] | None = None
    language = indent = ""
    for line in document.read_text(encoding="utf-8").splitlines():
        opened = re.match(r"( *)```(\w*)", line)
        if fence is not None and line.strip() == "```":
            yield Block(document, heading, language, "\n".join(fence) + "\n")
            fence = None
        elif fence is not None:
            fence.append(line.removeprefix(indent))
        elif opened:
            indent, language = opened.groups()
            fence = []
        elif line.startswith("#"):
            heading = line.lstrip("# ")
