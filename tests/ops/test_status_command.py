"""What the screen of a status shows of its numbers, and how old the age of the queue may be."""

from collections.abc import Iterator
from typing import Any, cast

from ops.aws import Aws
from ops.commands.status import finest
from ops.status_report import oldest_seconds
from tests.ops.examples import SENT_AT, stack


def test_a_part_that_others_split_again_is_not_shown_twice() -> None:
    retried = {"firehose": 120.0, "firehose, firehose_503": 120.0, "eventbridge, out_of_time": 3.0}

    assert finest(retried) == {"firehose: firehose_503": 120.0, "eventbridge: out_of_time": 3.0}


def test_parts_of_one_kind_are_shown_as_they_are() -> None:
    assert finest({"customer-profiles": 2.0, "firehose": 1.0}) == {"customer-profiles": 2.0, "firehose": 1.0}


class Ages:
    """Has an age of the oldest message, and notes of which time it was asked for."""

    def __init__(self) -> None:
        self.since = 0.0

    def pages(self, *_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.since = parameters["StartTime"].timestamp()
        for query in parameters["MetricDataQueries"]:
            yield {"Id": query["Id"], "Values": [7.0, 900.0]}


def test_the_age_of_the_oldest_message_is_that_of_the_last_minutes() -> None:
    ages = Ages()

    assert oldest_seconds(cast(Aws, ages), stack(), now=SENT_AT) == 7.0
    assert 300 <= SENT_AT - ages.since < 360
