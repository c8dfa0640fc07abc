"""The documents describe everything that the program has, and nothing that it does not have."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from handler.events import DropReason, RejectionReason
from handler.tokens.finding import CookieIgnoredReason
from handler.tokens.invalid import InvalidTokenReason
from handler.update_policy import DenialReason
from settings.destinations import GROUPS
from tests.documents import (
    DOCUMENTS,
    PROJECT,
    anchors,
    documented_outputs,
    links,
    read,
    rows,
    section,
    table,
)
from tests.test_program import DOMAIN, recorded


def test_every_output_is_described() -> None:
    everywhere = {
        "destinations": list(GROUPS),
        "eventbridgeArchiveDays": 1,
        "pinpointApplicationId": "0123456789abcdef0123456789abcdef",
        "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        "previousStageName": "v0",
        "customerProfilesNewDomain": True,
        **DOMAIN,
    }

    assert documented_outputs() == set(recorded("prod", **everywhere).outputs)


def test_every_metric_is_described() -> None:
    sources = [PROJECT / "handler" / "batch_report.py", PROJECT / "handler" / "tokens" / "report.py"]
    code = "".join(source.read_text() for source in sources)
    metrics = table(read("docs/monitoring.md"), "Metrics")

    assert set(metrics) == set(re.findall(r'"([A-Z][A-Za-z]+)"', code))


def test_every_log_message_is_described_and_exists() -> None:
    messages = [row[0] for row in rows(section(read("docs/monitoring.md"), "Logs"))]
    described = {message for cell in messages for message in re.findall(r"`([^`]+)`", cell)}

    assert described == set(logged())


def logged() -> Iterator[str]:
    """The messages that the handler logs: strings given to a logger, or to a method that logs."""
    for path in (PROJECT / "handler").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            if re.search(
                r"\b_?log(_unexpected)?$|logger\.\w+$|^log$|^Logger\(.*\)\.\w+$", ast.unparse(call.func)
            ):
                for node in (node for argument in call.args for node in ast.walk(argument)):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield node.value


@pytest.mark.parametrize(
    ("document", "heading", "reasons"),
    [
        ("docs/url.md", "Reasons", {*RejectionReason, *DropReason}),
        ("docs/security.md", "Reasons of invalid tokens", {*InvalidTokenReason}),
        ("docs/security.md", "A token in a cookie", {*CookieIgnoredReason}),
        ("docs/security.md", "Reasons of denied updates", {*DenialReason}),
    ],
)
def test_every_reason_of_a_table_exists_and_has_a_row(
    document: str, heading: str, reasons: set[StrEnum]
) -> None:
    described = {name for row in rows(section(read(document), heading)) for name in reason_names(row)}

    assert described == set(reasons)


def reason_names(row: list[str]) -> list[str]:
    """The reasons of a row: nothing else is in the first or the last column."""
    cells = [cell for cell in (row[0], row[-1]) if re.fullmatch(r"`[a-z][a-z_]+`(, `[a-z][a-z_]+`)*", cell)]
    return [name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)]


@pytest.mark.parametrize("destination", GROUPS)
def test_every_reason_of_a_destination_is_described_and_exists(destination: str) -> None:
    module = destination.replace("-", "_")
    sources = (PROJECT / "handler" / "destinations").glob(f"{module}*.py")
    code = "".join(source.read_text() for source in sources)
    reasons = section(section(read("docs/destinations.md"), destination), "Reasons")

    described = set(re.findall(rf"`({module}_[a-z_]+)`", reasons))
    # A reason is written whole, or begins with the destination's name out of a variable.
    written = set(re.findall(rf'"({module}_[a-z_]+)"', code))
    put_together = {module + suffix for suffix in re.findall(r'"\{\w+\}(_[a-z_]+)"', code)}

    assert described
    assert described == written | put_together


class TestTheGuideToDestinations:
    @staticmethod
    def excerpts() -> list[tuple[str, str]]:
        """The path and the text of every excerpt, cut at its lines of dots."""
        guide = read("docs/adding-a-destination.md")
        found = re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", guide, re.DOTALL)
        return [(path, part) for path, block in found for part in block.split("...\n")]

    def test_it_has_excerpts(self) -> None:
        assert len(self.excerpts()) >= 10

    def test_it_quotes_the_sources(self) -> None:
        wrong = [(path, text) for path, text in self.excerpts() if text not in read(path)]

        assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
class TestEveryDocument:
    def test_its_links_lead_somewhere(self, document: Path) -> None:
        broken: list[str] = []
        for target in links(document.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            linked = (document.parent / path).resolve() if path else document
            if not linked.exists() or (anchor and anchor not in anchors(linked.read_text(encoding="utf-8"))):
                broken.append(target)

        assert broken == []

    def test_the_files_that_it_names_are_there(self, document: Path) -> None:
        folders = "benchmarks|bootstrap|components|contract|gtm|handler|local|migrate|settings|tests"
        named = re.findall(rf"`((?:{folders})/[\w/.-]+\.\w+)`", document.read_text(encoding="utf-8"))
        # The changelog tells of files that have moved since.
        missing = [] if document.name == "CHANGELOG.md" else [p for p in named if not (PROJECT / p).exists()]

        assert missing == []


def test_the_readme_is_read_to_its_end() -> None:
    assert len(read("README.md").splitlines()) <= 150


def test_every_page_is_in_the_index() -> None:
    pages = {path.name for path in (PROJECT / "docs").glob("*.md")} - {"README.md"}

    assert pages <= set(links(read("docs/README.md")))


def test_every_decision_is_in_the_index_and_has_date_and_status() -> None:
    decisions = sorted(path for path in (PROJECT / "docs" / "adr").glob("0*.md"))
    status = r"(Accepted|Superseded by \[\d{4}\]\(\S+\)|Accepted, in part superseded by \[\d{4}\]\(\S+\))"

    assert [path.name for path in decisions] == links(read("docs/adr/README.md"))
    for decision in decisions:
        assert re.search(rf"^\d{{4}}-\d\d-\d\d · {status}$", decision.read_text(), re.MULTILINE), (
            decision.name
        )
