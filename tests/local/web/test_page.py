"""The page of the local run: one click, and the whole way of the event is on a timeline."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from local.run import LocalRun
from local.traces.faults import Fault
from tests.gtm import chromium
from tests.hostile import HOSTILE_VALUES
from tests.local.web import axe
from tests.local.web.opened_page import OpenedPage
from tests.runs import AT_ONCE, TO_PROFILES, Runs, quiet, send

pytestmark = chromium.NEEDED

PAGE = Path(__file__).parents[3] / "local/web/page"
HOSTILE = {f"v{number}": value for number, value in enumerate(filter(str.isprintable, HOSTILE_VALUES))}


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared(
        *TO_PROFILES,
        *("destinations=customer-profiles,firehose", "profileUpdates=allowlist", *AT_ONCE),
        f"profileAttributes=plan,tier,{','.join(HOSTILE)}",
    )


@pytest.fixture
def opened(page: Page, run: LocalRun) -> Iterator[OpenedPage]:
    quiet(run)
    opened = OpenedPage(page, run)
    yield opened
    page.context.set_offline(False)
    for destination in run.outputs["destinations"]:
        run.faults.set(destination, None)


def test_one_click_and_no_typing_shows_the_whole_way(page: Page, run: LocalRun) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened = OpenedPage(page, run)

    opened.send("Recorded in customer-profiles and firehose, ")

    expect(opened.why).to_have_text("Profile updated: plan is now gold.")
    assert sorted(opened.steps()) == sorted(
        ["Tag", "Gateway", "Queue", "Function", "customer-profiles", "firehose", "Profile"]
    )
    assert opened.steps()[:4] == ["Tag", "Gateway", "Queue", "Function"]
    assert "plan = gold (new)" in opened.step("Profile").inner_text()
    assert "✓" in opened.step("Gateway").inner_text()
    assert "HTTP 200" in opened.step("Gateway").inner_text()
    assert re.search(r"\+\d+ ms", opened.step("Queue").inner_text())
    utc = opened.step("Queue").locator("time").get_attribute("datetime") or ""
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:]{8}\.\d{3}Z", utc)
    assert errors == []


def test_an_opened_step_shows_what_went_over_it(opened: OpenedPage) -> None:
    opened.page.get_by_label("Consent").select_option("granted")
    opened.send("Recorded")

    assert 'gtag("consent", "default", {"analytics_storage":"granted"});' in opened.opened("Tag")
    assert '"event": "purchase_success"' in opened.opened("Tag")
    assert f"{opened.run.outputs['events_url']}?endpoint_id=" in opened.opened("Tag")
    kinds = ("Event attribute\tcurrency\tEUR", "Event metric\tquantity\t1", "User attribute\tplan\tgold")
    for shown in kinds:
        assert shown in opened.opened("Tag")
        assert shown in opened.opened("Queue")
    assert "GET /" in opened.opened("Gateway")
    assert "<svg" in opened.opened("Gateway")
    assert "request_time" in opened.opened("Queue")
    assert "evmt_quantity=1" in opened.opened("Queue")
    assert "batch processed" in opened.opened("Function")
    assert re.search(r"Recorded\t1 Count", opened.opened("Function"))
    assert "BatchPutProfileObject" in opened.opened("customer-profiles")
    assert "PutRecordBatch" in opened.opened("firehose")
    assert "plan\t—\tgold new" in opened.opened("Profile")
    assert axe.findings(opened.page, contrast_by_axe=True) == []


def test_a_profile_that_changes_is_shown_before_and_after(opened: OpenedPage) -> None:
    opened.send("Recorded")
    opened.page.get_by_label("User attributes: value").first.fill("silver")
    opened.send("Recorded")

    expect(opened.why).to_have_text("Profile updated: plan is now silver.")

    assert "plan\tgold\tsilver changed" in opened.opened("Profile")
    expect(opened.page.locator("#profiles")).to_contain_text("silver (was gold)")
    expect(opened.page.locator("#profile-of")).to_have_text(opened.endpoint_id)


def test_an_update_that_is_denied_says_why(opened: OpenedPage) -> None:
    opened.page.get_by_label("User attributes: name").first.fill("colour")
    opened.page.get_by_label("Event metrics: value").first.fill("12,50")

    opened.send("Recorded")

    expect(opened.why).to_contain_text("Profile not updated: colour. ")
    expect(opened.why).to_contain_text("allow-list")
    expect(opened.why).to_contain_text("Left out: 1 dropped, the metric is not a number.")
    assert "Update denied" in opened.step("Profile").inner_text()
    assert axe.findings(opened.page) == []


def test_a_rejected_event_says_why(opened: OpenedPage) -> None:
    opened.page.get_by_label("Endpoint id").fill("undefined")

    opened.send("Rejected")

    expect(opened.why).to_contain_text("endpoint_id looks like nobody")
    assert opened.steps() == ["Tag", "Gateway", "Queue", "Function"]
    assert axe.findings(opened.page) == []


def test_a_click_that_sends_no_event_says_why(opened: OpenedPage) -> None:
    send(opened.run, event="earlier", endpoint_id=opened.endpoint_id)
    opened.events.filter(has_text="earlier").first.click()

    def sends_nothing(why: str) -> None:
        opened.page.get_by_role("button", name="Send event").click()
        expect(opened.page.locator("#problem")).to_contain_text(why)
        expect(opened.title).to_have_text("No event sent")
        assert opened.steps() == []

    name = opened.page.get_by_label("Event attributes: name").first
    name.fill("a b")
    sends_nothing("The data layer variable 'attributes.a b' must be a name such as value")
    name.fill("currency")
    opened.page.get_by_label("Consent").select_option("denied")
    sends_nothing("The tag was blocked: it needs consent to analytics_storage, which is denied.")
    opened.page.get_by_label("Consent").select_option("")
    opened.page.get_by_label("Event name").fill("gtm.js")
    sends_nothing("No tag fired: the event name is empty or begins with gtm. ")
    assert axe.findings(opened.page) == []
    opened.page.get_by_label("Kind of event").select_option("login")
    opened.page.get_by_label("What your site pushes").fill('{"event": "logout"}')
    sends_nothing("No tag fired: the container listens for “login”, and the push says “logout”.")
    opened.page.get_by_label("What your site pushes").fill(r'{"event": "login", "method": "\ud83d"}')
    sends_nothing("The tag failed before it called the URL: a value ends within an emoji")
    opened.page.evaluate("() => { delete window.GtmFake; }")
    sends_nothing("GTM did not load: ")

    opened.events.filter(has_text="earlier").first.click()
    expect(opened.page.locator("#timeline-title")).to_have_text("Timeline of earlier")


def test_a_request_that_the_gateway_refuses_says_why(opened: OpenedPage) -> None:
    opened.page.get_by_label("Endpoint id").fill("")

    opened.send("Refused: HTTP 400")

    expect(opened.why).to_contain_text("lacks event or endpoint_id")
    expect(opened.step("Tag")).to_contain_text("Failed (onerror), HTTP 400")
    assert opened.steps() == ["Tag", "Gateway"]
    expect(opened.page.locator("#profile-of")).to_have_text("nobody")
    assert axe.findings(opened.page) == []


def test_a_destination_that_fails_is_tried_again(opened: OpenedPage) -> None:
    opened.fault("firehose", "unavailable")

    opened.send("To retry")

    expect(opened.why).to_contain_text("Not yet in firehose. ")
    expect(opened.why).to_contain_text("Next try at ")
    assert opened.steps()[-1] == "Queue, retry 1"
    assert axe.findings(opened.page) == []


def test_a_dead_letter_is_redriven_with_a_button(opened: OpenedPage) -> None:
    opened.fault("firehose", "refusing")
    opened.send("Dead-lettered")
    expect(opened.why).to_contain_text("Not in firehose. ")
    assert opened.steps()[-1] == "Dead-letter queue"
    assert axe.findings(opened.page) == []
    opened.fault("firehose", "")

    opened.page.get_by_role("button", name="Redrive: try it again").click()

    opened.wait_for("Recorded in customer-profiles and firehose")
    opened.said("Redriven: 1 message.")
    assert "Queue, redriven" in opened.steps()
    expect(opened.page.locator("#redrive")).to_be_hidden()
    expect(opened.page.locator("#timeline-title")).to_be_focused()


def test_dead_letters_are_redriven_after_the_list_was_cleared(opened: OpenedPage) -> None:
    opened.fault("firehose", "refusing")
    opened.send("Dead-lettered")
    opened.fault("firehose", "")
    opened.page.get_by_role("button", name="Clear").click()
    expect(opened.events).to_have_count(0)

    opened.page.get_by_role("button", name="Redrive 1 dead letter").click()

    opened.wait_for("Recorded in customer-profiles and firehose")
    expect(opened.events).to_have_count(1)
    expect(opened.page.locator("#redrive-all")).to_be_hidden()
    expect(opened.page.locator("#events-title")).to_be_focused()


def test_the_tab_key_stops_once_at_the_list_of_events(opened: OpenedPage) -> None:
    clear = opened.page.get_by_role("button", name="Clear")
    clear.click()
    for number in range(3):
        send(opened.run, event=f"number_{number}", endpoint_id=opened.endpoint_id)
    expect(opened.events).to_have_count(3)
    clear.focus()

    opened.page.keyboard.press("Tab")
    reached: list[str] = []
    for key in ("Home", "ArrowDown", "End", "ArrowUp"):
        opened.page.keyboard.press(key)
        reached.append(opened.page.locator(":focus .name").inner_text())
    opened.page.keyboard.press("Tab")

    assert reached == ["number_2", "number_1", "number_0", "number_1"]
    expect(opened.page.get_by_label("Your events URL")).to_be_focused()


def test_the_open_event_is_marked_in_forced_colours_too(opened: OpenedPage) -> None:
    opened.page.get_by_role("button", name="Clear").click()
    for number in range(2):
        send(opened.run, event=f"number_{number}", endpoint_id=opened.endpoint_id)
    expect(opened.events).to_have_count(2)
    opened.page.emulate_media(forced_colors="active")

    border = "event => getComputedStyle(event).borderLeftWidth"
    widths = {
        selector: opened.page.eval_on_selector(selector, border)
        for selector in (".event[aria-current]", ".event:not([aria-current])")
    }
    opened.page.emulate_media(forced_colors="none")
    assert len(set(widths.values())) == 2, widths


def test_the_layout_follows_the_size_of_the_text() -> None:
    """With a large font of the browser's own, columns of a fixed number of pixels would not fit."""
    styles = [(PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "timeline.css")]

    assert re.findall(r"@media[^{]*\d+px", "".join(styles)) == []


def test_events_of_other_senders_are_in_the_list(opened: OpenedPage) -> None:
    opened.send("Recorded")

    send(opened.run, event="from_elsewhere", endpoint_id=opened.endpoint_id, evmt_value="3")
    opened.events.filter(has_text="from_elsewhere").click()

    expect(opened.page.locator("#timeline-title")).to_have_text("Timeline of from_elsewhere")
    expect(opened.page.locator("#timeline-title")).to_be_focused()
    opened.said("Opened the timeline of from_elsewhere.")
    assert "This page did not send it" in opened.step("Tag").inner_text()
    opened.wait_for("Recorded")
    expect(opened.page.locator("[aria-current]")).to_contain_text("from_elsewhere")


def test_clear_empties_the_list_for_good(opened: OpenedPage) -> None:
    opened.send("Recorded")
    before = opened.events.count()
    clear = opened.page.get_by_role("button", name="Clear")

    clear.click()

    expect(opened.events).to_have_count(0)
    expect(opened.title).to_have_text("Nothing sent yet.")
    expect(clear).to_be_focused()
    assert axe.findings(opened.page) == []
    opened.send("Recorded")
    expect(opened.events).to_have_count(1)
    assert before >= 1


def test_the_focus_and_what_is_open_stay_while_the_timeline_grows(opened: OpenedPage) -> None:
    opened.page.get_by_role("button", name="Send event").click()
    summary = opened.step("Tag").locator("summary")
    summary.focus()
    opened.page.keyboard.press("Enter")
    copy = opened.page.get_by_role("button", name="Copy URL")
    copy.focus()

    opened.wait_for("Recorded")

    expect(copy).to_be_focused()
    assert opened.step("Tag").locator("details").get_attribute("open") == ""


def test_copy_buttons_work_with_and_without_permission(opened: OpenedPage) -> None:
    opened.send("Recorded")
    opened.opened("Tag")

    def copied(what: str, label: str) -> str:
        opened.page.get_by_role("button", name=label).click()
        opened.said(f"Copied: {what}.")
        expect(opened.step("Tag").locator(f"[data-copies='{what}']")).to_be_focused()
        field = opened.page.get_by_label("Event id")
        field.fill("")
        field.press("Control+V")
        return field.input_value()

    url = f"{opened.run.outputs['events_url']}?endpoint_id={opened.endpoint_id}&event=purchase_success"
    curl = copied("the curl command", "Copy curl command")
    assert curl.startswith(f"curl -i '{url}&")
    assert "gtmcb" not in curl
    opened.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    assert copied("the URL", "Copy URL").startswith(f"{url}&")


def test_a_slow_run_shows_at_once_that_the_event_is_on_its_way(opened: OpenedPage) -> None:
    opened.send("Recorded")
    held: list[Route] = []
    opened.page.route("**/gtm/container.json?*", lambda route: held.append(route))
    opened.page.get_by_role("button", name="Add to event metrics").click()
    opened.page.keyboard.type("lines")

    opened.page.get_by_role("button", name="Send event").click()

    expect(opened.title).to_have_text("Sending…")
    assert opened.steps() == []
    held[0].continue_()
    opened.wait_for("Recorded")


def test_a_run_that_does_not_respond_is_told(opened: OpenedPage) -> None:
    opened.send("Recorded")

    opened.page.context.set_offline(True)

    opened.send("The tag failed")
    expect(opened.why).to_contain_text("The local run does not respond.")
    expect(opened.page.locator("#run-state")).to_contain_text("The local run does not respond.")
    fault = opened.page.get_by_label("firehose", exact=True)
    fault.select_option("refusing")
    expect(opened.page.locator("#said.complaint")).to_be_visible()
    expect(fault).to_have_value("")
    assert axe.findings(opened.page) == []


def test_a_run_that_was_started_again_is_told(opened: OpenedPage) -> None:
    def of_another_run(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "run": "another"})

    opened.page.route("**/traces?*", of_another_run)

    expect(opened.page.locator("#run-state")).to_contain_text("The local run was started again.")
    opened.page.get_by_role("button", name="Send event").click()
    expect(opened.page.locator("#problem")).to_contain_text("Reload the page")
    opened.page.unroute_all()
    opened.page.get_by_role("button", name="Reload the page").click()
    opened.page.wait_for_selector("body[data-ready=true]")
    expect(opened.page.locator("#run-state")).to_be_hidden()


def test_a_fault_that_another_tab_made_is_shown(opened: OpenedPage) -> None:
    opened.run.faults.set("firehose", Fault.REFUSING)

    opened.page.evaluate("() => dispatchEvent(new Event('focus'))")

    expect(opened.page.get_by_label("firehose", exact=True)).to_have_value("refusing")


def test_rows_can_be_added_and_removed_with_the_keyboard(opened: OpenedPage) -> None:
    opened.page.get_by_role("button", name="Add to event metrics").press("Enter")
    expect(opened.page.get_by_label("Event metrics: name").last).to_be_focused()

    opened.page.get_by_label("Event metrics: name").last.fill("tax")
    opened.page.get_by_label("Event metrics: value").last.fill("2")
    remove = opened.page.get_by_role("button", name="Remove this row of event metrics")
    remove.first.press("Enter")
    expect(remove.first).to_be_focused()

    expect(opened.page.locator("#push")).to_contain_text('"metrics": { "quantity": "1", "tax": "2" }')


def test_hostile_values_are_shown_as_text(opened: OpenedPage) -> None:
    values = {f"usat_{name}": value for name, value in HOSTILE.items()}
    send(opened.run, event="hostile", endpoint_id=opened.endpoint_id, **values)
    opened.events.filter(has_text="hostile").first.click()
    expect(opened.page.locator("#timeline-title")).to_have_text("Timeline of hostile")
    opened.wait_for("Recorded")

    opened.opened("Profile")

    shown = opened.step("Profile").locator("td:last-child span").all_text_contents()
    assert set(shown) >= set(HOSTILE.values())
    changed = opened.page.locator("#profiles dd.changed")
    expect(changed.first).to_be_visible()
    shown = changed.all_text_contents()
    assert set(shown) >= {f"{value} (new)" for value in HOSTILE.values()}

    opened.page.get_by_label("Endpoint id").fill("W" * 255)
    expect(opened.page.locator("#profile-of")).to_have_text("W" * 255)
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") == 1440


def test_form_and_timeline_are_in_view_and_after_a_click_the_result(opened: OpenedPage) -> None:
    opened.page.emulate_media(reduced_motion="reduce")
    for part in ("#form", "#timeline-title"):
        expect(opened.page.locator(part)).to_be_in_viewport(ratio=1)
    for width, height in ((1440, 900), (390, 844)):
        opened.page.set_viewport_size({"width": width, "height": height})
        opened.page.evaluate("() => scrollTo(0, 0)")

        opened.send("Recorded")

        expect(opened.page.locator("#outcome")).to_be_in_viewport(ratio=1)
        expect(opened.step("Queue")).to_be_in_viewport(ratio=1)
        assert opened.page.evaluate("() => document.documentElement.scrollWidth") == width
        expect(opened.page.get_by_role("button", name="Send event")).to_be_focused()
        opened.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        form, more = (opened.page.locator(each).bounding_box() or {} for each in ("#form", ".more"))
        assert form["y"] + form["height"] < more["y"], "the form covers what is below it"
