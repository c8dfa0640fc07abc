"""Every command in the documents exists: make, gtm, aws, and the stack outputs that they use."""

import json
import re
import shlex
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from botocore.validate import ParamValidator

from gtm.__main__ import main as gtm_main
from ops.command_line import parser as ops_parser
from tests.aws_cli import HIGH_LEVEL, parameters_of
from tests.documents import DOCUMENTS, PROJECT, blocks, documented_outputs, read
from tests.gtm.own_container.shop import export_of_shop

EVENTS_URL = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1/events"

MAKEFILE = read("Makefile")

GUIDE_WITH_TESTS_OF_ITS_OWN = PROJECT / "docs" / "leaving-pinpoint.md"


def shell_lines(document: Path) -> Iterator[str]:
    """The lines of shell blocks, with continuation lines joined, and inline code."""
    text = document.read_text(encoding="utf-8")
    for block in blocks(document):
        if block.language == "bash":
            yield from block.code.replace("\\\n", " ").splitlines()
    yield from re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))


def commands(pattern: str, *, without: Path | None = None) -> list[str]:
    """The commands in all documents that match, from the match to their end."""
    return sorted(
        {
            found[0].strip()
            for document in DOCUMENTS
            if document != without
            for line in shell_lines(document)
            for found in re.finditer(pattern, line)
        }
    )


MAKE = commands(r"(?:^|(?<= ))make [a-z-]+(?= |$)[^&|#]*")
GTM = commands(r"^(?:pulumi stack output --json \| )?\.venv/bin/python -m gtm \w+ .*")
OPS = commands(r"\bpython -m ops [a-z-]+(?: [^#|`<]*)?")
AWS = commands(r"^aws [a-z0-9-]+ .*", without=GUIDE_WITH_TESTS_OF_ITS_OWN)


def test_there_are_commands_of_each_kind() -> None:
    assert (len(MAKE) > 10, len(GTM) > 2, len(OPS) > 5, len(AWS) > 10) == (True, True, True, True)


@pytest.mark.parametrize("command", MAKE)
def test_a_make_command_has_a_target_and_variables_that_exist(command: str) -> None:
    _, target, *assignments = shlex.split(command)

    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    names = [word.partition("=")[0] for word in assignments]
    assert [name for name in names if f"{name} ?=" not in MAKEFILE and name != "BENCH_ENDPOINTS"] == []


@pytest.mark.parametrize("command", GTM)
def test_a_gtm_command_writes_a_file(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gtm").symlink_to(PROJECT / "gtm")
    own = tmp_path / "GTM-ABC1234_workspace7.json"
    own.write_text(json.dumps(export_of_shop()), encoding="utf-8")
    if "--config shop.yaml" in command:
        (tmp_path / "shop.yaml").write_text((PROJECT / "gtm" / "gtm.yaml").read_text(encoding="utf-8"))
    before = set(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    outputs = json.dumps({"events_url": EVENTS_URL, "auth_mode": "open"})
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(outputs.encode())))
    _, _, given = command.replace('"$(pulumi stack output events_url)"', EVENTS_URL).partition(" -m gtm ")

    assert gtm_main(shlex.split(given)) == 0, capsys.readouterr().err
    written = {path.name for path in set(tmp_path.iterdir()) - before}
    assert [*written] == [shlex.split(given)[-1]]


@pytest.mark.parametrize("command", OPS)
def test_an_operator_command_has_these_arguments(command: str) -> None:
    _, _, arguments = command.partition(" -m ops ")

    assert ops_parser().parse_args(shlex.split(arguments)).command


@pytest.mark.parametrize("command", AWS)
def test_an_aws_command_is_an_operation_of_its_service(command: str) -> None:
    if tuple(command.split()[1:3]) in HIGH_LEVEL:
        return
    operation, parameters = parameters_of(command)
    problems = ParamValidator().validate(parameters, operation.input_shape)

    # In a sentence, a command may be named without its parameters.
    missing = "Missing required parameter" in problems.generate_report() and "--" not in command
    assert missing or not problems.has_errors(), problems.generate_report()


def test_every_output_that_a_command_asks_for_is_one_of_the_stack() -> None:
    asked = {
        name
        for command in commands(r"pulumi stack output \w+")
        for name in re.findall(r"output ([a-z]\w+)", command)
    }

    assert "events_url" in asked
    assert asked <= documented_outputs()
