"""The page of the local run on other stacks: with demo users who sign in, and without profiles."""

import re

from playwright.sync_api import Page, expect

from tests.gtm import chromium
from tests.local.web import axe
from tests.local.web.opened_page import OpenedPage
from tests.runs import AT_ONCE, TO_PROFILES, Runs

pytestmark = chromium.NEEDED

ONLY_PROFILES = ("destinations=customer-profiles", *TO_PROFILES, *AT_ONCE)


def send_as(opened: OpenedPage, sender: str) -> str:
    """Send as a sender until it is recorded, and return what the page says about the sender."""
    opened.page.get_by_label(sender, exact=True).check()
    opened.send("Recorded in")
    return opened.page.locator("#identity").inner_text()


def test_each_sender_is_who_the_page_says(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared(*AT_ONCE, stack="prod"))
    identity = page.locator("#identity")
    expect(identity).to_contain_text(re.compile("Signed in as demo: .* This is another one, so"))
    page.get_by_role("button", name="Sign up another user").click()
    expect(identity).to_contain_text("Signed in as demo-")

    assert re.search("the token is valid until [0-9:]{8} and proves this", send_as(opened, "Demo user"))
    expect(opened.why).to_have_text("Profile updated: plan is now gold.")
    assert "The token is valid" in opened.step("Gateway").inner_text()
    expect(page.locator("#push")).to_contain_text("eyJ")  # shortened, as in the opened steps
    assert len(re.findall("[A-Za-z0-9_-]{100}", opened.opened("Tag") + opened.opened("Gateway"))) == 0

    assert "Nobody is signed in" in send_as(opened, "Anonymous visitor")
    expect(opened.why).to_contain_text("Profile not updated")

    assert re.search(
        "session has ended: the token expired at .* proves nothing",
        send_as(opened, "Demo user, expired token"),
    )
    expect(opened.why).to_contain_text("The token has expired.")

    other = send_as(opened, "Demo user, another customer's endpoint")
    assert "This is another one, so its profile is not updated" in other
    expect(opened.why).to_contain_text("another customer's endpoint")
    assert axe.findings(page) == []


def test_a_stack_that_creates_no_profiles_says_so(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared("customerProfilesCreate=false", *ONLY_PROFILES))

    opened.send("Recorded in customer-profiles")

    expect(page.locator("#profiles")).to_contain_text("No profile: customerProfilesCreate is off")
    expect(page.locator("#profiles")).to_contain_text("Accepted, then discarded: 1.")
    expect(opened.step("Profile")).to_contain_text("Not changed")


def test_a_stack_that_keeps_no_profiles_says_so(page: Page, runs: Runs) -> None:
    settings = ("destinations=firehose", "profileUpdates=none", "timestampSource=url")
    opened = OpenedPage(page, runs.shared(*settings, *AT_ONCE))
    expect(page.get_by_text("update nothing: profileUpdates is none")).to_be_visible()
    expect(page.get_by_text("This stack reads the timestamp.")).to_be_visible()

    opened.send("Recorded in firehose")

    expect(page.locator("#profiles")).to_have_text("No destination of this stack keeps profiles.")
    assert "Profile" not in opened.steps()
