"""How scripts and images of a page send events, in a real browser, to a local run."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.gtm import chromium
from tests.gtm.site import GTM, Endpoint, Site
from tests.gtm.test_whole_way import plan, push
from tests.patience import eventually
from tests.runs import AT_ONCE, Runs, events_of, new_endpoint
from tests.token_issuer import TokenIssuer

pytestmark = chromium.NEEDED

AUDIENCE = "site"
COOKIE = "id_token"


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared("profileUpdates=all", *AT_ONCE)


def url_of(run: LocalRun, endpoint_id: str, **parameters: str) -> str:
    query = urlencode({"endpoint_id": endpoint_id, "event": "sign_out", **parameters})
    return f"{run.outputs['events_url']}?{query}"


class TestAPageThatIsolatesItself:
    """With `Cross-Origin-Embedder-Policy: require-corp`, only images that any site may embed are loaded."""

    @pytest.fixture
    def isolated(self, site: Site) -> Site:
        site.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        site.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return site

    def test_its_tag_succeeds(self, isolated: Site, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        isolated.run(plan(run))

        push(isolated, endpoint_id=endpoint_id)

        assert isolated.await_outcomes() == ["succeeded"]
        assert isolated.script("() => crossOriginIsolated")
        assert len(eventually(lambda: events_of(run, endpoint_id))) == 1

    def test_a_tag_that_called_an_endpoint_without_that_header_would_fail(
        self, isolated: Site, run: LocalRun, endpoint: Endpoint
    ) -> None:
        api = plan(run)
        isolated.run(type(api)(events_url=endpoint.events_url, tags=api.tags))

        push(isolated, endpoint_id="e1")

        assert isolated.await_outcomes() == ["failed"]
        assert len(endpoint.queries) == 1


BODIES = {
    "nothing": "undefined",
    "a string": "'Action=SendMessage&MessageBody=event%3Dforged%26endpoint_id%3Dforged'",
    "URLSearchParams": "new URLSearchParams({Action: 'SendMessage', MessageBody: 'event=forged'})",
    "FormData": "(form => (form.append('Action', 'SendMessage'), form))(new FormData())",
    "bytes": "new Uint8Array([255, 254, 0, 1])",
    "a Blob": "new Blob(['event=forged'])",
    "a Blob of text": "new Blob(['event=forged'], {type: 'text/plain;charset=utf-8'})",
    "a Blob of a form": "new Blob(['event=forged'], {type: 'application/x-www-form-urlencoded'})",
}
"""Bodies that a page can post without a preflight request."""


class TestPosting:
    """The same query by POST. The body is not recorded."""

    @pytest.mark.parametrize(
        "sender",
        [
            "([url]) => { if (!navigator.sendBeacon(url, BODY)) throw new Error('not taken'); }",
            "([url]) => { fetch(url, {method: 'POST', keepalive: true, body: BODY}).catch(() => {}); }",
        ],
        ids=["sendBeacon", "fetch"],
    )
    def test_an_event_is_recorded_whatever_the_body_is(
        self, page: Page, site: Site, run: LocalRun, sender: str
    ) -> None:
        endpoints = {body: new_endpoint() for body in BODIES}
        site.open()

        for body, endpoint_id in endpoints.items():
            url = url_of(run, endpoint_id, evat_text="a&b", usat_plan="gold")
            page.evaluate(sender.replace("BODY", BODIES[body]), [url])

        recorded: dict[str, object] = {}
        for body, endpoint_id in endpoints.items():
            (event,) = eventually(lambda id_=endpoint_id: events_of(run, id_))
            recorded[body] = (event.event, event.attributes, event.metrics, event.user_attributes)
        assert recorded == {body: ("sign_out", {"text": "a&b"}, {}, {"plan": ["gold"]}) for body in BODIES}

    @pytest.mark.parametrize(
        "sender",
        ["navigator.sendBeacon(URL)", "fetch(URL, {method: 'POST', keepalive: true})"],
        ids=["sendBeacon", "fetch"],
    )
    def test_an_event_is_recorded_although_the_page_is_left_at_once(
        self, page: Page, site: Site, run: LocalRun, sender: str
    ) -> None:
        endpoint_id = new_endpoint()
        site.open()
        page.evaluate(
            f"url => addEventListener('pagehide', () => {{ {sender.replace('URL', 'url')}; }})",
            url_of(run, endpoint_id),
        )

        page.goto("about:blank")

        assert len(eventually(lambda: events_of(run, endpoint_id))) == 1

    def test_the_script_of_the_guide_sends_an_event(self, page: Page, site: Site, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        guide = (GTM.parent / "docs" / "gtm-reference.md").read_text(encoding="utf-8")
        _, _, section = guide.partition("## Without an image")
        script = section.partition("```js\n")[2].partition("```")[0]
        assert "https://…/v1/events?" in script
        site.open()

        page.evaluate(
            f"endpointId => {{ {script.replace('https://…/v1/events', run.outputs['events_url'])} }}",
            endpoint_id,
        )

        (event,) = eventually(lambda: events_of(run, endpoint_id))
        assert event.event == "sign_out"

    def test_an_origin_that_is_listed_reads_the_response(self, page: Page, site: Site, runs: Runs) -> None:
        run = runs.shared(f"allowedOrigins={site.url},https://b.example", *AT_ONCE)
        read = """async url => {
          const headers = { 'Content-Type': 'application/json' };
          const init = { method: 'POST', keepalive: true, headers, body: '{}' };
          try { return (await fetch(url, init)).status; } catch (error) { return error.name; }
        }"""

        site.open()
        assert page.evaluate(read, url_of(run, "e1")) == 200
        page.goto(site.url.replace("127.0.0.1", "localhost"))
        assert page.evaluate(read, url_of(run, "e1")) == "TypeError"


class TestFetch:
    """Fetch that reads the response."""

    READ = """async ([url, headers]) => {
      try { return (await fetch(url, { headers })).status; } catch (error) { return error.name; }
    }"""

    def fetch(self, page: Page, run: LocalRun, headers: Mapping[str, str]) -> object:
        url = f"{run.outputs['events_url']}?endpoint_id=e1&event=purchase"
        return page.evaluate(self.READ, [url, headers])

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer none"}], ids=["simple", "preflight"])
    def test_an_allowed_origin_reads_the_response_and_another_does_not(
        self, page: Page, site: Site, runs: Runs, headers: Mapping[str, str]
    ) -> None:
        run = runs.shared(f"allowedOrigins={site.url},https://b.example", *AT_ONCE)

        site.open()
        assert self.fetch(page, run, headers) == 200
        page.goto(site.url.replace("127.0.0.1", "localhost"))
        assert self.fetch(page, run, headers) == "TypeError"


class TestACookieThatCarriesTheToken:
    """`fetch` with credentials, from a listed site and from another."""

    READ = """async ([url, init]) => {
      try { return (await fetch(url, { credentials: 'include', ...init })).status; }
      catch (error) { return error.name; }
    }"""

    # The last one needs a preflight request.
    REQUESTS = (
        {},
        {"method": "POST", "keepalive": True},
        {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"},
    )

    @pytest.fixture
    def issuer(self) -> Iterator[TokenIssuer]:
        issuer = TokenIssuer()
        yield issuer
        issuer.stop()

    def stack(self, runs: Runs, site: Site, issuer: TokenIssuer, *settings: str) -> LocalRun:
        return runs.fresh(
            *("authMode=authenticated", f"oidcIssuer={issuer.url}", f"oidcAudiences={AUDIENCE}"),
            *(f"allowedOrigins={site.url},https://b.example", *settings, *AT_ONCE),
        )

    def test_a_listed_site_reads_the_response_and_its_customer_updates_the_profile(
        self, page: Page, site: Site, runs: Runs, issuer: TokenIssuer
    ) -> None:
        run = self.stack(runs, site, issuer, f"oidcCookie={COOKIE}")
        endpoint_id = new_endpoint()
        forger = Forger(
            signer=issuer.signers[0], issuer=issuer.url, audience=AUDIENCE, endpoint_id=endpoint_id
        )
        page.context.add_cookies([{"name": COOKIE, "value": forger.token(), "url": run.url}])
        url = url_of(run, endpoint_id, usat_plan="gold")

        site.open()
        assert [page.evaluate(self.READ, [url, init]) for init in self.REQUESTS] == [200, 200, 200]

        events = eventually(lambda: len(found := events_of(run, endpoint_id)) == 3 and found)
        assert [event.user_attributes for event in events] == [{"plan": ["gold"]}] * 3

        page.goto(site.url.replace("127.0.0.1", "localhost"))
        assert [page.evaluate(self.READ, [url, init]) for init in self.REQUESTS] == ["TypeError"] * 3

    def test_if_no_cookie_carries_a_token_no_site_reads_it(
        self, page: Page, site: Site, runs: Runs, issuer: TokenIssuer
    ) -> None:
        run = self.stack(runs, site, issuer)

        site.open()

        assert page.evaluate(self.READ, [url_of(run, "e1"), {}]) == "TypeError"
        assert page.evaluate(self.READ, [url_of(run, "e1"), {"credentials": "omit"}]) == 200
