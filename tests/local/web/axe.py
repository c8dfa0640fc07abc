"""Checks what the page shows for accessibility, with axe-core.

It is injected with the DevTools protocol: the page's own policy lets no other script in.
"""

import json
from importlib.resources import files
from typing import Any, Final, Literal

from playwright.sync_api import CDPSession, Page

_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_SCHEMES: Final[tuple[Literal["dark", "light"], ...]] = ("dark", "light")

# Four fifths of axe's time. The page has plain colours only, for which _CONTRAST says the same at once.
_WITHOUT_CONTRAST: Final = {"rules": {"color-contrast": {"enabled": False}}}
_CONTRAST_ONLY: Final = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

# Text needs 4.5:1, and what surrounds a control 3:1, which axe does not check.
_CONTRAST: Final = """
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
  const named = (element) => `${element.tagName} ${element.id} ${element.textContent || element.ariaLabel}`;
  const found = [];
  const check = (what, element, colour, background, least) => {
    if (ratio(colour, background) < least) found.push(`${what} of ${named(element)}: below ${least}:1`);
  };
  const isControl = (element) => element.matches("input:not([type=radio]), select, textarea, button");
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    if (/rgba|color\\(/.test(style.color) || style.opacity !== "1" || style.backgroundImage !== "none") {
      found.push(`${named(element)} is not in plain colours, which this check cannot judge`);
    } else if (isControl(element) || [...element.childNodes].some((node) => node.data?.trim())) {
      check("text", element, style.color, behind(element), 4.5);
    }
    if (!isControl(element)) continue;
    check("border", element, style.borderTopColor, behind(element.parentElement), 3);
    if (!element.placeholder) continue;
    check("placeholder", element, getComputedStyle(element, "::placeholder").color, behind(element), 4.5);
  }
  return found;
})()
"""


def findings(page: Page, *, contrast_by_axe: bool = False) -> list[str]:
    """What is wrong with the page as it is: anything, and the contrast of its light and dark colours."""
    session = page.context.new_cdp_session(page)
    try:
        if not _evaluate(session, "typeof axe === 'object'"):
            _evaluate(session, f"{_AXE}; undefined")
        found = _by_axe(session, _WITHOUT_CONTRAST)
        for scheme in _SCHEMES:
            page.emulate_media(color_scheme=scheme)
            by_axe = _by_axe(session, _CONTRAST_ONLY) if contrast_by_axe else []
            found += [f"{scheme}: {finding}" for finding in [*by_axe, *_evaluate(session, _CONTRAST)]]
        return found
    finally:
        page.emulate_media(color_scheme="light")
        session.detach()


def _by_axe(session: CDPSession, options: dict[str, Any]) -> list[str]:
    return _evaluate(
        session,
        f"axe.run(document, {json.dumps(options)}).then(({{ violations }}) => violations.flatMap((rule) =>"
        " rule.nodes.map((node) => `${rule.impact} ${rule.id} ${node.target} ${node.failureSummary}`)))",
    )


def _evaluate(session: CDPSession, expression: str) -> Any:
    response = session.send(
        "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in response, response["exceptionDetails"]
    return response["result"].get("value")
