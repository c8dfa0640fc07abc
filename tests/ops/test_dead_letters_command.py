"""`ops dead-letters` on a queue of thousands of messages."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.aws import CallError
from tests.ops.dead_letter_queue import DeadLetterQueue, message
from tests.ops.running import result, run


def filled(count: int) -> DeadLetterQueue:
    return DeadLetterQueue([message(n) for n in range(count)])


def test_a_list_looks_at_a_thousand_and_says_how_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(1_500)

    assert run(queue, "dead-letters") == 0

    said = result(capsys)
    assert (said["looked_at"], said["total"], said["not_seen"]) == (1_000, 1_500, 0)
    assert queue.hidden == set()


def test_a_list_says_how_many_another_command_reads(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(5)
    queue.hide(["m-1"], seconds=300)

    assert run(queue, "dead-letters") == 0

    assert (said := result(capsys))["not_seen"] == 1
    assert said["looked_at"] == 4


def test_an_empty_queue_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(0)

    assert run(queue, "dead-letters") == 0

    assert (result(capsys)["messages"], queue.calls.count("receive_message")) == ([], 2)


def test_an_export_has_every_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue, file = filled(1_500), tmp_path / "letters.jsonl"

    assert run(queue, "dead-letters", "export", str(file)) == 0

    written = {json.loads(line)["message_id"] for line in file.read_text().splitlines()}
    assert (written, queue.hidden) == (queue.left, set())
    assert result(capsys) == {"file": str(file), "written": 1_500, "total": 1_500, "not_seen": 0}


def test_an_export_that_lacks_messages_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(5)
    queue.hide(["m-1"], seconds=300)

    assert run(queue, "dead-letters", "export", str(tmp_path / "letters.jsonl")) == 1

    assert result(capsys)["not_seen"] == 1


def test_an_export_that_ends_early_leaves_no_file_and_hides_nothing(tmp_path: Path) -> None:
    queue, file = filled(30), tmp_path / "letters.jsonl"

    def fail(operation: str, _: dict[str, Any]) -> None:
        if operation == "receive_message" and len(queue.hidden) == 20:
            raise CallError("aws sqs receive-message failed", code="ExpiredToken")

    queue.before = fail

    with pytest.raises(CallError):
        run(queue, "dead-letters", "export", str(file))

    assert (file.exists(), queue.hidden) == (False, set())


def test_an_export_up_to_a_limit_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(filled(30), "dead-letters", "export", str(tmp_path / "letters.jsonl"), "--limit", "7") == 0

    assert result(capsys)["written"] == 7
