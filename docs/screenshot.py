"""`make screenshot`: takes the documents' pictures of the local run's page.

Starts a local run, sends an event through the page in a headless Chromium, and waits until the page shows it
recorded in every destination. Needs Chromium, as the browser tests do.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from local.run import LocalRun
from tests.gtm import chromium

IMAGES: Final = Path(__file__).parent / "images"

WHOLE_PAGE: Final = IMAGES / "local-run.png"
"""The form, and the way of the event that it has sent. In README."""

TIMELINE: Final = IMAGES / "timeline.png"
"""The timeline of an event with two of its steps opened. In docs/gtm.md."""

_WIDTH: Final = 1200
_MARGIN: Final = 16


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with LocalRun.start() as run, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PROGRAM)
        page = browser.new_page(viewport={"width": _WIDTH, "height": _WIDTH}, color_scheme="light")
        page.goto(run.url)
        page.wait_for_selector("body[data-ready=true]")
        page.click("button[type=submit]")
        page.wait_for_selector("#outcome-title:text('Recorded in')")
        page.locator("body").evaluate("() => document.activeElement.blur()")
        page.screenshot(path=WHOLE_PAGE, clip={"x": 0, "y": 0, "width": _WIDTH, "height": _end_of(page)})
        for step in ("Queue", "Profile"):
            page.click(f"#timeline li:has(.name:text-is('{step}')) summary")
        page.mouse.move(0, 0)
        page.locator("#timeline-card").screenshot(path=TIMELINE)
        browser.close()
    for picture in (WHOLE_PAGE, TIMELINE):
        print(f"{picture}: {picture.stat().st_size // 1024} KB")


def _end_of(page: Page) -> float:
    """Where the form and the list of events end; what follows them is the same on every page."""
    bottoms: list[float] = [
        page.locator(part).evaluate("element => element.getBoundingClientRect().bottom")
        for part in ("#form", ".results")
    ]
    return max(bottoms) + _MARGIN


if __name__ == "__main__":
    main()
