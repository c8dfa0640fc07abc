"""`make screenshot`: takes the picture of the local run's page in README, docs/images/local-run.png.

Starts a local run, sends an event through the page in a headless Chromium, and waits until the page shows it
recorded in every destination. Needs Chromium, as the browser tests do.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from local.run import LocalRun
from tests.gtm import chromium

PICTURE: Final = Path(__file__).parent / "images" / "local-run.png"

_WIDTH: Final = 1000
_MARGIN: Final = 16


def main() -> None:
    with LocalRun.start() as run, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PROGRAM)
        page = browser.new_page(viewport={"width": _WIDTH, "height": 2 * _WIDTH}, color_scheme="light")
        page.goto(run.url)
        page.click("button[type=submit]")
        page.wait_for_selector("#arrivals li")
        page.wait_for_selector("#arrivals :text('not yet')", state="detached")
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE, clip={"x": 0, "y": 0, "width": _WIDTH, "height": _end_of_form(page)})
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KB")


def _end_of_form(page: Page) -> float:
    """Where the response to the event ends; what follows it is the same on every page."""
    page.evaluate("scrollTo(0, 0)")
    page.locator("body").evaluate("body => document.activeElement.blur()")
    bottom: float = page.locator("#response").evaluate("element => element.getBoundingClientRect().bottom")
    return bottom + _MARGIN


if __name__ == "__main__":
    main()
