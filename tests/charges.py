"""What each type of resource costs while nobody uses it, from the services' price lists."""

from enum import Enum, auto
from typing import Final


class Charge(Enum):
    # Nothing, however much it is used.
    NONE = auto()
    # By requests, events, storage or data.
    BY_USE = auto()
    # By the month, with or without traffic.
    STANDING = auto()


CHARGES: Final = {
    "aws:apigateway/basePathMapping:BasePathMapping": Charge.NONE,
    "aws:apigateway/deployment:Deployment": Charge.NONE,
    "aws:apigateway/domainName:DomainName": Charge.NONE,  # Regional, and public certificates are free
    "aws:apigateway/methodSettings:MethodSettings": Charge.NONE,  # metrics by method would cost by use
    "aws:apigateway/restApi:RestApi": Charge.BY_USE,
    "aws:apigateway/stage:Stage": Charge.BY_USE,  # a cache would have a standing charge
    "aws:budgets/budget:Budget": Charge.NONE,  # budgets with actions cost more
    "aws:cloudformation/stack:Stack": Charge.BY_USE,
    "aws:cloudwatch/dashboard:Dashboard": Charge.STANDING,
    "aws:cloudwatch/eventArchive:EventArchive": Charge.BY_USE,
    "aws:cloudwatch/eventBus:EventBus": Charge.BY_USE,
    "aws:cloudwatch/logGroup:LogGroup": Charge.BY_USE,
    "aws:cloudwatch/logStream:LogStream": Charge.NONE,
    "aws:cloudwatch/metricAlarm:MetricAlarm": Charge.STANDING,
    "aws:cloudwatch/queryDefinition:QueryDefinition": Charge.BY_USE,
    "aws:iam/role:Role": Charge.NONE,
    "aws:iam/rolePolicy:RolePolicy": Charge.NONE,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Charge.BY_USE,
    "aws:lambda/alias:Alias": Charge.NONE,
    "aws:lambda/eventSourceMapping:EventSourceMapping": Charge.BY_USE,  # its requests to an empty queue, too
    "aws:lambda/function:Function": Charge.BY_USE,  # provisioned concurrency would have a standing charge
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": Charge.NONE,
    "aws:lambda/permission:Permission": Charge.NONE,
    "aws:route53/record:Record": Charge.BY_USE,  # the hosted zone has its charge already
    "aws:s3/bucket:Bucket": Charge.BY_USE,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Charge.NONE,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Charge.NONE,
    "aws:s3/bucketPolicy:BucketPolicy": Charge.NONE,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Charge.NONE,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Charge.NONE,
    "aws:sns/topic:Topic": Charge.BY_USE,
    "aws:sns/topicPolicy:TopicPolicy": Charge.NONE,
    "aws:sns/topicSubscription:TopicSubscription": Charge.NONE,
    "aws:sqs/queue:Queue": Charge.BY_USE,
    "aws:sqs/queuePolicy:QueuePolicy": Charge.NONE,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Charge.NONE,
    "aws:wafv2/ipSet:IpSet": Charge.NONE,
    "aws:wafv2/webAcl:WebAcl": Charge.STANDING,
    "aws:wafv2/webAclAssociation:WebAclAssociation": Charge.NONE,
}
