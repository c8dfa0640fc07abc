"""`python -m settings.docs` writes docs/settings.md: the settings, with Pulumi.yaml's descriptions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import yaml

from settings import api, domain, events, function, monitoring, naming, oidc, protection
from settings.destinations import DESTINATIONS, GROUPS
from settings.reading import ALL
from settings.values import Setting

_PROJECT: Final = Path(__file__).parents[1]
PAGE: Final = _PROJECT / "docs" / "settings.md"

_INTRODUCTION = """\
# Settings

After reading this page you know every setting, its default and what it does.

<!-- Written by `python -m settings.docs` from Pulumi.yaml. Change it there. -->

```bash
pulumi config set NAME VALUE
pulumi config set --path 'NAME[0]' VALUE   # a list, one element at a time
pulumi config rm NAME                      # back to the default
```

In a list, add `--type string` if the element is a string of digits, such as some client ids.

Before it creates anything, `pulumi up` names every wrong setting in a line that says what to do. A setting
that has no effect counts as wrong, too.

Two settings are the AWS provider's. `aws:region` is the Region of the stack; `pulumi up` refuses to
[change it](changes.md#another-region) once the stack is deployed. `aws:defaultTags` go on every resource
(see `Pulumi.dev.yaml`).
"""


def page() -> str:
    """The whole page."""
    sections: Sequence[tuple[str, Sequence[Setting[Any]]]] = (
        ("Events and profiles", (*events.SETTINGS[:1], DESTINATIONS, *events.SETTINGS[1:])),
        ("Tokens", oidc.SETTINGS),
        *((f"Destination {name}", group.settings) for name, group in GROUPS.items()),
        ("The API", api.SETTINGS),
        ("Your own domain", domain.SETTINGS),
        ("Protection", protection.SETTINGS),
        ("The queue and the function", function.SETTINGS),
        ("Alarms, budget and dashboard", monitoring.SETTINGS),
        ("Name", naming.SETTINGS),
    )
    descriptions = _descriptions()
    return _INTRODUCTION + "".join(_section(title, settings, descriptions) for title, settings in sections)


def _descriptions() -> Mapping[str, str]:
    project = cast("Mapping[str, Any]", yaml.safe_load((_PROJECT / "Pulumi.yaml").read_text("utf-8")))
    return {key: declaration["description"] for key, declaration in project["config"].items()}


def _section(title: str, settings: Iterable[Setting[Any]], descriptions: Mapping[str, str]) -> str:
    rows = "".join(
        f"| `{setting.key}` | {_default(setting.default)} | {_linked(descriptions[setting.key])} |\n"
        for setting in settings
    )
    return f"\n## {title}\n\n| setting | default | meaning |\n|---|---|---|\n{rows}"


def _default(value: object) -> str:
    written = yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")
    return "" if value == "" else f"`{written}`"


def _linked(description: str) -> str:
    """A description, with file names as links, and settings as code: those whose name is no English word."""
    names = "|".join(sorted((key for key in ALL if not key.islower()), key=len, reverse=True))
    text = description.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    text = re.sub(rf"\b({names})\b(?![-/])", r"`\1`", text)
    return re.sub(r"docs/([a-z-]+\.md)", r"[\1](\1)", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
