"""The examples of the guides for marketers do what the guides say."""

import pytest

from gtm import plan_file
from gtm.plan_file import Overrides
from tests.documents import PROJECT, Block, blocks
from tests.gtm import chromium
from tests.gtm.plans import EVENTS_URL, plan
from tests.gtm.site import Endpoint, Site

GUIDES = ("consent.md", "browsers.md", "ga4.md", "gtm-reference.md")
EXAMPLES = [block for guide in GUIDES for block in blocks(PROJECT / "docs" / guide)]
YAML = [block for block in EXAMPLES if block.language == "yaml"]


def script(heading: str) -> str:
    """The first script below a heading."""
    block = next(each for each in EXAMPLES if each.heading == heading and each.language in {"html", "js"})
    return block.code.replace("<script>", "").replace("</script>", "")


DEFAULTS = script("Consent mode v2 on your site")
UPDATE = "gtag('consent', 'update', {analytics_storage: 'granted'});"


def test_there_are_examples() -> None:
    assert len(YAML) >= 4


@pytest.mark.parametrize("block", YAML, ids=lambda block: f"{block.document.name}: {block.heading}")
def test_a_file_of_the_guides_sends_events(block: Block) -> None:
    assert plan_file.read(block.code, overrides=Overrides(events_url=EVENTS_URL)).tags


@chromium.NEEDED
class TestConsent:
    def test_the_defaults_of_the_guide_block_a_tag_until_the_update(
        self, site: Site, endpoint: Endpoint
    ) -> None:
        assert UPDATE in (PROJECT / "docs" / "consent.md").read_text()
        site.run(plan(events_url=endpoint.events_url, consent=("analytics_storage",)), before=DEFAULTS)

        site.push("{event: 'purchase_success', endpoint_id: 'before'}")
        site.script(f"() => {{ {UPDATE} }}")
        site.push("{event: 'purchase_success', endpoint_id: 'after'}")

        site.await_outcomes()
        assert [each["endpoint_id"] for each in endpoint.parameters] == ["after"]

    def test_where_no_region_fits_the_default_without_region_counts(
        self, site: Site, endpoint: Endpoint
    ) -> None:
        regions = script("Regions")
        site.run(plan(events_url=endpoint.events_url, consent=("analytics_storage",)), before=regions)

        site.push("{event: 'purchase_success', endpoint_id: 'e1'}")

        assert site.await_outcomes() == ["succeeded"]


@chromium.NEEDED
@pytest.mark.parametrize("prerendering", [False, True])
def test_a_page_that_is_prerendered_pushes_when_it_is_shown(site: Site, *, prerendering: bool) -> None:
    site.open()
    pushed = site.script(
        f"""() => {{
            Object.defineProperty(document, 'prerendering', {{value: {str(prerendering).lower()}}});
            window.dataLayer = [];
            {script("Push only what somebody sees")}
            const before = dataLayer.length;
            document.dispatchEvent(new Event('prerenderingchange'));
            return [before, dataLayer.length];
        }}"""
    )

    assert pushed == ([0, 1] if prerendering else [1, 1])
