"""End to end in a real browser: data layer, exported container, image, API, queue, function, record.

The container is what `python -m gtm container` writes, GTM's runtime is the fake GTM, and the local run is
everything behind the image.
"""

import json

import pytest

from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.variables import DataLayerVariable
from local.run import LocalRun
from tests.gtm import chromium
from tests.gtm.site import Site
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE
from tests.patience import eventually
from tests.runs import AT_ONCE, Runs, events_of, new_endpoint

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
