"""The README against the program: what exists is described, what is described exists."""

import re
from pathlib import Path

import pytest
import yaml

from tests.test_program import recorded

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()


def table(heading: str) -> dict[str, str]:
    """First column of the table under a heading → second column."""
    section = re.split(r"\n###? ", README.partition(f"\n## {heading}\n")[2], maxsplit=1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", section, re.MULTILINE))


def test_the_readme_describes_every_setting() -> None:
    assert set(table("Settings")) == set(yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"])


def test_the_readme_gives_every_settings_default() -> None:
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    rows = table("Settings")
    wrong = {
        key: rows[key]
        for key, setting in schema.items()
        if setting["default"] != "" and rows[key] != f"`{yaml_text(setting['default'])}`"
    }

    assert wrong == {}


def yaml_text(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")


def test_the_readme_describes_every_output() -> None:
    everywhere = {
        "destinations": ["pinpoint", "customer-profiles", "firehose"],
        "pinpointApplicationId": "0123456789abcdef0123456789abcdef",
    }

    assert set(table("Outputs")) == set(recorded("prod", **everywhere).outputs)


def excerpts() -> list[tuple[str, str]]:
    """The path and the text of every excerpt in docs/adding-a-destination.md, cut at its lines of dots."""
    guide = (PROJECT / "docs" / "adding-a-destination.md").read_text()
    blocks = re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", guide, re.DOTALL)
    return [(path, part) for path, block in blocks for part in block.split("...\n")]


def test_the_guide_to_destinations_has_excerpts() -> None:
    assert len(excerpts()) >= 10


@pytest.mark.parametrize(("path", "excerpt"), excerpts())
def test_the_guide_to_destinations_quotes_the_sources(path: str, excerpt: str) -> None:
    assert excerpt in (PROJECT / path).read_text()


def test_every_link_to_a_file_leads_somewhere() -> None:
    documents = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    broken = [
        f"{document.name}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        if not (document.parent / target).exists()
    ]

    assert broken == []


def test_every_file_that_the_documents_name_is_there() -> None:
    documents = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    missing = [
        f"{document.name}: {path}"
        for document in documents
        for path in re.findall(
            r"`((?:tests|local|handler|components|gtm|migrate)/[\w/.-]+\.\w+)`", document.read_text()
        )
        if not (PROJECT / path).exists()
    ]

    assert missing == []
