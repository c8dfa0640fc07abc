"""A headless Chromium for the tests of the local run's page."""

from tests.browser import browser as browser
from tests.browser import page as page
from tests.browser import tab as tab
