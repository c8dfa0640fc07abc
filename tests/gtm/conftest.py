"""A headless Chromium, a site to run containers on, and the endpoint that its tags call."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.gtm import chromium
from tests.gtm.site import Endpoint, Site
from tests.patience import PATIENCE_SECONDS


# Not for the session: while Playwright runs, nothing else in this thread can start an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.PROGRAM, args=["--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a visitor who was never here; what its scripts throw fails the test."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    context.close()
    assert thrown == []


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def site(page: Page) -> Iterator[Site]:
    with Site(page) as site:
        yield site
