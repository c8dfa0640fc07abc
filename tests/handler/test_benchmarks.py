"""`make bench` runs by hand only, so it would not be noticed if it no longer fits the handler."""

import pytest

from benchmarks.__main__ import _environment
from handler.destinations import make_destination
from handler.environment import read_environment


@pytest.mark.usefixtures("aws_environment")
@pytest.mark.parametrize("destination", ["pinpoint", "customer-profiles", "firehose"])
def test_the_benchmark_has_the_variables_that_the_handler_reads(destination: str) -> None:
    variables = _environment([destination])

    assert read_environment(variables).destinations == (destination,)
    make_destination(destination, variables)
