"""Writes the custom template for one stack: it may call the stack's host and nothing else.

template/template.tpl itself is for the Gallery and must work with every stack, so it allows every host of API
Gateway: a permission cannot take the host from one of the tag's fields.
"""

import json
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gtm.plan import check_events_url
from gtm.plan_error import PlanError

TEMPLATE: Final = Path(__file__).with_name("template") / "template.tpl"

_SECTION = re.compile(r"^___([A-Z_]+)___$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The sections of a template file, by name."""
    _, *parts = _SECTION.split(text)
    return {name: content.strip("\n") for name, content in zip(parts[::2], parts[1::2], strict=True)}


def for_events_url(events_url: str) -> str:
    """The template with permission for this URL's host only. Raises PlanError if the URL is not https."""
    check_events_url(events_url)
    parts = urlsplit(events_url)
    if parts.scheme != "https":
        raise PlanError(f"the events URL {events_url!r} must be https for a template; deploy the stack first")
    text = TEMPLATE.read_text(encoding="utf-8")
    written = sections(text)["WEB_PERMISSIONS"]
    permissions = json.loads(written)
    for parameter in permissions[0]["instance"]["param"]:
        if parameter["key"] == "urls":
            parameter["value"]["listItem"] = [{"type": 1, "string": f"https://{parts.netloc}/*"}]
    return text.replace(written, json.dumps(permissions, indent=2))
