"""What several periods of a metric come to."""

from collections.abc import Iterator
from typing import Any, cast

from ops import metrics
from ops.aws import Aws
from ops.metrics import Metric, Window

HOUR = Window(start=0, end=3600)


class Periods:
    """Responds with two periods of every metric: 3 in the newest and 700 before it."""

    def pages(self, *_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        assert parameters["ScanBy"] == "TimestampDescending"
        for query in parameters["MetricDataQueries"]:
            yield {"Id": query["Id"], "Values": [3.0]}
            yield {"Id": query["Id"], "Values": [700.0]}


def test_sums_are_added_and_of_others_the_highest_or_the_newest_counts() -> None:
    wanted = {
        "sum": Metric(namespace="n", name="m"),
        "highest": Metric(namespace="n", name="m", statistic="Maximum"),
        "now": Metric(namespace="n", name="m", statistic="Maximum", is_latest=True),
    }

    found = metrics.fetch(cast(Aws, Periods()), wanted, HOUR)

    assert found == {"sum": 703.0, "highest": 700.0, "now": 3.0}
