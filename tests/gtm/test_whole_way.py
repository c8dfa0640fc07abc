"""End to end in a real browser: data layer, exported container, image, API, queue, function, record.

The container is what `python -m gtm container` writes, GTM's runtime is the fake GTM, and the local run is
everything behind the image.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from gtm.container import plan_of
from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.variables import DataLayerVariable
from local.recorder import RecordedEvent
from local.run import LocalRun
from tests.gtm import chromium
from tests.gtm.site import Site
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE
from tests.patience import eventually
from tests.runs import AT_ONCE, TO_PROFILES, Runs, events_of, new_endpoint, send

pytestmark = chromium.NEEDED

PARAMETERS = (
    Parameter(kind=ParameterKind.EVENT_ATTRIBUTE, name="text", value=DataLayerVariable("text")),
    Parameter(kind=ParameterKind.USER_ATTRIBUTE, name="plan", value=DataLayerVariable("user.plan")),
)


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared("profileUpdates=all", *AT_ONCE)


def plan(run: LocalRun, *, consent: tuple[str, ...] = ()) -> Plan:
    """One tag for all custom events, on the run's own API."""
    tag = TagPlan(event=None, parameters=PARAMETERS)
    return Plan(events_url=run.outputs["events_url"], tags=(tag,), consent=consent)


def push(site: Site, **message: object) -> None:
    site.push(json.dumps({"event": "purchase", **message}))


class TestATag:
    """An exported Custom Image tag on a site with another origin."""

    def test_it_fires_and_succeeds_and_its_event_is_recorded(self, site: Site, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        site.run(plan(run))

        push(site, endpoint_id=endpoint_id, text="12.50", user={"plan": "gold"})

        assert site.await_outcomes() == ["succeeded"]
        (event,) = eventually(lambda: events_of(run, endpoint_id))
        assert (event.event, event.attributes, event.user_attributes) == (
            "purchase",
            {"text": "12.50"},
            {"plan": ["gold"]},
        )

    def test_hostile_values_arrive_intact(self, site: Site, run: LocalRun) -> None:
        values = {new_endpoint(): value for value in (*HOSTILE_VALUES, LONGEST_ATTRIBUTE)}
        site.run(plan(run))

        for endpoint_id, value in values.items():
            push(site, endpoint_id=endpoint_id, text=value)

        recorded: dict[str, object] = {}
        for endpoint_id in values:
            (event,) = eventually(lambda id_=endpoint_id: events_of(run, id_))
            recorded[endpoint_id] = (event.attributes, event.user_attributes)
        assert recorded == {endpoint_id: ({"text": value}, {}) for endpoint_id, value in values.items()}

    def test_it_fails_if_the_endpoint_responds_400(self, site: Site, run: LocalRun) -> None:
        site.run(plan(run))

        push(site, endpoint_id="")

        assert site.await_outcomes() == ["failed"]

    def test_it_fails_if_the_endpoint_responds_429(self, site: Site, runs: Runs) -> None:
        run = runs.fresh("throttlingRateLimit=1", "throttlingBurstLimit=1", *AT_ONCE)
        site.run(plan(run))

        for _ in range(5):
            push(site, endpoint_id="e1")

        assert set(site.await_outcomes(5)) == {"succeeded", "failed"}

    def test_it_fails_if_the_queue_refuses(self, site: Site, runs: Runs) -> None:
        run = runs.fresh(*AT_ONCE)
        run.poller.stop()
        run.cloud.client("sqs").delete_queue(QueueUrl=run.outputs["queue_url"])
        site.run(plan(run))

        push(site, endpoint_id="e1")

        assert site.await_outcomes() == ["failed"]

    def test_without_consent_it_sends_nothing(self, site: Site, run: LocalRun) -> None:
        requests: list[str] = []
        site.page.on("request", lambda request: requests.append(request.url))
        site.run(
            plan(run, consent=("analytics_storage",)),
            before="gtag('consent', 'default', {analytics_storage: 'denied'});",
        )

        push(site, endpoint_id="e1")

        assert [report["outcome"] for report in site.reports()] == ["blocked"]
        assert [url for url in requests if url.startswith(run.url)] == []

    def test_a_policy_that_names_the_pixels_host_lets_it_through(self, site: Site, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        site.headers["Content-Security-Policy"] = f"script-src 'self'; img-src {run.url}"
        site.run(plan(run))

        push(site, endpoint_id=endpoint_id)

        assert site.await_outcomes() == ["succeeded"]
        assert len(eventually(lambda: events_of(run, endpoint_id))) == 1

    def test_a_policy_that_does_not_name_it_stops_it(self, site: Site, run: LocalRun) -> None:
        site.headers["Content-Security-Policy"] = "script-src 'self'; img-src 'self'"
        site.run(plan(run))

        push(site, endpoint_id="e1")

        assert site.await_outcomes() == ["failed"]


class TestThePage:
    """The page of the local run."""

    def test_one_click_and_no_typing_is_a_recorded_purchase(self, page: Page, run: LocalRun) -> None:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{run.url}/")
        page.wait_for_function("() => document.querySelector('#outputs').childElementCount > 0")

        page.get_by_role("button", name="Send event").click()

        page.wait_for_function("() => document.querySelector('#response').innerText.includes('HTTP 200')")
        url = page.inner_text("#url")
        assert url.startswith(run.outputs["events_url"])
        (endpoint_id,) = parse_qs(urlsplit(url).query)["endpoint_id"]
        arrival = page.wait_for_selector(f"#arrivals li:has-text('{endpoint_id}')")  # others have sent, too
        assert arrival is not None
        assert "purchase_success" in arrival.inner_text()
        assert "profile updated: plan = gold" in arrival.inner_text()
        assert errors == []

    def test_the_container_it_offers_is_the_one_it_runs(self, page: Page, run: LocalRun) -> None:
        page.goto(f"{run.url}/")
        page.wait_for_function("() => document.querySelector('#outputs').childElementCount > 0")

        with page.expect_download() as offered:
            page.get_by_role("link", name="The GTM container").click()

        made = plan_of(json.loads(Path(offered.value.path()).read_text()))
        assert made.events_url == run.outputs["events_url"]
        assert "evat_currency" in [parameter.url_name for parameter in made.tags[0].parameters]

    def test_an_invalid_name_is_an_error_of_one_line(self, page: Page, run: LocalRun) -> None:
        page.goto(f"{run.url}/")
        page.wait_for_function("() => document.querySelector('#outputs').childElementCount > 0")

        page.get_by_label("Event attributes: name").first.fill("a b")
        page.get_by_role("button", name="Send event").click()

        page.wait_for_function(
            "() => document.querySelector('#response').innerText.includes('without spaces')"
        )

    @pytest.mark.parametrize(
        ("sender", "shown"),
        [
            ("Demo user", "profile updated: plan = gold"),
            ("Anonymous visitor", "profile not changed"),
            ("Demo user, expired token", "profile not changed"),
            ("Demo user, another customer's endpoint", "profile not changed"),
        ],
    )
    def test_it_sends_as_the_chosen_visitor(self, page: Page, runs: Runs, sender: str, shown: str) -> None:
        run = runs.shared(*AT_ONCE, stack="prod")
        page.goto(f"{run.url}/")
        page.wait_for_function("() => document.querySelector('#identity').innerText.includes('Signed in')")
        before = int(page.inner_text("#event-count"))

        page.get_by_label(sender, exact=True).check()
        page.get_by_role("button", name="Send event").click()

        page.wait_for_function(
            "before => Number(document.querySelector('#event-count').innerText) > before", arg=before
        )
        assert shown in page.locator("#arrivals li").first.inner_text()


class TestTheProfileOnThePage:
    """The panel that shows how an event changed a profile."""

    BOTH = ("destinations=customer-profiles,firehose",)

    def run(self, runs: Runs, *settings: str) -> LocalRun:
        return runs.shared("profileUpdates=all", *TO_PROFILES, *self.BOTH, *settings, *AT_ONCE)

    def open(self, page: Page, runs: Runs, *settings: str) -> str:
        """Open the page of a stack with Customer Profiles, and enter a new endpoint id."""
        endpoint_id = new_endpoint()
        page.goto(f"{self.run(runs, *settings).url}/")
        page.wait_for_function("() => document.querySelector('#outputs').childElementCount > 0")
        page.get_by_label("Endpoint id").fill(endpoint_id)
        self.wait_for(page, "#profile-of", endpoint_id)
        return endpoint_id

    def send(self, page: Page, plan: str) -> None:
        page.get_by_label("User attributes: value").first.fill(plan)
        page.get_by_role("button", name="Send event").click()

    def wait_for(self, page: Page, selector: str, text: str) -> None:
        page.wait_for_function(
            "([selector, text]) => document.querySelector(selector).innerText.includes(text)",
            arg=[selector, text],
        )

    def test_it_appears_with_the_first_event_and_changes_with_the_next(self, page: Page, runs: Runs) -> None:
        self.open(page, runs)
        assert "No profile yet" in page.inner_text("#profiles")

        self.send(page, "silver")
        self.wait_for(page, "#profiles", "silver (new)")
        self.send(page, "gold")
        self.wait_for(page, "#profiles", "gold (was silver)")

        assert page.inner_text("#profile-change") == "customer-profiles: plan is now gold"

    def test_it_is_that_of_the_endpoint_in_the_form(self, page: Page, runs: Runs) -> None:
        endpoint_id = self.open(page, runs)
        self.send(page, "gold")
        self.wait_for(page, "#profiles", "gold (new)")

        page.get_by_label("Endpoint id").fill("somebody")
        self.wait_for(page, "#profiles", "No profile yet")
        page.get_by_label("Endpoint id").fill(endpoint_id)
        self.wait_for(page, "#profiles", "gold")

        assert "(new)" not in page.inner_text("#profiles")

    def test_an_event_in_two_destinations_is_one_event_with_two_places(self, page: Page, runs: Runs) -> None:
        endpoint_id = self.open(page, runs)
        before = int(page.inner_text("#event-count"))

        self.send(page, "gold")

        places = page.locator("#arrivals > li", has_text=endpoint_id).get_by_label("Recorded in")
        places.get_by_text("firehose", exact=True).wait_for()
        assert places.locator("li").all_inner_texts() == ["customer-profiles", "firehose"]
        assert int(page.inner_text("#event-count")) == before + 1

    def test_it_shows_where_an_event_is_missing_and_where_it_arrived_twice(
        self, page: Page, runs: Runs
    ) -> None:
        endpoint_id = self.open(page, runs)
        event = RecordedEvent(
            destination="firehose",
            endpoint_id=endpoint_id,
            event_id="order-1",
            event_key="order-1",
            event="purchase",
            timestamp="2026-11-22T11:00:00.000Z",
        )

        self.run(runs).recorder.add(event, event)

        places = page.locator("#arrivals > li", has_text=endpoint_id).get_by_label("Recorded in")
        places.wait_for()
        assert places.locator("li").all_inner_texts() == ["customer-profiles: not yet", "firehose, 2 times"]

    def test_nothing_is_wider_than_a_phone(self, page: Page, runs: Runs) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        self.open(page, runs)

        self.send(page, "x" * 200)

        self.wait_for(page, "#profiles", "(new)")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390

    # Each of these has a stack of its own.

    def test_it_says_if_events_create_no_profile(self, page: Page, runs: Runs) -> None:
        self.open(page, runs, "customerProfilesCreate=false")

        self.send(page, "gold")

        self.wait_for(page, "#profiles", "Accepted, then discarded: 1.")
        assert "No profile: customerProfilesCreate is off" in page.inner_text("#profiles")
        assert "profile not changed" in page.locator("#arrivals li").first.inner_text()

    def test_a_stack_that_keeps_no_profiles_says_so(self, page: Page, runs: Runs) -> None:
        run = runs.shared("destinations=firehose", *AT_ONCE)

        page.goto(f"{run.url}/")

        self.wait_for(page, "#profiles", "No destination of this stack keeps profiles.")

    def test_hostile_values_are_shown_as_text(self, page: Page, runs: Runs) -> None:
        values = {f"v{number}": value for number, value in enumerate(filter(str.isprintable, HOSTILE_VALUES))}
        settings = f"profileAttributes={','.join(values)}"
        endpoint_id = self.open(page, runs, settings)

        parameters = {f"usat_{name}": value for name, value in values.items()}
        send(self.run(runs, settings), event="purchase", endpoint_id=endpoint_id, **parameters)

        self.wait_for(page, "#profiles", "(new)")
        shown = page.locator("#profiles dd.changed").all_text_contents()
        assert set(shown) >= {f"{value} (new)" for value in values.values()}
