"""What a walk through the dead-letter queue meets, puts back and says of it."""

from contextlib import AbstractContextManager
from typing import cast

import pytest

from cli.errors import FailedError
from ops import queues
from ops.aws import Aws, CallError
from ops.queues import Walk
from tests.ops.dead_letter_queue import DeadLetterQueue, message

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-1a2b3c4"


def aws(queue: DeadLetterQueue) -> Aws:
    return cast(Aws, queue)


def filled(count: int, *, seconds_a_call: float = 0.02) -> DeadLetterQueue:
    return DeadLetterQueue([message(n) for n in range(count)], seconds_a_call=seconds_a_call)


def walk_of(
    queue: DeadLetterQueue, *, expected: int, trusts_counts: bool = False
) -> AbstractContextManager[Walk]:
    return queues.walk(aws(queue), URL, expected=expected, trusts_counts=trusts_counts)


@pytest.mark.parametrize("seconds_a_call", [0.02, 0.5])
def test_each_of_many_messages_is_met_once_and_put_back(seconds_a_call: float) -> None:
    queue = filled(6_000, seconds_a_call=seconds_a_call)
    met: list[str] = []

    with walk_of(queue, expected=6_000) as walk:
        for batch in walk.batches():
            met += [letter.message_id for letter in batch]
        assert walk.not_seen() == 0

    assert len(met) == len(set(met)) == 6_000
    assert (len(queue.left), queue.hidden) == (6_000, set())
    assert queue.calls.count("receive_message") < 620  # they stay hidden until all are met


def test_messages_that_become_visible_during_a_long_walk_do_not_end_it() -> None:
    queue = filled(200)
    met = 0

    with walk_of(queue, expected=200) as walk:
        for batch in walk.batches():
            met += len(batch)
            queue.sleep(100)  # as a low rate does

    assert met == 200
    assert queue.hidden == set()


def test_a_walk_ends_if_messages_become_visible_faster_than_they_are_received() -> None:
    queue = filled(200, seconds_a_call=60)

    with walk_of(queue, expected=10_000) as walk:
        assert sum(len(batch) for batch in walk.batches()) == 200


def test_a_walk_up_to_a_limit_meets_no_more() -> None:
    queue = filled(50)

    with walk_of(queue, expected=50) as walk:
        assert [len(batch) for batch in walk.batches(25)] == [10, 10, 5]
        assert len(queue.hidden) == 25

    assert queue.hidden == set()


def test_messages_that_another_reader_puts_back_soon_are_waited_for() -> None:
    queue = filled(30)
    queue.hide(["m-3", "m-4"], seconds=4)

    with walk_of(queue, expected=30) as walk:
        assert sum(len(batch) for batch in walk.batches()) == 30


def test_messages_that_another_reader_hides_are_counted() -> None:
    queue = filled(30)
    queue.hide([f"m-{n}" for n in range(12)], seconds=300)

    with walk_of(queue, expected=30) as walk:
        assert sum(len(batch) for batch in walk.batches()) == 18
        assert walk.not_seen() == 12

    assert len(queue.hidden) == 12


def test_messages_beyond_what_sqs_hides_at_once_are_counted() -> None:
    queue = filled(60)

    def refuse(operation: str, parameters: dict[str, object]) -> None:
        if operation == "receive_message" and len(queue.hidden) >= 40 and not parameters["WaitTimeSeconds"]:
            raise CallError("too many", code="AWS.SimpleQueueService.OverLimit")

    queue.before = refuse

    with walk_of(queue, expected=60) as walk:
        assert sum(len(batch) for batch in walk.batches()) == 40
        assert walk.not_seen() == 20

    assert queue.hidden == set()


def test_what_is_deleted_is_not_put_back_and_not_missed() -> None:
    queue = filled(20)

    with walk_of(queue, expected=20) as walk:
        for batch in walk.batches():
            assert walk.delete(batch) == []
        assert walk.not_seen() == 0

    assert (queue.left, queue.calls.count("change_message_visibility_batch")) == (set(), 0)


def test_a_message_that_sqs_keeps_is_not_said_to_be_deleted() -> None:
    queue = filled(2)
    queue.failing = {"m-1"}

    with walk_of(queue, expected=2) as walk:
        (batch,) = walk.batches()
        assert [letter.message_id for letter in walk.delete(batch)] == ["m-1"]
        assert queue.calls.count("delete_message_batch") == 2  # it may be a fault of a moment
        queue.failing = set()

    assert (queue.left, queue.hidden) == ({"m-1"}, set())


def walk_through(queue: DeadLetterQueue, *, and_then: BaseException | None = None) -> None:
    """Walk to the end, where one message stays hidden."""
    with walk_of(queue, expected=3) as walk:
        list(walk.batches())
        queue.failing = {"m-2"}
        if and_then is not None:
            raise and_then


def test_a_message_that_stays_hidden_is_told_with_the_time() -> None:
    queue = filled(3)

    with pytest.raises(FailedError, match=r"did not put 1 of 3 dead letters back: .* within 5 minutes"):
        walk_through(queue)

    assert queue.hidden == {"m-2"}


def test_what_ended_a_walk_is_told_and_not_that_messages_stay_hidden() -> None:
    queue = filled(3)

    with pytest.raises(KeyboardInterrupt):
        walk_through(queue, and_then=KeyboardInterrupt())

    assert queue.hidden == {"m-2"}


def test_a_message_that_is_visible_already_need_not_be_put_back() -> None:
    queue = filled(3)

    with walk_of(queue, expected=3) as walk:
        list(walk.batches())
        queue.sleep(3600)

    assert queue.hidden == set()


@pytest.mark.parametrize(("presses", "hidden"), [(1, 0), (2, 30)])
def test_only_a_second_ctrl_c_leaves_messages_hidden(presses: int, hidden: int) -> None:
    queue = filled(50)
    put_back = 0

    def press(operation: str, _: object) -> None:
        nonlocal put_back
        put_back += operation == "change_message_visibility_batch"
        if operation == "change_message_visibility_batch" and 2 <= put_back < 2 + presses:
            raise KeyboardInterrupt

    queue.after = press

    with pytest.raises(KeyboardInterrupt), walk_of(queue, expected=50) as walk:
        list(walk.batches())

    assert len(queue.hidden) == hidden


@pytest.mark.parametrize(("trusts_counts", "met"), [(False, 5), (True, 0)])
def test_messages_that_sqs_does_not_count_yet_are_met_unless_counts_suffice(
    trusts_counts: bool,  # noqa: FBT001 - a parameter of the test
    met: int,
) -> None:
    queue = filled(5)
    # The first receive asks servers that have none.
    queue.hide([f"m-{n}" for n in range(5)], seconds=0.5)
    queue.counts_nothing = True

    with walk_of(queue, expected=0, trusts_counts=trusts_counts) as walk:
        assert sum(len(batch) for batch in walk.batches()) == met
