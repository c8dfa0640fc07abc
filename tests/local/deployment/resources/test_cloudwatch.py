"""Log streams as moto has them."""

from local.deployment.cloud import Cloud
from local.deployment.resources import Resources


def test_a_log_stream_is_in_its_group(resources: Resources, cloud: Cloud) -> None:
    group, _ = resources.create("aws:cloudwatch/logGroup:LogGroup", "errors", {})

    id_, outputs = resources.create("aws:cloudwatch/logStream:LogStream", "delivery", {"logGroupName": group})

    (stream,) = cloud.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert (outputs["name"], outputs["arn"]) == (id_, stream["arn"])
