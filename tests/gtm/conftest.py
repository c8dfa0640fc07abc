"""A headless Chromium, a site to run containers on, and the endpoint that its tags call.

Site and endpoint are started once and reset for each test, as the browser is.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import Tab
from tests.browser import browser as browser
from tests.browser import page as page
from tests.browser import tab as tab
from tests.gtm.sandbox import Sandbox
from tests.gtm.site import Endpoint, Site


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def shared_endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(shared_endpoint: Endpoint) -> Endpoint:
    shared_endpoint.reset()
    return shared_endpoint


@pytest.fixture(scope="package")
def shared_site(tab: Tab) -> Iterator[Site]:
    with Site(tab.page) as site:
        yield site


@pytest.fixture
def site(page: Page, shared_site: Site) -> Site:
    assert shared_site.page is page
    shared_site.headers = {}
    return shared_site
