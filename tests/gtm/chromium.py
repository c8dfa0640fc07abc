"""Finds Chromium for the browser tests, which are skipped without one."""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import sync_playwright

# The headless shell is Chromium without its own windows: the same pages take half the processor time.
_INSTALLED = (
    "chromium-headless-shell",
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)


def find() -> str | None:
    """The program in CHROMIUM, an installed Chromium, or the one that Playwright downloaded."""
    named = os.environ.get("CHROMIUM")
    installed = named or next(filter(None, map(shutil.which, _INSTALLED)), None)
    if installed is not None:
        return installed
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


PROGRAM: Final = find()

NEEDED: Final = pytest.mark.skipif(
    # In CI a missing browser is a failure.
    PROGRAM is None and os.environ.get("CI") != "true",
    reason="there is no Chromium: install one, name it in CHROMIUM, or run `playwright install chromium`",
)
