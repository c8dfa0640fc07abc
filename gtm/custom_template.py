"""The custom template for Google Tag Manager, allowed to call one stack's host and nothing else.

The file in the Gallery form, template/template.tpl, has to suit every stack, so it allows
every host of API Gateway; GTM's format has no way to take the host from the tag's own field.
"""

import json
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gtm.plan import PlanError, check_events_url

TEMPLATE: Final = Path(__file__).with_name("template") / "template.tpl"

_SECTION = re.compile(r"^___([A-Z_]+)___$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The sections of a template file by their names."""
    _, *parts = _SECTION.split(text)
    return {name: content.strip("\n") for name, content in zip(parts[::2], parts[1::2], strict=True)}


def for_events_url(events_url: str) -> str:
    """The template with a permission for the host of this URL only. Raises PlanError for another URL."""
    check_events_url(events_url)
    parts = urlsplit(events_url)
    if parts.scheme != "https":
        raise PlanError(
            f"the events URL is {events_url!r}: a template may call https only; deploy the stack first"
        )
    text = TEMPLATE.read_text(encoding="utf-8")
    written = sections(text)["WEB_PERMISSIONS"]
    permissions = json.loads(written)
    for parameter in permissions[0]["instance"]["param"]:
        if parameter["key"] == "urls":
            parameter["value"]["listItem"] = [{"type": 1, "string": f"https://{parts.netloc}/*"}]
    return text.replace(written, json.dumps(permissions, indent=2))
