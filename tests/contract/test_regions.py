"""The list of Regions against the AWS SDK's own."""

import botocore.session

from contract.regions import REGIONS


def test_the_regions_are_those_of_the_sdk() -> None:
    session = botocore.session.get_session()

    assert {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    } == REGIONS
