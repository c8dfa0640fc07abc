"""Which requests carry a signed-in visitor's cookie, and which of them can update the profile.

Chromium visits sites of different owners. Gateway, authorizer and rules are those of a local run. One browser
goes through the whole table once.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext

from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.gtm import chromium
from tests.gtm.sites import ELSEWHERE, RESOLVER_RULES, Sites
from tests.patience import PATIENCE_SECONDS, eventually
from tests.runs import AT_ONCE, TO_PROFILES, Runs, attributes_of, events_of
from tests.token_issuer import TokenIssuer

pytestmark = chromium.NEEDED

DOCUMENTATION: Final = Path(__file__).parents[2] / "docs" / "security.md"

COOKIE = "session"

# One shop for each kind of cookie, so that one visitor has all of them.
SHOPS: Final = {kind: f"{kind.lower()}-shop.test" for kind in ("Lax", "Strict", "None", "unset")}

ANOTHER_SITE, THE_SITE, THE_API = "another site", "the site", "the API's own host"

# Navigations open a new tab; to a browser they are the same.
WAYS: Final = {
    "link": """url => {
        const link = Object.assign(document.createElement('a'), {href: url, target: '_blank'});
        document.body.append(link);
        link.click();
    }""",
    "redirect": "url => { window.open('/redirect?' + new URLSearchParams({to: url})); }",
    "window.open": "url => { window.open(url); }",
    "GET form": """url => {
        const form = Object.assign(document.createElement('form'), {action: url, target: '_blank'});
        for (const [name, value] of new URL(url).searchParams) {
            form.append(Object.assign(document.createElement('input'), {name, value}));
        }
        document.body.append(form);
        form.submit();
    }""",
    "POST form": """url => {
        const form = document.createElement('form');
        Object.assign(form, {action: url, target: '_blank', method: 'post'});
        document.body.append(form);
        form.submit();
    }""",
    "iframe": """url => {
        document.body.append(Object.assign(document.createElement('iframe'), {src: url}));
    }""",
    "object": """url => {
        document.body.append(Object.assign(document.createElement('object'), {data: url}));
    }""",
    "image": "url => { new Image().src = url; }",
    "fetch": "url => { fetch(url, {credentials: 'include', mode: 'no-cors'}); }",
    "fetch POST": """url => {
        fetch(url, {method: 'POST', body: 'x', credentials: 'include', mode: 'no-cors', keepalive: true});
    }""",
    "sendBeacon": "url => { navigator.sendBeacon(url); }",
}
"""How a page makes a browser call a URL."""

OF_A_PAGE: Final = ("image", "fetch", "fetch POST", "sendBeacon")
"""The ways that load something into a page. All others navigate."""


class Case(NamedTuple):
    kind: str
    page: str
    way: str


CASES: Final = [
    *(Case(*names) for names in itertools.product(SHOPS, (ANOTHER_SITE, THE_SITE), WAYS)),
    # A host's own pages behave like those of its site, so a few cases suffice.
    *(Case(*names) for names in itertools.product(SHOPS, (THE_API,), ("link", *OF_A_PAGE))),
]

# Cases outside the table.
TYPED = Case("Strict", "address bar", "typed")
IMAGE_REDIRECTED_BY_THE_SITE = Case("None", ANOTHER_SITE, "image that the site redirects")
IMAGE_REDIRECTED_BY_ANOTHER = Case("None", THE_SITE, "image that another site redirects")
HEADER = Case("Lax", THE_SITE, "fetch with header")
NO_TOKEN = Case("Lax", THE_SITE, "image without cookie")
IN_A_FRAME = Case("None", THE_SITE, "image in a page that another site frames")
OTHERS: Final = (
    *(TYPED, IMAGE_REDIRECTED_BY_THE_SITE, IMAGE_REDIRECTED_BY_ANOTHER, HEADER, NO_TOKEN, IN_A_FRAME),
)

# One token proves all endpoints: its claim lists them.
ENDPOINTS: Final = {case: f"c{number}" for number, case in enumerate((*CASES, *OTHERS))}


class Outcome(NamedTuple):
    has_cookie: bool
    # Sec-Fetch-Site and Sec-Fetch-Mode.
    site: str
    mode: str
    updated: bool


class Visitor:
    """Chromium, signed in at every shop, and the APIs that it calls."""

    def __init__(self, context: BrowserContext, sites: Sites) -> None:
        self.context = context
        self._sites = sites

    def url(self, case: Case) -> str:
        parameters = {"endpoint_id": ENDPOINTS[case], "event": "visit", "usat_plan": "gold"}
        return self._sites.url(f"api.{SHOPS[case.kind]}", "/v1/events", **parameters)

    def sign_in(self) -> None:
        page = self.context.new_page()
        for kind, shop in SHOPS.items():
            attributes = "" if kind == "unset" else f"; SameSite={kind}"
            page.goto(self._sites.sign_in_url(shop, attributes=attributes))

    def call(self, host: str, calls: Mapping[Case, str], *, by: Mapping[Case, str] | None = None) -> None:
        """Open a page of a host and call each case's URL, or the one in `by`, in the given way."""
        page = self.context.new_page()
        page.goto(self._sites.url(host))
        for case, script in calls.items():
            page.evaluate(f"url => {{ ({script})(url); }}", (by or {}).get(case, self.url(case)))

    def call_from_a_frame(self, host: str, case: Case, script: str) -> None:
        """Show a page of the host in a frame of another site's page, and call from the frame."""
        page = self.context.new_page()
        page.goto(self._sites.url(ELSEWHERE))
        page.set_content(f'<iframe src="{self._sites.url(host)}"></iframe>', wait_until="load")
        page.frames[1].evaluate(f"url => {{ ({script})(url); }}", self.url(case))


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, issuer: TokenIssuer) -> Iterator[Sites]:
    sites = Sites(tmp_path_factory.mktemp("sites"), shops=[*SHOPS.values()], cookie=COOKIE)
    forger = Forger(signer=issuer.signers[0], issuer=issuer.url, audience="client-1", endpoint_id="")
    sites.token = forger.naming([*ENDPOINTS.values()])
    yield sites
    sites.stop()


@pytest.fixture(scope="module")
def run(runs: Runs, issuer: TokenIssuer, sites: Sites) -> LocalRun:
    run = runs.shared(
        *("authMode=authenticated", f"oidcIssuer={issuer.url}", "oidcAudiences=client-1"),
        *(f"oidcCookie={COOKIE}", f"allowedOrigins={sites.url(SHOPS['Lax'])}", *TO_PROFILES, *AT_ONCE),
    )
    sites.api_url = run.url
    return run


@pytest.fixture(scope="module")
def context(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that allows third-party cookies, as browsers used to. Playwright's contexts block them."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    preferences = {"profile": {"block_third_party_cookies": False, "cookie_controls_mode": 0}}
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=chromium.PROGRAM,
        args=["--disable-dev-shm-usage", f"--host-resolver-rules={RESOLVER_RULES}"],
        ignore_https_errors=True,
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture(scope="module")
def outcomes(context: BrowserContext, sites: Sites, run: LocalRun) -> Mapping[Case, Outcome]:
    visitor = Visitor(context, sites)
    visitor.call(SHOPS["Lax"], {NO_TOKEN: WAYS["image"]})
    sites.await_events({ENDPOINTS[NO_TOKEN]})
    visitor.sign_in()
    for kind, shop in SHOPS.items():
        for page, host in {ANOTHER_SITE: ELSEWHERE, THE_SITE: shop, THE_API: f"api.{shop}"}.items():
            cases = [case for case in CASES if (case.kind, case.page) == (kind, page)]
            visitor.call(host, {case: WAYS[case.way] for case in cases})
    by_shop, by_another = IMAGE_REDIRECTED_BY_THE_SITE, IMAGE_REDIRECTED_BY_ANOTHER
    by = {
        by_shop: sites.redirect_url(SHOPS["None"], visitor.url(by_shop)),
        by_another: sites.redirect_url(ELSEWHERE, visitor.url(by_another)),
    }
    visitor.call(ELSEWHERE, {by_shop: WAYS["image"]}, by=by)
    visitor.call(SHOPS["None"], {by_another: WAYS["image"]}, by=by)
    visitor.call(
        SHOPS["Lax"],
        {HEADER: f"url => {{ fetch(url, {{headers: {{Authorization: 'Bearer {sites.token}'}}}}); }}"},
    )
    context.new_page().goto(visitor.url(TYPED))
    visitor.call_from_a_frame(SHOPS["None"], IN_A_FRAME, WAYS["image"])

    sites.await_events(set(ENDPOINTS.values()))
    return {case: outcome(sites, run, endpoint_id) for case, endpoint_id in ENDPOINTS.items()}


def outcome(sites: Sites, run: LocalRun, endpoint_id: str) -> Outcome:
    """Chromium's request, and the profile once the event is recorded."""
    sent = sites.sent[endpoint_id]
    (event,) = eventually(lambda: events_of(run, endpoint_id))
    profile = attributes_of(run, endpoint_id)
    assert (event.event, profile) in (("visit", {}), ("visit", {"plan": "gold"}))
    return Outcome(
        has_cookie=f"{COOKIE}=" in sent.header("cookie"),
        site=sent.header("sec-fetch-site"),
        mode=sent.header("sec-fetch-mode"),
        updated=bool(profile),
    )


def updated(outcomes: Mapping[Case, Outcome], page: str) -> list[Case]:
    return [case for case in outcomes if case.page == page and outcomes[case].updated]


def test_no_request_that_another_site_makes_changes_a_profile(outcomes: Mapping[Case, Outcome]) -> None:
    assert updated(outcomes, ANOTHER_SITE) == []


def test_though_many_of_them_carry_the_cookie(outcomes: Mapping[Case, Outcome]) -> None:
    """They would update profiles if the cookie counted."""
    carry = {case for case in CASES if case.page == ANOTHER_SITE and outcomes[case].has_cookie}
    navigations = {"link", "redirect", "window.open", "GET form"}
    assert {case.way for case in carry if case.kind == "Lax"} == navigations
    # Chromium sends a cookie without SameSite with forms for two minutes after it was set.
    assert {case.way for case in carry if case.kind == "unset"} == {*navigations, "POST form"}
    assert {case.way for case in carry if case.kind == "None"} == set(WAYS)
    assert {case.way for case in carry if case.kind == "Strict"} == set()
    assert {outcomes[case].site for case in carry} == {"cross-site"}


@pytest.mark.parametrize("page", [THE_SITE, THE_API])
def test_requests_of_the_sites_pages_change_it_and_navigations_do_not(
    outcomes: Mapping[Case, Outcome], page: str
) -> None:
    of_pages = [case for case in CASES if case.page == page and case.way in OF_A_PAGE]
    assert [case for case in updated(outcomes, page) if case in CASES] == of_pages
    assert len(of_pages) == len(SHOPS) * len(OF_A_PAGE)


def test_a_token_in_a_header_changes_it_without_a_cookie(outcomes: Mapping[Case, Outcome]) -> None:
    assert outcomes[HEADER] == Outcome(has_cookie=False, site="same-site", mode="cors", updated=True)
    assert outcomes[NO_TOKEN] == Outcome(has_cookie=False, site="same-site", mode="no-cors", updated=False)


def test_an_address_that_is_typed_changes_nothing(outcomes: Mapping[Case, Outcome]) -> None:
    assert outcomes[TYPED] == Outcome(has_cookie=True, site="none", mode="navigate", updated=False)


@pytest.mark.parametrize("case", [IMAGE_REDIRECTED_BY_THE_SITE, IMAGE_REDIRECTED_BY_ANOTHER])
def test_another_site_on_the_way_makes_it_a_request_of_another_site(
    outcomes: Mapping[Case, Outcome], case: Case
) -> None:
    assert outcomes[case] == Outcome(has_cookie=True, site="cross-site", mode="no-cors", updated=False)


def test_a_page_of_the_site_counts_even_in_another_sites_frame(outcomes: Mapping[Case, Outcome]) -> None:
    """docs/security.md says how to keep a page out of frames."""
    assert outcomes[IN_A_FRAME] == Outcome(has_cookie=True, site="same-site", mode="no-cors", updated=True)


def test_the_documentation_has_this_table(outcomes: Mapping[Case, Outcome]) -> None:
    assert table(outcomes) in DOCUMENTATION.read_text(encoding="utf-8")


def table(outcomes: Mapping[Case, Outcome]) -> str:
    def row(page: str, way: str) -> str:
        found = [outcomes[Case(kind, page, way)] for kind in SHOPS]
        sent = ["sent" if one.has_cookie else "-" for one in found]
        counts = "yes" if all(one.updated for one in found) else "no"
        return " | ".join([f"| {page}", way, *sent, f"{counts} |"])

    head = [
        " | ".join(["| the page is of", "the request is a", *SHOPS, "its token counts |"]),
        "|".join(["", *(["---"] * (len(SHOPS) + 3)), ""]),
    ]
    return "\n".join([*head, *(row(page, way) for page in (ANOTHER_SITE, THE_SITE) for way in WAYS)])
