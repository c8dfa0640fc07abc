"""The examples of the guides for marketers do what the guides say."""

import re

import pytest
from playwright.sync_api import Page

from contract.filter_lists import RequestKind
from gtm import plan_file
from gtm.plan_sources import Overrides
from tests.documents import PROJECT, blocks
from tests.gtm import chromium
from tests.gtm.plans import plan
from tests.gtm.site import Endpoint, Site
