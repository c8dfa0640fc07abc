"""Collects what was not read, to name each part once."""

from collections.abc import Iterator

from gtm.own_container.parts import quoted


class PassedOver:
    """Parts of a container that were not read, and why. `why` completes a sentence: it …"""

    def __init__(self) -> None:
        self._parts: dict[str, None] = {}
        self._parameters: dict[tuple[str, str], list[str]] = {}

    def part(self, kind: str, name: str, why: str) -> None:
        """A tag, trigger, variable or event."""
        self._parts[f"{kind} {quoted(name)}: {why}"] = None

    def parameter(self, name: str, tag: str, why: str) -> None:
        """A parameter of a tag. Many tags often share one, by their settings variable."""
        tags = self._parameters.setdefault((name, why), [])
        if tag not in tags:
            tags.append(tag)

    def lines(self) -> Iterator[str]:
        yield from self._parts
        for (name, why), tags in self._parameters.items():
            more = {1: "", 2: " and another tag"}.get(len(tags), f" and {len(tags) - 1} other tags")
            yield f"parameter {quoted(name)} of {quoted(tags[0])}{more}: {why}"
