"""Queues as moto has them."""

from local.deployment.cloud import Cloud
from local.deployment.resources import Resources

QUEUE = "aws:sqs/queue:Queue"


def test_the_outputs_of_a_queue_are_what_moto_has(resources: Resources, cloud: Cloud) -> None:
    id_, outputs = resources.create(
        QUEUE, "q", {"visibilityTimeoutSeconds": 360.0, "sqsManagedSseEnabled": True}
    )
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
    assert (outputs["url"], outputs["arn"]) == (id_, attributes["QueueArn"])
    assert (attributes["VisibilityTimeout"], attributes["SqsManagedSseEnabled"]) == ("360", "true")
