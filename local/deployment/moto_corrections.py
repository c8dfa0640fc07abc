"""Changes to moto while a Cloud runs, where moto differs from AWS or is slow.

Each correction replaces one attribute of moto, and the end of `corrected_moto` puts the original back.
"""

import io
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from botocore.awsrequest import AWSRequest
from flask import request as current_request
from moto.apigateway.models import Stage
from moto.apigateway.responses import APIGatewayResponse
from moto.awslambda.responses import LambdaResponse
from moto.cloudwatch.models import CloudWatchBackend, Statistics
from moto.cloudwatch.responses import CloudWatchResponse
from moto.cognitoidp import models as cognitoidp_models
from moto.core import loaders, responses, utils
from moto.core.utils import method_names_from_class
from moto.firehose.responses import FirehoseResponse
from moto.iam import access_control
from moto.iam.access_control import IAMRequest, PermissionResult
from moto.logs.responses import LogsResponse
from moto.s3.models import FakeBucket
from moto.sns.responses import SNSResponse
from moto.sqs import models as sqs_models
from moto.sqs.models import Message, SQSBackend, sqs_backends
from moto.sqs.responses import SQSResponse
from moto.utilities.utils import get_partition
from moto.wafv2.responses import WAFV2Response

from local.deployment import blocked_addresses, moto_metrics
from local.deployment.alarm_states import evaluate_alarms
from local.deployment.key_use import denied_use
from local.deployment.message_moves import MessageMoves

_BODY = "gtm_pixel.body"  # the key of a request's body in its WSGI environment

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Any]


@contextmanager
def corrected_moto() -> Iterator[None]:
    with ExitStack() as stack:
        moves = MessageMoves()
        stack.callback(moves.stop)
        for owner, name, value in (
            # moto looks these up for each request. `_determine_resource` is its hook for services that say
            # which resource a request concerns.
            (access_control, "IAMRequest", _IamRequest),
            (LogsResponse, "_determine_resource", _log_stream_arn),
            (FirehoseResponse, "_determine_resource", _delivery_stream_arn),
            (LambdaResponse, "_determine_resource", _function_or_mapping_arn),
            (APIGatewayResponse, "_determine_resource", _path_arn),
            (SNSResponse, "_determine_resource", _topic_arn),
            (SQSResponse, "_determine_resource", _queue_arn),
            (WAFV2Response, "_determine_resource", blocked_addresses.web_acl_arn),
            (WAFV2Response, "get_rate_based_statement_managed_keys", blocked_addresses.managed_keys),
            *((SQSResponse, name, _method(operation)) for name, operation in moves.operations.items()),
            # moto ignores the condition of a policy that denies requests without TLS. It would deny them all.
            (FakeBucket, "get_permission", _no_bucket_policy),
            (CloudWatchResponse, "describe_alarms", _describe_alarms),
            (Stage, "apply_operations", _apply_operations),
            (CloudWatchBackend, "aws_metric_data", property(moto_metrics.service_metrics)),
            (CloudWatchBackend, "get_filtered_metrics", moto_metrics.filtered_metrics),
            (Statistics, "get_statistics_for_type", moto_metrics.statistic),
            # moto does these again for each request, or for each message of a queue on each request.
            (SQSBackend, "is_message_valid_based_on_retention_period", _is_within_retention),
            (sqs_models, "unix_time_millis", lambda: time.time() * 1000),
            (responses, "method_names_from_class", _method_names),
            # This for each user pool, whose keys are all the same: a tenth of a second.
            (cognitoidp_models, "jwk", SimpleNamespace(RSAKey=SimpleNamespace(import_key=_key))),
            # And this for each service: a new loader looks through the models of all services.
            (utils, "create_loader", _loader),
        ):
            stack.enter_context(_replaced(owner, name, value))
        yield


def keeping_bodies(application: WsgiApplication) -> WsgiApplication:
    """The application, with the body of each request kept as it was sent: moto's parsing consumes it."""

    def keep(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ.update({_BODY: body, "wsgi.input": io.BytesIO(body)})
        return application(environ, start_response)

    return keep


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute of a module or class; one that was inherited or absent is deleted at the end."""
    was_there = name in vars(owner)
    original = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if was_there:
            setattr(owner, name, original)
        else:
            delattr(owner, name)


# Operations whose permission has another name (Service Authorization Reference).
_OTHER_ACTIONS = {f"budgets:{name}Budget": "budgets:ModifyBudget" for name in ("Create", "Delete")}


class _IamRequest(IAMRequest):
    """A signed request, read as AWS reads it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Actions of CloudWatch begin with its name, not with the one that its requests are signed for.
        if self._service == "monitoring":
            self._action = self._action.replace("monitoring:", "cloudwatch:")
        if self._service == "apigateway":
            self._action = f"apigateway:{self._method}"  # one action a method of HTTP
        self._action = _OTHER_ACTIONS.get(self._action, self._action)
        # SQS has no actions for its batch calls: permission for the single call covers them.
        if self._action.startswith("sqs:"):
            self._action = self._action.removesuffix("Batch")

    def check_action_permitted(self, resource: str) -> None:
        super().check_action_permitted(resource)
        if (key_arn := _key_of_queue(resource)) is None:
            return
        policies = self._access_key.collect_policies()
        if denied := denied_use(self._action, key_arn, policies, region=self._region):
            self._action = denied
            self._raise_access_denied()

    def _create_aws_request(self) -> AWSRequest:
        # AWS verifies the bytes as sent. moto encodes a form again, with another encoding of `*` and `~`, and
        # takes path parameters for the body of a request without one.
        request = super()._create_aws_request()
        request.data = current_request.environ[_BODY]
        return request


def _key_of_queue(arn: str) -> str | None:
    """The ARN of the key that encrypts a queue, if the ARN is that of a queue with a key."""
    if not arn.startswith("arn:") or arn.split(":")[2] != "sqs":
        return None
    _, _, _, region, account, name = arn.split(":")
    return sqs_backends[account][region].get_queue(name).kms_master_key_id or None  # pyright: ignore[reportAttributeAccessIssue] - set by name


def _log_stream_arn(response: LogsResponse) -> str:
    """The log stream of a request, with an empty name where it concerns the group; moto checks against `*`.

    This is the resource that AWS names when it refuses logs:CreateLogStream.
    """
    group = response._get_param("logGroupName")  # noqa: SLF001
    if group is None:
        return response._get_param("resourceArn", "*")  # noqa: SLF001
    stream = response._get_param("logStreamName", "")  # noqa: SLF001
    account = f"{response.region}:{response.current_account}"
    return f"arn:{get_partition(response.region)}:logs:{account}:log-group:{group}:log-stream:{stream}"


def _delivery_stream_arn(response: FirehoseResponse) -> str:
    """The delivery stream that a request names; moto checks against `*`."""
    name = response._get_param("DeliveryStreamName")  # noqa: SLF001
    if name is None:
        return "*"
    account = f"{response.region}:{response.current_account}"
    return f"arn:{get_partition(response.region)}:firehose:{account}:deliverystream/{name}"


def _function_or_mapping_arn(response: LambdaResponse) -> str:
    """The function or event source mapping that a request names; moto checks against `*`."""
    found = re.search(r"/(functions|event-source-mappings)/([^/]+)", unquote(response.path))
    if found is None:
        return "*"
    kind = "function" if found[1] == "functions" else "event-source-mapping"
    name = found[2].rpartition(":function:")[2]
    if qualifier := response._get_param("Qualifier"):  # noqa: SLF001
        name = f"{name}:{qualifier}"
    account = f"{response.region}:{response.current_account}"
    return f"arn:{get_partition(response.region)}:lambda:{account}:{kind}:{name}"


def _path_arn(response: APIGatewayResponse) -> str:
    """The part of API Gateway that a request's path names; moto checks against `*`."""
    return f"arn:{get_partition(response.region)}:apigateway:{response.region}::{unquote(response.path)}"


def _topic_arn(response: SNSResponse) -> str:
    """The topic that a request names, if only by a subscription (AWS's own messages); moto checks `*`."""
    subscription: str = response._get_param("SubscriptionArn") or ""  # noqa: SLF001
    return (
        response._get_param("TopicArn")  # noqa: SLF001
        or response._get_param("ResourceArn")  # noqa: SLF001
        or subscription.rpartition(":")[0]
        or "*"
    )


_moto_queue_arn = SQSResponse._determine_resource  # noqa: SLF001


def _queue_arn(response: SQSResponse) -> str:
    """The queue of a request; moto finds none where the request names it by its ARN."""
    return response._get_param("SourceArn") or _moto_queue_arn(response)  # noqa: SLF001


def _method(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function as a method of a class: a bound method would not get the instance."""
    return lambda response: function(response)


_moto_describe_alarms = CloudWatchResponse.describe_alarms


def _describe_alarms(response: CloudWatchResponse) -> Any:
    """moto's own, with the states of now: moto never evaluates an alarm."""
    evaluate_alarms(response.cloudwatch_backend)
    return _moto_describe_alarms(response)


_moto_apply_operations = Stage.apply_operations


def _apply_operations(stage: Stage, patch_operations: list[dict[str, Any]]) -> Stage:
    """moto's own, with the removal of a method's settings (`/events/GET`), which it passes over."""
    for operation in patch_operations:
        if operation["op"] == "remove":
            stage.method_settings.pop(operation["path"].removeprefix("/"), None)
    return _moto_apply_operations(stage, patch_operations)


def _no_bucket_policy(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:  # noqa: ARG001
    return PermissionResult.NEUTRAL


def _is_within_retention(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    """moto's own check, without counting the whole queue three times for each message received."""
    seconds: int = backend.get_queue(queue_name).message_retention_period  # pyright: ignore[reportAttributeAccessIssue] - set by name
    return (message.sent_timestamp or 0) / 1000 + seconds > time.time()


@cache
def _method_names(service: type) -> list[str]:
    return method_names_from_class(service)


_import_key = vars(cognitoidp_models)["jwk"].RSAKey.import_key


def _key(jwk: Mapping[str, Any]) -> Any:
    return _imported_key(json.dumps(jwk))


@cache
def _imported_key(jwk: str) -> Any:
    return _import_key(json.loads(jwk))


@cache
def _loader() -> loaders.Loader:
    return loaders.create_loader()
