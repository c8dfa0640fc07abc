"""The page of a local run in a browser, as a person uses it."""

import re

from playwright.sync_api import Locator, Page, expect

from local.run import LocalRun
from tests.runs import new_endpoint


class OpenedPage:
    """The page, opened, with a new endpoint id in the form."""

    def __init__(self, page: Page, run: LocalRun) -> None:
        self.page = page
        self.run = run
        page.goto(f"{run.url}/")
        page.wait_for_selector("body[data-ready=true]")
        page.set_viewport_size({"width": 1440, "height": 900})
        self.endpoint_id = new_endpoint()
        page.get_by_label("Endpoint id").fill(self.endpoint_id)

    @property
    def title(self) -> Locator:
        return self.page.locator("#outcome-title")

    @property
    def why(self) -> Locator:
        return self.page.locator("#outcome-why")

    @property
    def events(self) -> Locator:
        return self.page.locator("#events button")

    def send(self, ends: str) -> None:
        """Send the event of the form, and wait until its outcome begins so."""
        newest = self.page.query_selector("#events li")
        self.page.get_by_role("button", name="Send event").click()
        # Until then, the timeline is that of the last event.
        self.page.wait_for_function("newest => document.querySelector('#events li') !== newest", arg=newest)
        self.wait_for(ends)

    def wait_for(self, title: str) -> None:
        expect(self.title).to_have_text(re.compile(f"^{re.escape(title)}"))

    def steps(self) -> list[str]:
        """The names of the steps on show."""
        return [name.strip(" ▸▾") for name in self.page.locator("#timeline .name").all_text_contents()]

    def step(self, name: str) -> Locator:
        """The first step with a name."""
        named = self.page.locator(".name", has_text=re.compile(f"^{re.escape(name)}$"))
        return self.page.locator("#timeline > li").filter(has=named).first

    def opened(self, name: str) -> str:
        """Open a step, and return what went over it."""
        step = self.step(name)
        if step.locator("details").get_attribute("open") is None:
            step.locator("summary").click()
        return step.locator(".over").inner_text()

    def fault(self, destination: str, fault: str) -> None:
        """Make a destination fail, or let it work again."""
        with self.page.expect_response(lambda response: response.request.method == "POST"):
            self.page.get_by_label(destination, exact=True).select_option(fault)

    def said(self, text: str) -> None:
        """Wait until screen readers were told a text."""
        expect(self.page.locator("#said")).to_have_text(text)
