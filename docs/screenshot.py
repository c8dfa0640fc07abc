"""`make screenshot`: takes the documents' pictures of the local run's page.

Starts a local run, sends an event through the page in a headless Chromium, and waits until the page shows it
recorded in every destination. Needs Chromium, as the browser tests do.
"""

from collections.abc import Callable, Mapping
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


def _set_undeclared_attribute(page: Page) -> None:
    page.get_by_label("User attributes: name").first.fill("colour")


def _forget_customer(page: Page) -> None:
    page.get_by_label("Endpoint id").fill("undefined")


def _make_firehose_refuse(page: Page) -> None:
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_label("firehose", exact=True).select_option("refusing")


FAILURES: Final[Mapping[str, tuple[Callable[[Page], None], str]]] = {
    "profile-not-updated": (_set_undeclared_attribute, "Recorded in"),
    "rejected": (_forget_customer, "Rejected"),
    "dead-lettered": (_make_firehose_refuse, "Dead-lettered"),
}
"""What goes wrong in the pictures of docs/debugging.md: what to change, and how the outcome begins."""

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
        for name, (change, outcome) in FAILURES.items():
            page.reload()
            page.wait_for_selector("body[data-ready=true]")
            change(page)
            page.click("button[type=submit]")
            page.wait_for_selector(f"#outcome-title:text('{outcome}')")
            page.locator("body").evaluate("() => document.activeElement.blur()")
            page.locator("#timeline-card").screenshot(path=IMAGES / f"{name}.png")
        browser.close()
    for picture in sorted(IMAGES.glob("*.png")):
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
