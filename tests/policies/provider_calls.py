"""The IAM actions that the AWS provider needs for each type of resource, from creation to deletion.

Seen in the log of hashicorp/aws 5.100 (pulumi-aws is built on its code) as it created, refreshed and deleted
one resource of each type on moto, except the redrive allow policy. No run that changed them all ended: the
actions of a change are from the parts that ran and from JamesWoolfenden/pike, a public table of the same
kind. What no stack of this project can need is left out. Names are IAM's: where they differ from the
operation's, they are those of the Service Authorization Reference. `# docs` marks what no such run can show.
"""

from collections.abc import Mapping
from typing import Final

_TAG: Final = ("TagResource", "UntagResource")


def _actions(service: str, *names: str) -> frozenset[str]:
    return frozenset(f"{service}:{name}" for name in names)


_QUEUE_ATTRIBUTES: Final = _actions("sqs", "GetQueueAttributes", "SetQueueAttributes")
_API_PART: Final = _actions("apigateway", "GET", "POST", "PATCH", "DELETE")

ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    "apigateway/basePathMapping:BasePathMapping": _API_PART,
    "apigateway/deployment:Deployment": _API_PART,
    "apigateway/domainName:DomainName": _API_PART
    | _actions("apigateway", "PUT")
    | _actions("iam", "CreateServiceLinkedRole"),  # docs: "Using service-linked roles for API Gateway"
    "apigateway/methodSettings:MethodSettings": _actions("apigateway", "GET", "PATCH"),
    "apigateway/restApi:RestApi": _API_PART
    | _actions("apigateway", "PUT")
    | _actions("iam", "PassRole"),  # docs: the credentials of an integration
    "apigateway/stage:Stage": _API_PART | _actions("apigateway", "PUT"),
    "budgets/budget:Budget": _actions("budgets", "ViewBudget", "ModifyBudget", "ListTagsForResource", *_TAG),
    "cloudformation/stack:Stack": _actions(
        "cloudformation",
        *("CreateStack", "DescribeStacks", "GetTemplate", "UpdateStack", "DeleteStack", *_TAG),
        "DescribeStackEvents",  # only after a failure
    ),
    "cloudwatch/dashboard:Dashboard": _actions(
        "cloudwatch", "PutDashboard", "GetDashboard", "DeleteDashboards"
    ),
    "cloudwatch/eventArchive:EventArchive": _actions(
        "events", "CreateArchive", "DescribeArchive", "UpdateArchive", "DeleteArchive"
    ),
    "cloudwatch/eventBus:EventBus": _actions(
        "events",
        *("CreateEventBus", "DescribeEventBus", "UpdateEventBus", "DeleteEventBus", "ListTagsForResource"),
        *_TAG,
    ),
    "cloudwatch/logGroup:LogGroup": _actions(
        "logs",
        # Not DeleteRetentionPolicy: every log of the stack expires.
        *("CreateLogGroup", "DescribeLogGroups", "DeleteLogGroup", "PutRetentionPolicy"),
        *("AssociateKmsKey", "DisassociateKmsKey", "ListTagsForResource", *_TAG),
    ),
    "cloudwatch/logStream:LogStream": _actions(
        "logs", "CreateLogStream", "DescribeLogStreams", "DeleteLogStream"
    ),
    "cloudwatch/metricAlarm:MetricAlarm": _actions(
        "cloudwatch", "PutMetricAlarm", "DescribeAlarms", "DeleteAlarms", "ListTagsForResource", *_TAG
    ),
    "cloudwatch/queryDefinition:QueryDefinition": _actions(
        "logs", "PutQueryDefinition", "DescribeQueryDefinitions", "DeleteQueryDefinition"
    ),
    "iam/role:Role": _actions(
        "iam",
        *("CreateRole", "GetRole", "UpdateRoleDescription", "UpdateAssumeRolePolicy", "DeleteRole"),
        *("ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole"),
        *("TagRole", "UntagRole", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    ),
    "iam/rolePolicy:RolePolicy": _actions("iam", "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"),
    "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _actions(
        "firehose",
        *("CreateDeliveryStream", "DescribeDeliveryStream", "UpdateDestination", "DeleteDeliveryStream"),
        *("ListTagsForDeliveryStream", "TagDeliveryStream", "UntagDeliveryStream"),
        "StartDeliveryStreamEncryption",  # not Stop…: the stack's streams are always encrypted
    )
    | _actions("iam", "PassRole"),  # docs
    "lambda/alias:Alias": _actions("lambda", "CreateAlias", "GetAlias", "UpdateAlias", "DeleteAlias"),
    "lambda/eventSourceMapping:EventSourceMapping": _actions(
        "lambda",
        *("CreateEventSourceMapping", "GetEventSourceMapping", "UpdateEventSourceMapping"),
        *("DeleteEventSourceMapping", "ListTags", *_TAG),
    ),
    "lambda/function:Function": _actions(
        "lambda",
        *("CreateFunction", "GetFunction", "GetFunctionConfiguration", "GetFunctionCodeSigningConfig"),
        *("ListVersionsByFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"),
        *("DeleteFunction", *_TAG),
    )
    | _actions("iam", "PassRole"),  # docs
    "lambda/functionRecursionConfig:FunctionRecursionConfig": _actions(
        "lambda", "PutFunctionRecursionConfig", "GetFunctionRecursionConfig"
    ),
    "lambda/permission:Permission": _actions("lambda", "AddPermission", "GetPolicy", "RemovePermission"),
    "route53/record:Record": _actions(
        "route53", "ChangeResourceRecordSets", "GetHostedZone", "ListResourceRecordSets", "GetChange"
    ),
    "s3/bucket:Bucket": _actions(
        "s3",
        # Not DeleteBucket: the program retains buckets.
        *("CreateBucket", "ListBucket", "PutBucketTagging", "GetBucketTagging"),
        *(
            "GetAccelerateConfiguration",
            "GetBucketAcl",
            "GetBucketCORS",
            "GetBucketLogging",
            "GetBucketPolicy",
        ),
        *("GetBucketObjectLockConfiguration", "GetBucketRequestPayment", "GetBucketVersioning"),
        *("GetBucketWebsite", "GetEncryptionConfiguration", "GetLifecycleConfiguration"),
        "GetReplicationConfiguration",
    ),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _actions(
        "s3", "PutLifecycleConfiguration", "GetLifecycleConfiguration"
    ),
    "s3/bucketOwnershipControls:BucketOwnershipControls": _actions(
        "s3", "PutBucketOwnershipControls", "GetBucketOwnershipControls"
    ),
    "s3/bucketPolicy:BucketPolicy": _actions("s3", "PutBucketPolicy", "GetBucketPolicy"),
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _actions(
        "s3", "PutBucketPublicAccessBlock", "GetBucketPublicAccessBlock"
    ),
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _actions(
        "s3", "PutEncryptionConfiguration", "GetEncryptionConfiguration"
    ),
    "sns/topic:Topic": _actions(
        "sns",
        *("CreateTopic", "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic", "ListTagsForResource"),
        *_TAG,
    ),
    "sns/topicPolicy:TopicPolicy": _actions("sns", "GetTopicAttributes", "SetTopicAttributes"),
    "sns/topicSubscription:TopicSubscription": _actions(
        "sns", "Subscribe", "GetSubscriptionAttributes", "Unsubscribe"
    ),
    "sqs/queue:Queue": _QUEUE_ATTRIBUTES
    | _actions("sqs", "CreateQueue", "DeleteQueue", "ListQueueTags", "TagQueue", "UntagQueue"),
    "sqs/queuePolicy:QueuePolicy": _QUEUE_ATTRIBUTES,
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": _QUEUE_ATTRIBUTES,
    "wafv2/ipSet:IpSet": _actions(
        "wafv2", "CreateIPSet", "GetIPSet", "UpdateIPSet", "DeleteIPSet", "ListTagsForResource", *_TAG
    ),
    "wafv2/webAcl:WebAcl": _actions(
        "wafv2", "CreateWebACL", "GetWebACL", "UpdateWebACL", "DeleteWebACL", "ListTagsForResource", *_TAG
    ),
    "wafv2/webAclAssociation:WebAclAssociation": _actions(
        "wafv2", "AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"
    )
    | _actions("apigateway", "SetWebACL"),  # docs
}

TEMPLATE_ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    "AWS::CustomerProfiles::ObjectType": _actions(
        "profile", "GetProfileObjectType", "PutProfileObjectType", "DeleteProfileObjectType", *_TAG
    ),
    "AWS::CustomerProfiles::EventTrigger": _actions(
        "profile", "CreateEventTrigger", "GetEventTrigger", "UpdateEventTrigger", "DeleteEventTrigger", *_TAG
    ),
    "AWS::CustomerProfiles::Integration": _actions(
        "profile", "GetIntegration", "PutIntegration", "DeleteIntegration", *_TAG
    ),
    "AWS::CustomerProfiles::Domain": _actions("profile", "CreateDomain", "GetDomain", "UpdateDomain", *_TAG),
}
"""What CloudFormation does as its caller, by the `handlers` of the schemas of the types."""

KEY_ACTIONS: Final = _actions("kms", "CreateGrant", "DescribeKey")
"""With kmsKeyArn: Firehose asks for a grant in its caller's name ("Data protection" of its guide)."""
