"""The Regions and their partitions against the AWS SDK's own."""

import botocore.session

from contract.regions import PARTITIONS, REGIONS, partition_of


def test_the_regions_are_those_of_the_sdk() -> None:
    session = botocore.session.get_session()

    assert {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    } == REGIONS


def test_the_partition_of_every_region_is_the_sdks() -> None:
    session = botocore.session.get_session()
    partitions = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }

    assert {region: partition_of(region) for region in REGIONS} == partitions
    assert set(session.get_available_partitions()) == PARTITIONS
