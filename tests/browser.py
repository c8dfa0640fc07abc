"""Fixtures of a headless Chromium, for the conftest files of the packages whose tests need one.

The browser and its tab are started once and reset for each test: starting them takes longer than most of the
tests.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.gtm import chromium
from tests.patience import PATIENCE_SECONDS


class Tab(NamedTuple):
    page: Page
    # Errors thrown by the page's scripts.
    thrown: list[str]


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


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Tab:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    thrown: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: thrown.append(str(error)))
    return Tab(page, thrown)


@pytest.fixture
def page(tab: Tab) -> Iterator[Page]:
    """A blank page of a visitor without cookies. The test fails if a script of the page throws."""
    page, thrown = tab
    yield page
    page.unroute_all()
    page.goto("about:blank")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.context.clear_cookies()
    messages = thrown.copy()
    thrown.clear()
    assert messages == []
