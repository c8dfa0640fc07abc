"""The AWS account of the local run: moto on loopback, with IAM enforcement switched on.

moto keeps its state in the process, so one Cloud runs at a time; it starts empty. Every request to it
needs a signature and a permission, from the administrator's too, so that a policy that lacks an action
fails here and not on AWS.
"""

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import Any, Self

from boto3.session import Session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from flask import request as current_request
from moto.core import responses
from moto.core.authorization import disable_iam_authentication, enable_iam_authentication
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import method_names_from_class
from moto.firehose.responses import FirehoseResponse
from moto.iam import access_control
from moto.iam.access_control import IAMRequest, PermissionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.logs.responses import LogsResponse
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket
from moto.sqs import models as sqs_models
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from local.web.http_server import HttpServer

# What botocore and moto may look at instead of the developer's own account. Nothing signed with this
# key pair is ever allowed: it only keeps them from searching for credentials.
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}

_BODY = "gtm_pixel.body"  # where a request's WSGI environment has the bytes of its body

_HIDDEN_SECONDS = 0.1  # how late a hidden message is noticed

_running = threading.Lock()


class AssumeRoleDenied(Exception):  # noqa: N818 - AWS says access denied
    """The role does not exist, or does not trust the service that wants to assume it."""


class Cloud:
    """One AWS account in one region, empty at the start; use as a context manager or start/stop."""

    def __init__(self, *, region: str = "us-east-1") -> None:
        self.region = region
        self.account_id: str = DEFAULT_ACCOUNT_ID
        self.partition: str = get_partition(region)
        self.dns_suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        self.endpoint_url = ""
        self._lock = threading.Lock()
        self._administrator: dict[str, Any] = {}
        self._clients: dict[str, Any] = {}
        self._opened: list[Any] = []
        self._stack = ExitStack()

    def start(self) -> Self:
        if not _running.acquire(blocking=False):
            raise RuntimeError("another Cloud runs in this process: stop it first")
        with ExitStack() as stack:
            stack.callback(_running.release)
            stack.enter_context(_environment(self.region))
            moto_api_backend.reset()
            server = HttpServer(_keeping_bodies(_application()))
            stack.callback(server.stop)
            self.endpoint_url = server.start().url
            stack.callback(self._close_clients)
            with disable_iam_authentication():
                self._administrator = self._create_administrator()
            _make_moto_quick()
            # moto looks the class up here for each request.
            access_control.IAMRequest = _IamRequest
            # The hook moto calls, where a service has it, to learn which resource a request concerns.
            setattr(LogsResponse, "_determine_resource", _log_stream_arn)  # noqa: B010 - no such attribute yet
            setattr(FirehoseResponse, "_determine_resource", _delivery_stream_arn)  # noqa: B010
            # A policy that denies requests without TLS would deny all that are made here, over plain HTTP.
            setattr(FakeBucket, "get_permission", _no_bucket_policy)  # noqa: B010
            stack.enter_context(enable_iam_authentication())
            self._stack = stack.pop_all()
        return self

    def stop(self) -> None:
        """Close every connection and end the server. Safe to call twice."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, service: str) -> Any:
        """A boto3 client as the administrator, who may do everything; one per service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._open_client(service, **self._administrator)
            return self._clients[service]

    def client_as(self, credentials: Credentials, service: str) -> Any:
        """A new boto3 client with these credentials; it lives until the Cloud stops."""
        with self._lock:
            return self._open_client(
                service,
                aws_access_key_id=credentials.access_key,
                aws_secret_access_key=credentials.secret_key,
                aws_session_token=credentials.token,
            )

    def create_bucket(self, name: str) -> str:
        """Create an S3 bucket in the account's region; its ARN."""
        # S3 refuses its oldest region as a constraint.
        elsewhere = self.region != "us-east-1"
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.region}} if elsewhere else {}
        self.client("s3").create_bucket(Bucket=name, **place)
        return f"arn:{self.partition}:s3:::{name}"

    def assume_role(self, role_arn: str, *, service: str, session_name: str = "embedded-run") -> Credentials:
        """Temporary credentials of a role for an AWS service, such as `lambda.amazonaws.com`.

        AWS services assume roles without a call of ours to see. moto cannot check a trust policy that
        names a service, so that is done here. Raises AssumeRoleDenied.
        """
        try:
            role = iam_backends[self.account_id][self.partition].get_role_by_arn(role_arn)
        except NotFoundException:
            raise AssumeRoleDenied(f"there is no role {role_arn}") from None
        if not _trusts(json.loads(role.assume_role_policy_document), service, self.account_id):
            raise AssumeRoleDenied(f"the trust policy of {role_arn} does not let {service} assume it")
        session = sts_backends[self.account_id][self.partition].assume_role(
            region_name=self.region,
            role_session_name=session_name,
            role_arn=role_arn,
            policy="",
            duration=3600,
            external_id="",
        )
        return Credentials(session.access_key_id, session.secret_access_key, session.session_token)

    def wait_for_messages(self, queue_url: str, *, timeout: float, stopping: Callable[[], bool]) -> None:
        """Return once the queue has a message to receive, after `timeout` seconds, or when `stopping`.

        Looks into moto, as a long poll does there. A queue that is gone ends the wait; receiving says so.
        """
        deadline = time.monotonic() + timeout
        with suppress(QueueDoesNotExist):
            queue = self._queue(queue_url)
            with queue._messages_lock:  # noqa: SLF001
                while not (stopping() or queue.messages) and (left := deadline - time.monotonic()) > 0:
                    # Nothing tells of a message whose visibility timeout or delay is over.
                    queue._messages_lock.wait(min(left, _HIDDEN_SECONDS))  # noqa: SLF001

    def end_wait_for_messages(self, queue_url: str) -> None:
        """Let wait_for_messages look again whether to stop."""
        with suppress(QueueDoesNotExist):
            queue = self._queue(queue_url)
            with queue._messages_lock:  # noqa: SLF001
                queue._messages_lock.notify_all()  # noqa: SLF001

    def _queue(self, queue_url: str) -> Queue:
        return sqs_backends[self.account_id][self.region].get_queue(queue_url.rpartition("/")[2])

    def _create_administrator(self) -> dict[str, Any]:
        iam = self._open_client("iam")
        iam.create_user(UserName="administrator")
        iam.put_user_policy(
            UserName="administrator", PolicyName="everything", PolicyDocument=json.dumps(_EVERYTHING)
        )
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def _open_client(self, service: str, **credentials: Any) -> Any:
        client = _session().client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            # An inherited proxy must not see loopback traffic; a refusal must show at once.
            config=Config(proxies={}, retries={"total_max_attempts": 1}, max_pool_connections=32),
            **credentials,
        )
        self._opened.append(client)
        return client

    def _close_clients(self) -> None:
        with self._lock:
            for client in self._opened:
                client.close()
            self._opened.clear()
            self._clients.clear()


@cache
def _application() -> DomainDispatcherApplication:
    """moto's server, which keeps its state elsewhere: its routes are made once in a process."""
    return _Application(create_backend_app)


class _Application(DomainDispatcherApplication):
    """moto's own looks through its folders for each request, which takes longer than most requests."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.get_backend_for_host = cache(super().get_backend_for_host)


def _keeping_bodies(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application, with each request's body kept as it was sent: reading a form uses it up."""

    def keep(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ.update({_BODY: body, "wsgi.input": io.BytesIO(body)})
        return application(environ, start_response)

    return keep


@cache
def _session() -> Session:
    """One session in a process: it reads the descriptions of the services once."""
    return Session()


class _IamRequest(IAMRequest):
    """Where moto's reading of a signed request differs from AWS's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # SQS has no permission for its batch calls: that for the single call covers them.
        if self._action.startswith("sqs:"):
            self._action = self._action.removesuffix("Batch")

    def _create_aws_request(self) -> AWSRequest:
        # The bytes that were sent, as AWS does. moto writes a form anew, with another encoding of `*` and
        # `~`, and takes path parameters for the body of a request that has none.
        request = super()._create_aws_request()
        request.data = current_request.environ[_BODY]
        return request


def error_code(error: Exception) -> str:
    """The name of an error of a client: `AccessDenied`, `QueueDoesNotExist`; never its message.

    moto refuses in XML also where the service speaks JSON, so that botocore knows the status only.
    """
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        operation = error.operation_name
        return f"{'AccessDenied' if code == '403' else code} ({operation})"
    return type(error).__name__


@contextmanager
def _environment(region: str) -> Iterator[None]:
    """Replace whatever AWS settings the process inherited, and put them back at the end."""
    inherited = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in inherited:
        del os.environ[name]
    os.environ.update(_ENVIRONMENT, AWS_DEFAULT_REGION=region)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(inherited)


def _make_moto_quick() -> None:
    """What moto does anew in each call, once: the names of a service's methods.

    And it looks at every message of a queue several times per call; a thousand would take minutes.
    """
    for owner, name, quick in (
        (SQSBackend, "is_message_valid_based_on_retention_period", _is_within_retention),
        (sqs_models, "unix_time_millis", lambda: time.time() * 1000),
        (responses, "method_names_from_class", _method_names),
    ):
        setattr(owner, name, quick)


@cache
def _method_names(service: type) -> list[str]:
    return method_names_from_class(service)


def _is_within_retention(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    """What moto's own does, without counting the whole queue three times for each message received."""
    seconds: int = backend.get_queue(queue_name).message_retention_period  # pyright: ignore[reportAttributeAccessIssue] - set by name
    return (message.sent_timestamp or 0) / 1000 + seconds > time.time()


def _log_stream_arn(response: LogsResponse) -> str:
    """The resource CloudWatch Logs checks a policy against; moto itself would check against `*`.

    It is the log stream, with an empty name where the action concerns the group: that is what AWS
    names when it refuses logs:CreateLogStream.
    """
    group = response._get_param("logGroupName")  # noqa: SLF001
    if group is None:
        return response._get_param("resourceArn", "*")  # noqa: SLF001
    stream = response._get_param("logStreamName", "")  # noqa: SLF001
    account = f"{response.region}:{response.current_account}"
    return f"arn:{get_partition(response.region)}:logs:{account}:log-group:{group}:log-stream:{stream}"


def _delivery_stream_arn(response: FirehoseResponse) -> str:
    """The delivery stream that a request names; moto itself would check against `*`."""
    name = response._get_param("DeliveryStreamName")  # noqa: SLF001
    if name is None:
        return "*"
    account = f"{response.region}:{response.current_account}"
    return f"arn:{get_partition(response.region)}:firehose:{account}:deliverystream/{name}"


def _no_bucket_policy(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:  # noqa: ARG001
    return PermissionResult.NEUTRAL


def _trusts(trust_policy: Mapping[str, Any], service: str, account_id: str) -> bool:
    """Whether a trust policy lets this service principal assume the role; a deny wins."""
    effects = {
        statement["Effect"]
        for statement in _as_list(trust_policy["Statement"])
        if {"sts:AssumeRole", "sts:*", "*"} & set(_as_list(statement.get("Action", [])))
        and _is_service(statement.get("Principal"), service)
        and _meets(statement.get("Condition", {}), account_id)
    }
    return effects == {"Allow"}


def _is_service(principal: Any, service: str) -> bool:
    # `"*"` as the whole principal means every AWS principal, services included.
    return principal == "*" or (
        isinstance(principal, Mapping) and service in _as_list(principal.get("Service", []))
    )


def _meets(condition: Mapping[str, Any], account_id: str) -> bool:
    """Evaluate the one condition a service role usually has; any other counts as not met."""
    return all(
        operator == "StringEquals"
        and all(key == "aws:SourceAccount" and account_id in _as_list(value) for key, value in keys.items())
        for operator, keys in condition.items()
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
