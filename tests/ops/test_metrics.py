"""What several periods of a metric come to, and where a window begins."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ops import metrics
from ops.aws import Aws
from ops.metrics import Metric, Window

HOUR = Window(start=0, end=3600, period_seconds=300)
NOW = 1_795_838_400.0 + 12 * 60 + 34  # 12 minutes and 34 seconds after a full hour


class Periods:
    """Responds with two periods of every metric: 3 in the newest and 700 before it."""

    def pages(self, *_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        assert parameters["ScanBy"] == "TimestampDescending"
        for query in parameters["MetricDataQueries"]:
            assert query["MetricStat"]["Period"] == HOUR.period_seconds
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


@pytest.mark.parametrize(
    ("minutes", "too_many_seconds"), [(1, 34), (5, 34), (15, 34), (60, 154), (1440, 754), (20_160, 754)]
)
def test_a_window_begins_with_a_period_that_is_short_in_a_short_window(
    minutes: int, too_many_seconds: int
) -> None:
    window = Window.of_last(minutes * 60, now=NOW)

    assert NOW - window.start - minutes * 60 == too_many_seconds < window.period_seconds
