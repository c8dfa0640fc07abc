"""Reads the file of an export: the parts of a web container, or an error that says what it is instead."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtm.own_container.parts import Part, quoted

HOW_TO_EXPORT: Final = "in GTM: Admin → Export Container, choose the workspace and all its entries"

_KINDS: Final = {
    "SERVER": "a server container",
    "AMP": "a container for AMP pages",
    "ANDROID": "a container for Android apps",
    "IOS": "a container for iOS apps",
}
_READ: Final = frozenset({"tag", "trigger", "variable"})
# They hold nothing that is sent: a tag or variable made of a template is named by itself.
_OF_NO_CONCERN: Final = frozenset({"folder", "builtInVariable", "customTemplate", "gtagConfig"})
_OTHER_FILES: Final = {
    b"PK\x03\x04": "a zip archive; unpack it and give the .json file inside",
    b"\x1f\x8b": "a gzip archive; unpack it and give the .json file inside",
    b"%PDF": f"a PDF; export the container as JSON, {HOW_TO_EXPORT}",
    b"<": f"a web page; export the container as JSON, {HOW_TO_EXPORT}",
    b"___": f"a custom template; export the container instead, {HOW_TO_EXPORT}",
}


class ExportError(Exception):
    """The file is not the export of a web container. The message is one line, to follow the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContainer:
    """The parts of a container. Triggers are found by id, variables by name."""

    public_id: str
    name: str
    exported: str
    tags: tuple[Part, ...]
    triggers: Mapping[str, Part]
    variables: Mapping[str, Part]
    # Of other kinds, such as zone: the kind and the part.
    others: tuple[tuple[str, Part], ...]


def read(content: bytes) -> WebContainer:
    """The container in an export. Raises ExportError."""
    for beginning, what in _OTHER_FILES.items():
        if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(beginning):
            raise ExportError(f"is {what}")
    if not content.strip():
        raise ExportError(f"is empty; export the container, {HOW_TO_EXPORT}")
    try:
        document = Part.of(json.loads(content))
    except (ValueError, RecursionError):
        raise ExportError(f"is not JSON; export the container, {HOW_TO_EXPORT}") from None
    version = Part.of(document.content.get("containerVersion"))
    if not version.content:
        raise ExportError(
            f"is not the export of a container: it has no containerVersion; export it {HOW_TO_EXPORT}"
        )
    about = Part.of(version.content.get("container"))
    kinds = [kind.upper() for kind in about.texts("usageContext")]
    if kinds and "WEB" not in kinds:
        what = _KINDS.get(kinds[0], f"a container of the kind {quoted(kinds[0])}")
        raise ExportError(f"is {what}; export the web container, whose tags run on the pages")
    container = WebContainer(
        public_id=about.text("publicId"),
        name=about.name,
        exported=document.text("exportTime"),
        tags=version.parts("tag"),
        triggers={part.text("triggerId"): part for part in version.parts("trigger")},
        variables={part.name: part for part in version.parts("variable")},
        others=tuple(
            (kind, part)
            for kind in version.content
            if kind not in _READ | _OF_NO_CONCERN
            for part in version.parts(kind)
        ),
    )
    if not container.tags and not container.triggers:
        raise ExportError(f"has neither tags nor triggers; export all of the workspace, {HOW_TO_EXPORT}")
    return container
