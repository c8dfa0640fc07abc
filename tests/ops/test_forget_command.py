"""`ops forget` on dead letters: all of a customer's, whatever else is in the queue."""

import sys
from typing import Any

import pytest

from cli.errors import UsageError
from ops.aws import CallError
from tests.ops.dead_letter_queue import DeadLetterQueue, message
from tests.ops.examples import stack
from tests.ops.running import result, run

FIREHOSE_ONLY = stack(destinations=["firehose"])


def filled(count: int, *own: int) -> DeadLetterQueue:
    return DeadLetterQueue(
        [message(n, body=f"event=a&endpoint_id={'alice' if n in own else 'bob'}") for n in range(count)]
    )


def forget(queue: DeadLetterQueue, *arguments: str) -> int:
    return run(queue, "forget", "alice", *arguments, deployed=FIREHOSE_ONLY)


def test_all_dead_letters_are_gone_through(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(2_500, 0, 1_100, 2_499)

    assert forget(queue, "--yes") == 0

    assert (result(capsys)["dead_letters"], len(queue.left), queue.hidden) == (3, 2_497, set())


def test_it_fails_if_some_could_not_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30, 2, 20)
    queue.hide(["m-20"], seconds=300)

    assert forget(queue, "--yes") == 1

    said = result(capsys)
    assert (said["dead_letters"], said["dead_letters_not_seen"]) == (1, 1)


def test_it_fails_if_sqs_keeps_one(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30, 2, 20)
    queue.before = lambda operation, _: setattr(
        queue, "failing", {"m-20"} if operation == "delete_message_batch" else set()
    )

    assert forget(queue, "--yes") == 1

    said = result(capsys)
    assert (said["dead_letters"], said["dead_letters_kept"], "m-20" in queue.left) == (1, 1, True)


def test_nothing_is_hidden_while_it_waits_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = filled(30, 2)

    def answer() -> str:
        assert queue.hidden == set()
        queue.sleep(24 * 3600)
        return "yes"

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answer)

    assert forget(queue) == 0

    assert (result(capsys)["dead_letters"], len(queue.left)) == (1, 29)


@pytest.mark.parametrize("answer", ["no", "", "yes please", EOFError()])
def test_any_other_answer_deletes_nothing(answer: str | EOFError, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = filled(30, 2)

    def answered() -> str:
        if isinstance(answer, EOFError):
            raise answer
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answered)

    with pytest.raises(UsageError, match="nothing was deleted: the answer was not yes"):
        forget(queue)

    assert (len(queue.left), "receive_message" in queue.calls) == (30, False)


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python starts with a closed one

    with pytest.raises(UsageError, match="nobody is here to ask: give --yes"):
        forget(filled(1))


def test_a_dry_run_counts_and_deletes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30, 2, 20)

    assert forget(queue, "--dry-run") == 0

    assert (result(capsys)["dead_letters"], len(queue.left), queue.hidden) == (2, 30, set())


def test_one_of_something_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(filled(30, 2), "forget", "alice", "--dry-run", deployed=FIREHOSE_ONLY, output="text") == 0

    assert "Would delete 0 profiles with 0 objects, and 1 dead letter." in capsys.readouterr().out


def test_a_failed_call_ends_it_with_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30, 2, 20)

    def fail(operation: str, _: dict[str, Any]) -> None:
        if operation == "delete_message_batch" and len(queue.left) < 30:
            raise CallError("aws sqs delete-message-batch failed", code="ExpiredToken")

    queue.before = fail

    with pytest.raises(CallError):
        forget(queue, "--yes")

    assert (result(capsys)["dead_letters"], "m-20" in queue.left) == (1, True)


@pytest.mark.parametrize("endpoint", ["", " "])
def test_nobody_is_not_looked_for(endpoint: str) -> None:
    with pytest.raises(UsageError, match="ENDPOINT is empty"):
        run(filled(1), "profile", endpoint, deployed=FIREHOSE_ONLY)


@pytest.mark.parametrize("endpoint", ["", " "])
def test_nobody_is_not_forgotten(endpoint: str) -> None:
    queue = DeadLetterQueue([message(1, body="event=a")])

    with pytest.raises(UsageError, match="ENDPOINT is empty"):
        run(queue, "forget", endpoint, "--yes", deployed=FIREHOSE_ONLY)

    assert queue.left == {"m-1"}
