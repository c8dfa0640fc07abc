"""The page of the local run on other stacks: with demo users who sign in, and without profiles."""

import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.gtm import chromium
from tests.local.web import axe
from tests.local.web.opened_page import OpenedPage
from tests.runs import AT_ONCE, TO_PROFILES, WITHOUT_MONITORING, Runs

pytestmark = chromium.NEEDED

NO_PROFILES = ("destinations=firehose", "profileUpdates=none", "timestampSource=url", *AT_ONCE)
ONLY_PROFILES = ("destinations=customer-profiles", *TO_PROFILES, *AT_ONCE)


def send_as(opened: OpenedPage, sender: str) -> str:
    """Send as a sender until it is recorded, and return what the page says about the sender."""
    opened.page.get_by_label(sender, exact=True).check()
    opened.send("Recorded in")
    return opened.page.locator("#identity").inner_text()


def test_each_sender_is_who_the_page_says(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared(*AT_ONCE, *WITHOUT_MONITORING, stack="prod"))
    identity = page.locator("#identity")
    expect(identity).to_contain_text(re.compile("Signed in as demo: .* The form has another one, so"))
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
    assert "The form has another one, so its profile is not updated" in other
    expect(opened.why).to_contain_text("another customer's endpoint")
    assert axe.findings(page) == []


def test_a_stack_that_creates_no_profiles_says_so(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared("customerProfilesCreate=false", *ONLY_PROFILES))

    opened.send("Recorded in customer-profiles")

    expect(page.locator("#profiles")).to_contain_text("No profile: customerProfilesCreate is off")
    expect(page.locator("#profiles")).to_contain_text("Accepted, then discarded: 1.")
    expect(opened.step("Profile")).to_contain_text("Not changed")


def test_a_stack_that_keeps_no_profiles_says_so(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared(*NO_PROFILES))
    expect(page.get_by_text("update nothing: profileUpdates is none")).to_be_visible()
    expect(page.get_by_text("This stack reads the timestamp.")).to_be_visible()

    opened.send("Recorded in firehose")

    expect(page.locator("#profiles")).to_have_text("No destination of this stack keeps profiles.")
    assert "Profile" not in opened.steps()


def test_user_attributes_that_no_destination_keeps_update_nothing(page: Page, runs: Runs) -> None:
    def of_updates(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "profile_updates": "all"})

    page.route("**/outputs", of_updates)
    OpenedPage(page, runs.shared(*NO_PROFILES))

    expect(page.get_by_text("update nothing: no destination keeps profiles")).to_be_visible()


def test_the_container_is_made_for_the_address_that_is_typed(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared(*NO_PROFILES))
    download = page.get_by_role("button", name="Download the container")
    told = page.locator("#download-said")

    download.click()
    expect(told).to_have_text("Enter the events URL of your stack first.")
    expect(page.get_by_label("Your events URL")).to_be_focused()
    page.get_by_label("Your events URL").fill(opened.run.outputs["events_url"])
    expect(told).to_contain_text("on this machine only")
    page.get_by_label("Your events URL").fill("http://127.0.0.1:99999/v1/events")
    expect(told).to_have_text("")
    page.get_by_label("Your events URL").fill("https://pixel.example.com/v1/events")
    expect(told).to_have_text("")
    with page.expect_download() as offered:
        download.click()

    expect(told).to_have_text("Downloaded gtm-container.json for https://pixel.example.com/v1/events.")
    text = Path(offered.value.path()).read_text()
    assert "https://pixel.example.com/v1/events" in text
    assert "127.0.0.1" not in text


def test_the_lines_for_the_aws_command_line_are_shown(page: Page, runs: Runs) -> None:
    opened = OpenedPage(page, runs.shared(*NO_PROFILES))
    lines = opened.page.locator("#aws-variables")
    expect(lines).to_contain_text("export AWS_ENDPOINT_URL=http://127.0.0.1:")
    expect(lines).to_contain_text(f'pulumi() {{ curl -s "{opened.run.url}/outputs/$3"; }}')

    opened.page.get_by_role("button", name="Copy the lines").click()

    opened.said("Copied: the lines for your shell.")
