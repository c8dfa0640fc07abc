"""`ops redrive` on a dead-letter queue of thousands of messages, and where it ends early."""

import json
import signal
from typing import Any

import pytest

from cli.errors import FailedError
from ops.aws import CallError
from tests.ops.dead_letter_queue import BEGINS_AT, DeadLetterQueue, Message, message
from tests.ops.running import result, run


def dead(number: int, *, original: str = "", **attributes: Any) -> Message:
    original_id = {"original_message_id": original} if original else {}
    return message(number, dead_letter_reason="firehose_400", pending="firehose", **original_id, **attributes)


def filled(count: int) -> DeadLetterQueue:
    return DeadLetterQueue([dead(n) for n in range(count)])


@pytest.mark.parametrize(("count", "rate"), [(500, "1"), (3_000, "1"), (3_000, "100000")])
def test_all_are_sent_again_at_any_rate(count: int, rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(count)

    assert run(queue, "redrive", "--rate", rate, "--follow", "0s") == 0

    said = result(capsys)
    assert (said["redriven"], said["left"], said["not_seen"]) == (count, 0, 0)
    assert (len(queue.sent), queue.left) == (count, set())
    assert queue.now - BEGINS_AT > count / int(rate)


def test_the_others_come_back_many_times_during_a_slow_redrive_and_do_not_end_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    others = [message(1_000 + n, dead_letter_reason="pinpoint_400") for n in range(500)]
    queue = DeadLetterQueue([*others, *(dead(n) for n in range(500))])

    assert run(queue, "redrive", "--reason", "firehose*", "--rate", "1", "--follow", "0s") == 0

    said = result(capsys)
    assert (said["redriven"], said["left"], said["newer"]) == (500, 500, 0)
    assert (len(queue.left), queue.hidden) == (500, set())


def test_each_goes_once_while_the_fault_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(1_500)
    queue.fault_lasts = True

    assert run(queue, "redrive", "--follow", "0s") == 0

    said = result(capsys)
    assert (said["redriven"], said["newer"], said["left"]) == (1_500, 1_500, 1_500)
    assert len(queue.sent) == len(queue.left) == 1_500
    assert queue.hidden == set()


def test_every_letter_of_an_event_is_redriven(capsys: pytest.CaptureFixture[str]) -> None:
    letters = [
        message(n, original_message_id="first", pending=pending)
        for n, pending in enumerate(("firehose", "customer-profiles"))
    ]

    assert run(DeadLetterQueue(letters), "redrive", "--follow", "0s") == 0

    assert {one["pending"] for one in result(capsys)["reasons"]} == {"firehose", "customer-profiles"}


def test_a_dry_run_sends_and_deletes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(25)

    assert run(queue, "redrive", "--dry-run") == 0

    assert (result(capsys)["chosen"], len(queue.left), queue.hidden) == (25, 25, set())
    assert not {"send_message_batch", "delete_message_batch"} & set(queue.calls)


def test_a_limit_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(40)

    assert run(queue, "redrive", "--limit", "13", "--follow", "0s") == 0

    said = result(capsys)
    assert (said["redriven"], said["left"], len(queue.left), queue.hidden) == (13, 0, 27, set())


def test_those_that_another_command_reads_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(20)
    queue.hide(["m-0", "m-1"], seconds=300)

    assert run(queue, "redrive", "--follow", "0s") == 1

    assert result(capsys)["not_seen"] == 2


def test_what_the_queue_does_not_take_stays_a_dead_letter(capsys: pytest.CaptureFixture[str]) -> None:
    queue = DeadLetterQueue([dead(0, original="a"), dead(1, original="b")])
    queue.failing = {"a"}

    assert run(queue, "redrive", "--follow", "0s") == 1

    assert (result(capsys)["not_taken"], queue.left, queue.hidden) == (1, {"m-0"}, set())


def test_what_is_sent_and_not_deleted_ends_it_with_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30)

    def keep(operation: str, _: dict[str, Any]) -> None:
        queue.failing = {"m-15"} if operation == "delete_message_batch" else set()

    queue.before = keep

    with pytest.raises(FailedError, match="SQS did not delete 1 of the dead letters that are sent again"):
        run(queue, "redrive", "--follow", "0s")

    sent = result(capsys)["redriven"]
    assert (sent, len(queue.left), queue.hidden) == (len(queue.sent), 30 - sent + 1, set())


def test_a_failed_call_ends_it_with_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    queue = filled(30)

    def fail(operation: str, _: dict[str, Any]) -> None:
        if operation == "send_message_batch" and queue.sent:
            raise CallError("aws sqs send-message-batch failed", code="ExpiredToken")

    queue.before = fail

    with pytest.raises(CallError, match="send-message-batch"):
        run(queue, "redrive", "--follow", "0s")

    assert (result(capsys)["redriven"], len(queue.left), queue.hidden) == (10, 20, set())


@pytest.mark.parametrize(
    "operation", ["receive_message", "send_message_batch", "delete_message_batch", "get_queue_attributes"]
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_ctrl_c_at_any_moment_loses_nothing_and_sends_nothing_twice(
    operation: str, moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = filled(30)
    calls = 0

    def press(called: str, _: dict[str, Any]) -> None:
        nonlocal calls
        calls += called == operation
        if calls == 2 and called == operation:
            signal.raise_signal(signal.SIGINT)

    setattr(queue, moment, press)

    with pytest.raises(KeyboardInterrupt):
        run(queue, "redrive", "--follow", "0s")

    assert len(queue.sent) + len(queue.left) == 30
    assert queue.hidden == set()
    written = capsys.readouterr().out
    assert (json.loads(written)["redriven"] if written else 0) == len(queue.sent)


def test_large_messages_go_in_requests_that_sqs_takes(capsys: pytest.CaptureFixture[str]) -> None:
    queue = DeadLetterQueue([message(n, body="x" * 400_000) for n in range(5)])

    assert run(queue, "redrive", "--follow", "0s") == 0

    assert (result(capsys)["redriven"], queue.calls.count("send_message_batch")) == (5, 3)
