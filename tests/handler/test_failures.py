"""What a status means for the event."""

import pytest

from handler.destinations import Outcome, Refused, Retry
from handler.destinations.failures import failure


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, Retry("firehose_no_answer")),
        (302, Retry("firehose_302")),
        (400, Refused("firehose_400")),
        (408, Retry("firehose_408")),
        (428, Refused("firehose_428")),
        (429, Retry("firehose_429")),
        (430, Refused("firehose_430")),
        (499, Refused("firehose_499")),
        (500, Retry("firehose_500")),
    ],
)
def test_only_what_the_sender_did_wrong_is_final(status: int | None, outcome: Outcome) -> None:
    assert failure("firehose", status) == outcome
