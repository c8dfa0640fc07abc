"""Where a test event is looked for in the destinations."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

from ops.aws import Aws
from ops.destinations import Reader, reader_of
from tests.ops.examples import stack

MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC).timestamp()
DEPLOYED = stack(
    customer_profiles_domain="shop", customer_profiles_object_type="event", event_bucket="events-1a2b3c4"
)


class Account:
    """A file of the event bucket, and a profile with two pages of objects; each has the event."""

    def __init__(self, *, key: str = "") -> None:
        self.key = key

    def pages(self, *_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        if self.key.startswith(parameters["Prefix"]):
            yield {"Key": self.key, "LastModified": datetime.fromtimestamp(MIDNIGHT + 300, UTC)}

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        match operation:
            case "get_object":
                return {"Body": io.BytesIO(b'{"event_id": "t1"}\n')}
            case "search_profiles":
                return {"Items": [{"ProfileId": "p1"}]}
            case "list_profile_objects" if "NextToken" in parameters:
                return {"Items": [{"Object": json.dumps({"event_id": "t1"})}]}
            case _:
                return {"Items": [{"Object": "{}"}], "NextToken": "more"}


def reader(account: Account, destination: str, *, sent_at: float = MIDNIGHT) -> Reader:
    aws = cast(Aws, account)
    found = reader_of(destination, aws, DEPLOYED, endpoint_id="e1", event_id="t1", sent_at=sent_at)
    assert found is not None
    return found


def test_a_file_has_the_day_of_its_first_event_and_not_of_the_one_that_is_sought() -> None:
    for seconds, day in ((-1, 27), (-1, 28), (60, 27), (60, 28)):
        key = f"events/year=2026/month=11/day={day}/a"

        place = reader(Account(key=key), "firehose", sent_at=MIDNIGHT + seconds)()

        assert place == f"s3://events-1a2b3c4/{key}"


def test_an_event_is_found_behind_the_first_page_of_a_profile_s_objects() -> None:
    assert reader(Account(), "customer-profiles")() == "object of profile p1"
