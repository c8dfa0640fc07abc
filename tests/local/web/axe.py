"""Checks what the page shows for accessibility, with axe-core.

It is injected with the DevTools protocol: the page's own policy lets no other script in.
"""

import json
from importlib.resources import files
from typing import Any, Final, Literal

from playwright.sync_api import CDPSession, Page

_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_EVERYTHING: Final[dict[str, Any]] = {}
_COLOURS: Final = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

# Text needs 4.5:1, which axe checks. It does not check the 3:1 of what surrounds a control.
_BORDERS: Final = """
(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number).map(channel);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
  };
  return [...document.querySelectorAll("input:not([type=radio]), select, textarea, button")]
    .filter((control) => control.checkVisibility())
    .filter((control) => ratio(getComputedStyle(control).borderTopColor, behind(control.parentElement)) < 3)
    .map((control) => `border of ${control.id || control.textContent || control.ariaLabel}`);
})()
"""


def findings(page: Page) -> list[str]:
    """What is wrong with the page as it is: in its light colours anything, in its dark ones the contrast."""
    session = page.context.new_cdp_session(page)
    try:
        if not _evaluate(session, "typeof axe === 'object'"):
            _evaluate(session, f"{_AXE}; undefined")
        return [
            *_findings(page, session, "light", _EVERYTHING),
            *_findings(page, session, "dark", _COLOURS),
        ]
    finally:
        page.emulate_media(color_scheme="light")
        session.detach()


def _findings(
    page: Page, session: CDPSession, scheme: Literal["light", "dark"], options: dict[str, Any]
) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    found = _evaluate(
        session,
        f"axe.run(document, {json.dumps(options)}).then(({{ violations }}) => violations.flatMap((rule) =>"
        " rule.nodes.map((node) => `${rule.impact} ${rule.id} ${node.target} ${node.failureSummary}`)))",
    )
    return [f"{scheme}: {finding}" for finding in [*found, *_evaluate(session, _BORDERS)]]


def _evaluate(session: CDPSession, expression: str) -> Any:
    response = session.send(
        "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in response, response["exceptionDetails"]
    return response["result"].get("value")
