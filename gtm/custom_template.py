"""Writes the custom templates for one stack: they may call the stack's host and nothing else.

The files in template/ and server_template/ are for the Gallery and must work with every stack, so they
allow every host of API Gateway: a permission cannot take the host from one of the tag's fields.
"""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gtm.plan import check_events_url, check_preview_events_url
from gtm.plan_error import PlanError

_SECTION: Final = re.compile(r"^___([A-Z_]+)___$", re.MULTILINE)


class TemplateKind(StrEnum):
    """The kind of containers that a template is for."""

    WEB = "web"
    SERVER = "server"

    @property
    def file(self) -> Path:
        folder = "template" if self is TemplateKind.WEB else "server_template"
        return Path(__file__).with_name(folder) / "template.tpl"

    @property
    def code_section(self) -> str:
        return "SANDBOXED_JS_FOR_WEB_TEMPLATE" if self is TemplateKind.WEB else "SANDBOXED_JS_FOR_SERVER"

    @property
    def permissions_section(self) -> str:
        return f"{self.name}_PERMISSIONS"

    @property
    def permission_to_send(self) -> str:
        """The permission that lists the hosts."""
        return "send_pixel" if self is TemplateKind.WEB else "send_http"


def sections(text: str) -> dict[str, str]:
    """The sections of a template file, by name."""
    _, *parts = _SECTION.split(text)
    return {name: content.strip("\n") for name, content in zip(parts[::2], parts[1::2], strict=True)}


def for_events_url(
    events_url: str, *, preview_events_url: str | None = None, kind: TemplateKind = TemplateKind.WEB
) -> str:
    """The template with permission for the hosts of these URLs only.

    Raises PlanError if one is not https, or if both are the same.
    """
    hosts = [_host(url) for url in (events_url, preview_events_url) if url is not None]
    if preview_events_url is not None:
        check_preview_events_url(preview_events_url, events_url)
    text = kind.file.read_text(encoding="utf-8")
    written = sections(text)[kind.permissions_section]
    permissions = json.loads(written)
    for permission in permissions:
        if permission["instance"]["key"]["publicId"] == kind.permission_to_send:
            (urls,) = (each for each in permission["instance"]["param"] if each["key"] == "urls")
            allowed = [f"https://{host}/*" for host in dict.fromkeys(hosts)]
            urls["value"]["listItem"] = [{"type": 1, "string": pattern} for pattern in allowed]
    return text.replace(written, json.dumps(permissions, indent=2))


def _host(events_url: str) -> str:
    check_events_url(events_url)
    parts = urlsplit(events_url)
    if parts.scheme != "https":
        raise PlanError(f"the events URL {events_url!r} must be https for a template; deploy the stack first")
    return parts.netloc
