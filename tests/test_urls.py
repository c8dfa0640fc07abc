"""The query of every URL in this project begins with `endpoint_id`, so that no filter list blocks it."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from contract.filter_lists import QUERY_RULES, RequestKind, blocking_rule
from gtm.container import container_export
from gtm.custom_template import TemplateKind
from gtm.plan import TagPlan
from gtm.variables import DataLayerVariable
from tests.gtm.plans import PURCHASE, plan
from tests.test_program import recorded

PROJECT = Path(__file__).parents[1]
AD_BLOCKERS = (PROJECT / "docs" / "browsers.md").read_text()

FIRST_PARAMETER = re.compile(
    r"\?(?:endpoint_id|event_id|event|token|timestamp|(?:evat|evmt|usat)_\w*)=[\w&]*"
)


def shipped_files() -> Iterator[Path]:
    """Every file from which a reader or a browser may take a URL."""
    suffixes = {".md", ".py", ".html", ".js", ".tpl", ".yaml"}
    folders = ("docs", "gtm", "local", "components", "handler", "migrate")
    everything = chain(PROJECT.glob("*"), *((PROJECT / folder).rglob("*") for folder in folders))
    return (path for path in everything if path.suffix in suffixes)


def first_parameters() -> dict[str, list[str]]:
    """How queries begin, by file, without the examples of blocked ones."""
    return {
        str(path.relative_to(PROJECT)): [
            begin
            for begin in FIRST_PARAMETER.findall(path.read_text(encoding="utf-8"))
            if not any(begin.startswith(rule) for rule in QUERY_RULES)
        ]
        for path in shipped_files()
    }


def test_in_every_file_a_query_begins_with_the_endpoint() -> None:
    found = first_parameters()

    assert {
        path: begins for path, begins in found.items() if any("?endpoint_id=" not in b for b in begins)
    } == {}
    with_urls = {path for path, begins in found.items() if begins}
    assert {
        *("README.md", "docs/gtm-reference.md", "docs/security.md", "docs/leaving-pinpoint.md"),
        *("components/event_pixel.py", "gtm/template/template.tpl", "gtm/server_template/template.tpl"),
    } <= with_urls


@pytest.mark.parametrize(
    "tag", [PURCHASE, TagPlan(event=None), TagPlan(event="pageview")], ids=["purchase", "all", "pageview"]
)
def test_the_url_of_a_container_is_not_blocked_whatever_event_fires_it(tag: TagPlan) -> None:
    token = DataLayerVariable("id_token")
    export = container_export(plan(tag, token=token))["containerVersion"]
    (written,) = export["tag"]
    (url,) = (parameter["value"] for parameter in written["parameter"] if parameter["key"] == "url")

    (base,) = (
        variable["parameter"][0]["value"]
        for variable in export["variable"]
        if variable["name"] == "gtm-pixel - events URL"
    )
    assert_free(url.replace("{{gtm-pixel - events URL}}", base))


def test_the_url_that_a_stack_shows_is_not_blocked() -> None:
    assert_free(recorded().outputs["gtm_image_url"])


@pytest.mark.parametrize("kind", list(TemplateKind))
def test_a_custom_template_writes_the_endpoint_first(kind: TemplateKind) -> None:
    script = kind.file.read_text(encoding="utf-8")

    assert re.findall(r"^ *'([?&]\w+)=' \+", script, re.MULTILINE)[:2] == ["?endpoint_id", "&event"]


def assert_free(url: str) -> None:
    for event in ("pageview", "log", "impressions", "performance", "purchase"):
        filled = re.sub(r"\{\{.+?\}\}", "x", url.replace("{{Event}}", event)) + "&gtmcb=1"
        assert "{{" not in filled
        assert blocking_rule(filled) is None


# ---- The guide ---------------------------------------------------------------------------------------


def names(row: str) -> tuple[list[str], list[str]]:
    """The words in the guide's table that are blocked, and those that are not."""
    (cells,) = re.findall(rf"^\| {re.escape(row)}.*? \| (.+?) \| (.+?) \|$", AD_BLOCKERS, re.MULTILINE)
    blocked, free = (re.findall(r"`([^`]+)`", cell) for cell in cells)
    return blocked, free


def is_blocked(url: str) -> bool:
    return any(blocking_rule(url, kind) for kind in (RequestKind.IMAGE, RequestKind.FETCH))


def test_the_guide_names_host_labels_that_are_blocked_and_some_that_are_free() -> None:
    blocked, free = names("first label of a host of your own")

    assert [is_blocked(f"https://{label}.example.com/v1/events?endpoint_id=e") for label in blocked] == [
        True
    ] * 14
    assert [is_blocked(f"https://{label}.example.com/v1/events?endpoint_id=e") for label in free] == [
        False
    ] * 3


def test_the_guide_names_stages_that_are_blocked_and_some_that_are_free() -> None:
    blocked, free = names("stage (`stageName`)")
    api = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com"
    blocked.remove("fetch")

    assert [is_blocked(f"{api}/{stage}/events?endpoint_id=e") for stage in blocked] == [True] * 11
    assert [is_blocked(f"{api}/{stage}/events?endpoint_id=e") for stage in free] == [False] * 3


def test_the_guide_names_every_beginning_of_a_query_that_is_blocked() -> None:
    blocked, free = names("beginning of the query")

    assert set(blocked) == set(QUERY_RULES)
    assert free == ["?endpoint_id="]
