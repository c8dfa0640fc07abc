"""What the screen of a status shows of its numbers, and how old the age of the queue may be."""

from collections.abc import Iterator
from typing import Any, cast

from ops.aws import Aws
from ops.commands.status import finest
from ops.status_report import Lately, read_lately
from tests.ops.examples import SENT_AT, stack


def test_a_part_that_others_split_again_is_not_shown_twice() -> None:
    retried = {"firehose": 120.0, "firehose, firehose_503": 120.0, "eventbridge, out_of_time": 3.0}

    assert finest(retried) == {"firehose: firehose_503": 120.0, "eventbridge: out_of_time": 3.0}


def test_parts_of_one_kind_are_shown_as_they_are() -> None:
    assert finest({"customer-profiles": 2.0, "firehose": 1.0}) == {"customer-profiles": 2.0, "firehose": 1.0}


class Numbers:
    """Has the same numbers of every metric, and notes of which time it was asked for."""

    def __init__(self) -> None:
        self.since = 0.0

    def pages(self, *_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.since = parameters["StartTime"].timestamp()
        for query in parameters["MetricDataQueries"]:
            yield {"Id": query["Id"], "Values": [7.0, 900.0]}


def test_what_reads_the_queue_and_how_old_it_is_are_those_of_the_last_minutes() -> None:
    numbers = Numbers()
    lately = read_lately(cast(Aws, numbers), stack(), now=SENT_AT)

    assert lately == Lately(oldest_seconds=7.0, invocations=907.0)
    assert 300 <= SENT_AT - numbers.since < 360
