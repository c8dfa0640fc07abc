"""The AWS provider of the local run: creates each declared resource in moto and answers truly.

One function per Pulumi resource type; what it answers are moto's own ids, ARNs and URLs under the
provider's output names. A type, function or property it does not know stops the run with its name,
because a property dropped in silence would make the run a lie.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from botocore.exceptions import ClientError

from local.apigateway.openapi_import import import_openapi
from local.deployment.cloud import Cloud

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]


class ResourceError(Exception):
    """A resource that could not be created as declared; the message is one line and names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLogging:
    """Where a function logs, and whether Lambda's own lines are `Text` or `JSON`; moto keeps neither."""

    log_group: str
    log_format: str = "Text"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSource:
    """An event source mapping as the program declared it: moto's own is always disabled."""

    uuid: str
    enabled: bool


class Resources:
    """Creates resources one after the other; `api_url` is where the deployed API will be served."""

    def __init__(self, cloud: Cloud, *, api_url: str, default_tags: Mapping[str, str]) -> None:
        self._cloud = cloud
        self._api_url = api_url
        self._default_tags = default_tags
        self.function_logging: dict[str, FunctionLogging] = {}
        self.event_sources: list[DeclaredSource] = []
        # CloudFormation templates, parsed: for the fake that is what they declare.
        self.templates: list[Mapping[str, Any]] = []
        self._types: Mapping[str, Callable[[str, Properties], Created]] = {
            "aws:sqs/queue:Queue": self._queue,
            "aws:sqs/queuePolicy:QueuePolicy": self._queue_policy,
            "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": self._redrive_allow_policy,
            "aws:iam/role:Role": self._role,
            "aws:iam/rolePolicy:RolePolicy": self._role_policy,
            "aws:cloudwatch/logGroup:LogGroup": self._log_group,
            "aws:cloudwatch/logStream:LogStream": self._log_stream,
            "aws:cloudformation/stack:Stack": self._stack,
            "aws:s3/bucket:Bucket": self._bucket,
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": self._bucket_public_access_block,
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls": self._bucket_ownership_controls,
            _BUCKET_ENCRYPTION: self._bucket_encryption,
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": self._bucket_lifecycle,
            "aws:s3/bucketPolicy:BucketPolicy": self._bucket_policy,
            "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": self._delivery_stream,
            "aws:apigateway/restApi:RestApi": self._rest_api,
            "aws:apigateway/deployment:Deployment": self._deployment,
            "aws:apigateway/stage:Stage": self._stage,
            "aws:apigateway/methodSettings:MethodSettings": self._method_settings,
            "aws:lambda/function:Function": self._function,
            "aws:lambda/permission:Permission": self._permission,
            "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": self._recursion_config,
            "aws:lambda/eventSourceMapping:EventSourceMapping": self._event_source_mapping,
        }

    def create(self, type_: str, name: str, inputs: Properties) -> Created:
        """Create a resource; raises ResourceError where it, or a property of it, is not supported."""
        if type_ not in self._types:
            raise ResourceError(f"the local run does not know the resource type {type_} ({name})")
        try:
            _refuse_unknown(inputs, _PROPERTIES[type_])
            return self._types[type_](name, inputs)
        except KeyError as error:
            raise ResourceError(
                f"{type_} {name}: the local run needs its property {error.args[0]}"
            ) from error
        except Exception as error:
            raise ResourceError(f"{type_} {name}: {_one_line(error)}") from error

    def invoke(self, token: str, arguments: Properties) -> dict[str, Any]:
        """Answer a provider function from the account that runs here; those known take no arguments."""
        _refuse_unknown(arguments, {}, f"{token} ")
        cloud = self._cloud
        match token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                caller = cloud.client("sts").get_caller_identity()
                return {
                    "id": caller["Account"],
                    "accountId": caller["Account"],
                    "arn": caller["Arn"],
                    "userId": caller["UserId"],
                }
            case "aws:index/getRegion:getRegion":
                return {
                    "id": cloud.region,
                    "region": cloud.region,
                    "name": cloud.region,
                    "description": cloud.region,
                    "endpoint": f"ec2.{cloud.region}.{cloud.dns_suffix}",
                }
            case "aws:index/getPartition:getPartition":
                return {
                    "id": cloud.partition,
                    "partition": cloud.partition,
                    "dnsSuffix": cloud.dns_suffix,
                    "reverseDnsPrefix": ".".join(reversed(cloud.dns_suffix.split("."))),
                }
            case _:
                raise ResourceError(f"the local run does not know the function {token}")

    def _queue(self, name: str, inputs: Properties) -> Created:
        sqs = self._cloud.client("sqs")
        queue_name = inputs.get("name") or _autoname(name)
        attributes = {
            attribute: _attribute(inputs[key])
            for key, attribute in _QUEUE_ATTRIBUTES.items()
            if key in inputs
        }
        tags = self._tags(inputs)
        url = sqs.create_queue(QueueName=queue_name, **_present(Attributes=attributes, tags=tags))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, {**inputs, "name": queue_name, "url": url, "arn": arn, "tagsAll": tags}

    def _queue_policy(self, _: str, inputs: Properties) -> Created:
        return self._set_queue_attribute(inputs, "Policy", inputs["policy"])

    def _redrive_allow_policy(self, _: str, inputs: Properties) -> Created:
        return self._set_queue_attribute(inputs, "RedriveAllowPolicy", inputs["redriveAllowPolicy"])

    def _set_queue_attribute(self, inputs: Properties, attribute: str, document: str) -> Created:
        self._cloud.client("sqs").set_queue_attributes(
            QueueUrl=inputs["queueUrl"], Attributes={attribute: document}
        )
        return inputs["queueUrl"], dict(inputs)

    def _role(self, name: str, inputs: Properties) -> Created:
        role_name = inputs.get("name") or _autoname(name)
        tags = self._tags(inputs)
        role = self._cloud.client("iam").create_role(
            RoleName=role_name,
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            **_present(Path=inputs.get("path"), Description=inputs.get("description"), Tags=_as_pairs(tags)),
        )["Role"]
        outputs = {"name": role_name, "arn": role["Arn"], "uniqueId": role["RoleId"], "tagsAll": tags}
        return role_name, {**inputs, **outputs}

    def _role_policy(self, name: str, inputs: Properties) -> Created:
        policy_name = inputs.get("name") or _autoname(name)
        self._cloud.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=policy_name, PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}:{policy_name}", {**inputs, "name": policy_name}

    def _log_group(self, name: str, inputs: Properties) -> Created:
        logs = self._cloud.client("logs")
        group = inputs.get("name") or _autoname(name)
        tags = self._tags(inputs)
        logs.create_log_group(logGroupName=group, **_present(tags=tags))
        if inputs.get("retentionInDays"):
            logs.put_retention_policy(logGroupName=group, retentionInDays=int(inputs["retentionInDays"]))
        return group, {
            **inputs,
            "name": group,
            "arn": self._arn("logs", f"log-group:{group}"),
            "tagsAll": tags,
        }

    def _log_stream(self, name: str, inputs: Properties) -> Created:
        group, stream = inputs["logGroupName"], inputs.get("name") or _autoname(name)
        self._cloud.client("logs").create_log_stream(logGroupName=group, logStreamName=stream)
        arn = self._arn("logs", f"log-group:{group}:log-stream:{stream}")
        return stream, {**inputs, "name": stream, "arn": arn}

    def _stack(self, name: str, inputs: Properties) -> Created:
        cloudformation = self._cloud.client("cloudformation")
        stack_name = inputs.get("name") or _autoname(name)
        template = json.loads(inputs["templateBody"])
        _refuse_unknown_template(template)
        tags = self._tags(inputs)
        id_ = cloudformation.create_stack(
            StackName=stack_name,
            # moto would warn about each resource and create none of them.
            TemplateBody=json.dumps({**template, "Resources": {}}),
            **_present(Tags=_as_pairs(tags), OnFailure=inputs.get("onFailure")),
        )["StackId"]
        self.templates.append(template)
        return id_, {**inputs, "name": stack_name, "outputs": {}, "tagsAll": tags}

    def _bucket(self, name: str, inputs: Properties) -> Created:
        bucket = inputs.get("bucket") or _autoname(name)
        arn = self._cloud.create_bucket(bucket)
        tags = self._tags(inputs)
        if tags:
            tagging = {"TagSet": _as_pairs(tags)}
            self._cloud.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tagging)
        outputs = {"bucket": bucket, "arn": arn, "tagsAll": tags, "region": self._cloud.region}
        return bucket, {**inputs, **outputs}

    def _bucket_public_access_block(self, _: str, inputs: Properties) -> Created:
        self._cloud.client("s3").put_public_access_block(
            Bucket=inputs["bucket"],
            PublicAccessBlockConfiguration={
                target: inputs.get(key, False) for key, target in _PUBLIC_ACCESS_BLOCK.items()
            },
        )
        return inputs["bucket"], dict(inputs)

    def _bucket_ownership_controls(self, _: str, inputs: Properties) -> Created:
        rule = {"ObjectOwnership": inputs["rule"]["objectOwnership"]}
        self._cloud.client("s3").put_bucket_ownership_controls(
            Bucket=inputs["bucket"], OwnershipControls={"Rules": [rule]}
        )
        return inputs["bucket"], dict(inputs)

    def _bucket_encryption(self, _: str, inputs: Properties) -> Created:
        (rule,) = inputs["rules"]
        _refuse_unknown(rule, {"applyServerSideEncryptionByDefault": _names("sseAlgorithm")}, "rules.")
        default = {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
            }
        }
        self._cloud.client("s3").put_bucket_encryption(
            Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": [default]}
        )
        return inputs["bucket"], dict(inputs)

    def _bucket_lifecycle(self, _: str, inputs: Properties) -> Created:
        self._cloud.client("s3").put_bucket_lifecycle_configuration(
            Bucket=inputs["bucket"],
            LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in inputs["rules"]]},
        )
        return inputs["bucket"], dict(inputs)

    def _bucket_policy(self, _: str, inputs: Properties) -> Created:
        self._cloud.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
        return inputs["bucket"], dict(inputs)

    def _delivery_stream(self, name: str, inputs: Properties) -> Created:
        if inputs["destination"] != "extended_s3":
            raise ResourceError("the local run delivers to extended_s3 only")
        stream_name = inputs.get("name") or _autoname(name)
        encryption = inputs.get("serverSideEncryption", {})
        tags = self._tags(inputs)
        arn = self._cloud.client("firehose").create_delivery_stream(
            DeliveryStreamName=stream_name,
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration=_s3_destination(inputs["extendedS3Configuration"]),
            **_present(
                Tags=_as_pairs(tags),
                DeliveryStreamEncryptionConfigurationInput=(
                    {"KeyType": encryption.get("keyType", "AWS_OWNED_CMK")}
                    if encryption.get("enabled")
                    else None
                ),
            ),
        )["DeliveryStreamARN"]
        return arn, {**inputs, "name": stream_name, "arn": arn, "tagsAll": tags}

    def _rest_api(self, name: str, inputs: Properties) -> Created:
        apigateway = self._cloud.client("apigateway")
        api_name = inputs.get("name") or _autoname(name)
        endpoint = inputs.get("endpointConfiguration", {"types": "EDGE"})
        tags = self._tags(inputs)
        api = apigateway.create_rest_api(
            name=api_name,
            endpointConfiguration={"types": [endpoint["types"]]},
            **_present(description=inputs.get("description"), tags=tags),
        )
        import_openapi(apigateway, api["id"], json.loads(inputs["body"]))
        outputs = {
            "name": api_name,
            "arn": f"arn:{self._cloud.partition}:apigateway:{self._cloud.region}::/restapis/{api['id']}",
            "executionArn": self._arn("execute-api", api["id"]),
            "rootResourceId": api.get("rootResourceId"),
            "tagsAll": tags,
        }
        return api["id"], {**inputs, **outputs}

    def _deployment(self, _: str, inputs: Properties) -> Created:
        deployment = self._cloud.client("apigateway").create_deployment(
            restApiId=inputs["restApi"], **_present(description=inputs.get("description"))
        )
        return deployment["id"], {**inputs, "createdDate": deployment["createdDate"].isoformat()}

    def _stage(self, _: str, inputs: Properties) -> Created:
        apigateway = self._cloud.client("apigateway")
        api_id, stage_name = inputs["restApi"], inputs["stageName"]
        tags = self._tags(inputs)
        apigateway.create_stage(
            restApiId=api_id,
            stageName=stage_name,
            deploymentId=inputs["deployment"],
            **_present(description=inputs.get("description"), tags=tags),
        )
        access_logs = inputs.get("accessLogSettings")
        if access_logs:
            self._patch_stage(
                inputs,
                {
                    "/accessLogSettings/destinationArn": access_logs["destinationArn"],
                    "/accessLogSettings/format": access_logs["format"],
                },
            )
        outputs = {
            "arn": (
                f"arn:{self._cloud.partition}:apigateway:{self._cloud.region}"
                f"::/restapis/{api_id}/stages/{stage_name}"
            ),
            "executionArn": self._arn("execute-api", f"{api_id}/{stage_name}"),
            "invokeUrl": f"{self._api_url}/{stage_name}",
            "tagsAll": tags,
        }
        return f"ags-{api_id}-{stage_name}", {**inputs, **outputs}

    def _method_settings(self, _: str, inputs: Properties) -> Created:
        path = inputs["methodPath"]
        settings = inputs["settings"]
        self._patch_stage(
            inputs,
            {
                f"/{path}/{place}": _attribute(settings[key])
                for key, place in _METHOD_SETTINGS.items()
                if key in settings
            },
        )
        return f"{inputs['restApi']}-{inputs['stageName']}-{path}", dict(inputs)

    def _patch_stage(self, inputs: Properties, values: Mapping[str, str]) -> None:
        self._cloud.client("apigateway").update_stage(
            restApiId=inputs["restApi"],
            stageName=inputs["stageName"],
            patchOperations=[
                {"op": "replace", "path": path, "value": value} for path, value in values.items()
            ],
        )

    def _function(self, name: str, inputs: Properties) -> Created:
        function_name = inputs.get("name") or _autoname(name)
        code = inputs["code"]
        if not isinstance(code, pulumi.FileArchive) or not Path(code.path).is_file():
            raise ResourceError("its code has to be a FileArchive of a zip file that exists")
        variables = inputs.get("environment", {}).get("variables", {})
        if len(json.dumps(variables, separators=(",", ":")).encode()) > _ENVIRONMENT_BYTES:
            raise ResourceError("its environment variables are over Lambda's limit of 4 KB")
        logging = inputs.get("loggingConfig", {})
        self.function_logging[function_name] = FunctionLogging(
            log_group=logging.get("logGroup", f"/aws/lambda/{function_name}"),
            log_format=logging.get("logFormat", "Text"),
        )
        tags = self._tags(inputs)
        function = self._cloud.client("lambda").create_function(
            FunctionName=function_name,
            Role=inputs["role"],
            Runtime=inputs["runtime"],
            Handler=inputs["handler"],
            Code={"ZipFile": Path(code.path).read_bytes()},
            Timeout=int(inputs.get("timeout", 3)),
            MemorySize=int(inputs.get("memorySize", 128)),
            Architectures=inputs.get("architectures", ["x86_64"]),
            Environment={"Variables": variables},
            TracingConfig={"Mode": inputs.get("tracingConfig", {}).get("mode", "PassThrough")},
            **_present(Description=inputs.get("description"), Tags=tags),
        )
        outputs = {
            "name": function_name,
            "arn": function["FunctionArn"],
            "invokeArn": (
                f"arn:{self._cloud.partition}:apigateway:{self._cloud.region}:lambda:path/2015-03-31"
                f"/functions/{function['FunctionArn']}/invocations"
            ),
            "version": function["Version"],
            "lastModified": function["LastModified"],
            "tagsAll": tags,
        }
        return function_name, {**inputs, **outputs}

    def _permission(self, name: str, inputs: Properties) -> Created:
        statement_id = inputs.get("statementId") or _autoname(name)
        self._cloud.client("lambda").add_permission(
            FunctionName=inputs["function"],
            StatementId=statement_id,
            Action=inputs["action"],
            Principal=inputs["principal"],
            **_present(**{target: inputs.get(key) for key, target in _PERMISSION_SOURCES.items()}),
        )
        return statement_id, {**inputs, "statementId": statement_id}

    def _recursion_config(self, _: str, inputs: Properties) -> Created:
        """Kept here only: moto has no such operation, and the poller here ends no loop."""
        if inputs["recursiveLoop"] not in ("Allow", "Terminate"):
            raise ResourceError(f"recursiveLoop is {inputs['recursiveLoop']!r}; it is Allow or Terminate")
        self._cloud.client("lambda").get_function_configuration(FunctionName=inputs["functionName"])
        return inputs["functionName"], dict(inputs)

    def _event_source_mapping(self, _: str, inputs: Properties) -> Created:
        self._check_visibility_timeout(inputs["eventSourceArn"], inputs["functionName"])
        scaling = inputs.get("scalingConfig", {}).get("maximumConcurrency")
        mapping = self._cloud.client("lambda").create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"],
            FunctionName=inputs["functionName"],
            BatchSize=int(inputs.get("batchSize", 10)),
            MaximumBatchingWindowInSeconds=int(inputs.get("maximumBatchingWindowInSeconds", 0)),
            # moto's own mapping runs inside SendMessage and may delete messages unprocessed.
            Enabled=False,
            **_present(
                FunctionResponseTypes=inputs.get("functionResponseTypes"),
                ScalingConfig=scaling and {"MaximumConcurrency": int(scaling)},
            ),
        )
        enabled = inputs.get("enabled", True)
        self.event_sources.append(DeclaredSource(uuid=mapping["UUID"], enabled=enabled))
        outputs = {
            "uuid": mapping["UUID"],
            "arn": mapping.get("EventSourceMappingArn"),
            "functionArn": mapping["FunctionArn"],
            "state": "Enabled" if enabled else "Disabled",
        }
        return mapping["UUID"], {**inputs, **outputs}

    def _check_visibility_timeout(self, queue_arn: str, function_name: str) -> None:
        """Lambda refuses a queue that would show a message again while the function may still run."""
        sqs = self._cloud.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])[
            "Attributes"
        ]
        function = self._cloud.client("lambda").get_function_configuration(FunctionName=function_name)
        if int(attributes["VisibilityTimeout"]) < function["Timeout"]:
            raise ResourceError(
                f"Queue visibility timeout: {attributes['VisibilityTimeout']} seconds is less than "
                f"Function timeout: {function['Timeout']} seconds"
            )

    def _tags(self, inputs: Properties) -> dict[str, str]:
        return {**self._default_tags, **inputs.get("tags", {})}

    def _arn(self, service: str, resource: str) -> str:
        cloud = self._cloud
        return f"arn:{cloud.partition}:{service}:{cloud.region}:{cloud.account_id}:{resource}"


_ENVIRONMENT_BYTES = 4 * 1024

_QUEUE_ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "redrivePolicy": "RedrivePolicy",
}

_BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

# What a CloudFormation template may declare here; a fake has it, not moto.
_TEMPLATE_TYPES = frozenset(
    f"AWS::CustomerProfiles::{name}" for name in ("Domain", "ObjectType", "EventTrigger", "Integration")
)

_PUBLIC_ACCESS_BLOCK = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}

_PERMISSION_SOURCES = {"sourceArn": "SourceArn", "sourceAccount": "SourceAccount"}

_METHOD_SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "metricsEnabled": "metrics/enabled",
}

_Allowed = Mapping[str, "_Allowed | None"]


def _names(*names: str) -> dict[str, _Allowed | None]:
    return dict.fromkeys(names)


_PROPERTIES: Mapping[str, _Allowed] = {
    "aws:sqs/queue:Queue": _names("name", "tags", *_QUEUE_ATTRIBUTES),
    "aws:sqs/queuePolicy:QueuePolicy": _names("queueUrl", "policy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _names("queueUrl", "redriveAllowPolicy"),
    "aws:iam/role:Role": _names("name", "path", "description", "assumeRolePolicy", "tags"),
    "aws:iam/rolePolicy:RolePolicy": _names("name", "role", "policy"),
    "aws:cloudwatch/logGroup:LogGroup": _names("name", "retentionInDays", "tags"),
    "aws:cloudwatch/logStream:LogStream": _names("name", "logGroupName"),
    "aws:cloudformation/stack:Stack": _names("name", "templateBody", "onFailure", "tags"),
    "aws:s3/bucket:Bucket": _names("bucket", "tags"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _names("bucket", *_PUBLIC_ACCESS_BLOCK),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        **_names("bucket"),
        "rule": _names("objectOwnership"),
    },
    _BUCKET_ENCRYPTION: _names("bucket", "rules"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _names("bucket", "rules"),
    "aws:s3/bucketPolicy:BucketPolicy": _names("bucket", "policy"),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": {
        **_names("name", "destination", "tags"),
        "extendedS3Configuration": {
            **_names("roleArn", "bucketArn", "prefix", "errorOutputPrefix", "bufferingInterval"),
            **_names("bufferingSize", "compressionFormat"),
            "cloudwatchLoggingOptions": _names("enabled", "logGroupName", "logStreamName"),
        },
        "serverSideEncryption": _names("enabled", "keyType"),
    },
    "aws:apigateway/restApi:RestApi": {
        **_names("name", "description", "body", "tags"),
        "endpointConfiguration": _names("types"),
    },
    # The triggers decide when the engine makes a new deployment; here every run makes one.
    "aws:apigateway/deployment:Deployment": _names("restApi", "description", "triggers"),
    "aws:apigateway/stage:Stage": {
        **_names("restApi", "deployment", "stageName", "description", "tags"),
        "accessLogSettings": _names("destinationArn", "format"),
    },
    "aws:apigateway/methodSettings:MethodSettings": {
        **_names("restApi", "stageName", "methodPath"),
        "settings": _names(*_METHOD_SETTINGS),
    },
    "aws:lambda/function:Function": {
        **_names("name", "description", "role", "runtime", "architectures", "handler", "code"),
        **_names("timeout", "memorySize", "tags"),
        "environment": {"variables": None},
        "loggingConfig": _names("logFormat", "logGroup"),
        "tracingConfig": _names("mode"),
    },
    "aws:lambda/permission:Permission": _names(
        "statementId", "action", "function", "principal", *_PERMISSION_SOURCES
    ),
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": _names("functionName", "recursiveLoop"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": {
        **_names("eventSourceArn", "functionName", "batchSize", "maximumBatchingWindowInSeconds"),
        **_names("functionResponseTypes", "enabled"),
        "scalingConfig": _names("maximumConcurrency"),
    },
}


def _refuse_unknown(inputs: Properties, allowed: _Allowed, path: str = "") -> None:
    for key, value in inputs.items():
        if key not in allowed:
            raise ResourceError(f"the local run does not support its property {path}{key}")
        nested = allowed[key]
        if nested is not None:
            _refuse_unknown(value, nested, f"{path}{key}.")


def _refuse_unknown_template(template: Properties) -> None:
    """Refuse what would not be here as it would on AWS."""
    for name, resource in template["Resources"].items():
        if resource["Type"] not in _TEMPLATE_TYPES:
            raise ResourceError(f"the local run does not know the resource type {resource['Type']} ({name})")
    if "Outputs" in template:
        raise ResourceError("the local run does not work out the outputs of a template")


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    allowed: _Allowed = {
        **_names("id", "status"),
        "filter": {},  # every object
        "expiration": _names("days"),
        "abortIncompleteMultipartUpload": _names("daysAfterInitiation"),
    }
    _refuse_unknown(rule, allowed, "rules.")
    uploads = rule.get("abortIncompleteMultipartUpload", {}).get("daysAfterInitiation")
    days = rule.get("expiration", {}).get("days")
    return {
        "Status": rule["status"],
        "Filter": {"Prefix": ""},
        **_present(
            ID=rule.get("id"),
            Expiration=days and {"Days": int(days)},
            AbortIncompleteMultipartUpload=uploads and {"DaysAfterInitiation": int(uploads)},
        ),
    }


def _s3_destination(configuration: Properties) -> dict[str, Any]:
    """The destination of a delivery stream as the API takes it, with its defaults."""
    logging = configuration.get("cloudwatchLoggingOptions", {})
    return {
        "RoleARN": configuration["roleArn"],
        "BucketARN": configuration["bucketArn"],
        "BufferingHints": {
            "IntervalInSeconds": int(configuration.get("bufferingInterval", 300)),
            "SizeInMBs": int(configuration.get("bufferingSize", 5)),
        },
        "CompressionFormat": configuration.get("compressionFormat", "UNCOMPRESSED"),
        "CloudWatchLoggingOptions": {
            "Enabled": logging.get("enabled", False),
            **_present(LogGroupName=logging.get("logGroupName"), LogStreamName=logging.get("logStreamName")),
        },
        **_present(
            Prefix=configuration.get("prefix"), ErrorOutputPrefix=configuration.get("errorOutputPrefix")
        ),
    }


def _present(**parameters: Any) -> dict[str, Any]:
    """The parameters of a request that say something: services refuse many an empty list, map or text.

    What a program leaves out is to be left out of the request, too.
    """
    return {name: value for name, value in parameters.items() if value not in (None, "", [], {})}


def _as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _one_line(error: Exception) -> str:
    message = error.response["Error"].get("Message", error) if isinstance(error, ClientError) else error
    return " ".join(str(message).split())


def _autoname(name: str) -> str:
    """A physical name as Pulumi makes them: the logical name and seven random hexadecimal digits."""
    return f"{name}-{secrets.token_hex(4)[:7]}"


def _attribute(value: Any) -> str:
    """A value as the text that API calls with string maps take."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
