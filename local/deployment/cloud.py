"""The AWS account of the local run: moto on loopback, with IAM enforcement.

moto keeps its state in the process, so only one Cloud can run at a time. It starts empty. Every request needs
a signature and a permission, also from the administrator: a policy that lacks an action fails here, and not
only on AWS.
"""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import Any, Self

from boto3.session import Session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.awslambda.models import EventSourceMapping, lambda_backends
from moto.core.authorization import disable_iam_authentication, enable_iam_authentication
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Queue, sqs_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from werkzeug import Response

from local.deployment.direct_calls import call_directly
from local.deployment.moto_corrections import corrected_moto, keeping_bodies
from local.deployment.trust_policy import trusts
from local.web.http_server import HttpServer, WsgiApplication

# Replaces the developer's own account for botocore and moto. No request signed with this key pair is
# ever allowed: it only keeps them from searching for credentials.
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}

_LOOK_AGAIN_SECONDS = 0.1  # how late a message is noticed whose delay or visibility timeout has ended

_running = threading.Lock()

_SIGNED_SERVICE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")


class AssumeRoleDenied(Exception):  # noqa: N818 - AWS says access denied
    """The role does not exist, or does not trust the service that wants to assume it."""


class Cloud:
    """One AWS account in one Region, empty at the start; use as a context manager or start/stop."""

    def __init__(self, *, region: str = "us-east-1") -> None:
        self.region = region
        self.account_id: str = DEFAULT_ACCOUNT_ID
        self.partition: str = get_partition(region)
        self.dns_suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        self.endpoint_url = ""
        self._lock = threading.Lock()
        self._administrator: dict[str, Any] = {}
        self._clients: dict[str, Any] = {}
        self._applications: dict[str, WsgiApplication] = {}
        self._stack = ExitStack()
        self._has_stopped = False

    def start(self) -> Self:
        if not _running.acquire(blocking=False):
            raise RuntimeError("another Cloud runs in this process: stop it first")
        with ExitStack() as stack:
            stack.callback(_running.release)
            stack.enter_context(_environment(self.region))
            stack.enter_context(corrected_moto())
            moto_api_backend.reset()
            server = HttpServer(self._serve)
            stack.callback(server.stop)
            self.endpoint_url = server.start().url
            with disable_iam_authentication():
                self._administrator = self._create_administrator()
            stack.enter_context(enable_iam_authentication())
            self._stack = stack.pop_all()
        return self

    def stop(self) -> None:
        """End the server and all clients, and leave moto as it was. Safe to call twice."""
        self._has_stopped = True
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
        """A new boto3 client with these credentials, usable until the Cloud stops."""
        with self._lock:
            return self._open_client(
                service,
                aws_access_key_id=credentials.access_key,
                aws_secret_access_key=credentials.secret_key,
                aws_session_token=credentials.token,
            )

    def serve(self, service: str, application: WsgiApplication) -> None:
        """Let an application respond in place of moto. `service` is a name of botocore."""
        self._applications[_signing_name(service)] = application

    def application_of(self, service: str) -> WsgiApplication:
        """What responds for a service now. `service` is a name of botocore."""
        return self._applications.get(_signing_name(service)) or keeping_bodies(_application())

    def create_user(self, name: str, policy: Mapping[str, Any]) -> Credentials:
        """A new IAM user who may do what the policy allows, and nothing else."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        self.permit_user(name, policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def permit_user(self, name: str, policy: Mapping[str, Any]) -> None:
        """Let a user do what the policy allows, in place of what they could do before."""
        self.client("iam").put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))

    def create_bucket(self, name: str, *, client: Any = None) -> str:
        """Create an S3 bucket in the account's Region, as the administrator by default; returns its ARN."""
        # S3 refuses us-east-1 as a location constraint.
        elsewhere = self.region != "us-east-1"
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.region}} if elsewhere else {}
        (client or self.client("s3")).create_bucket(Bucket=name, **place)
        return f"arn:{self.partition}:s3:::{name}"

    def assume_role(self, role_arn: str, *, service: str, session_name: str = "local-run") -> Credentials:
        """Temporary credentials of a role for an AWS service, such as `lambda.amazonaws.com`.

        AWS services assume roles by themselves, so no policy has to allow it, but the role must trust the
        service. Raises AssumeRoleDenied.
        """
        try:
            role = iam_backends[self.account_id][self.partition].get_role_by_arn(role_arn)
        except NotFoundException:
            raise AssumeRoleDenied(f"there is no role {role_arn}") from None
        if not trusts(json.loads(role.assume_role_policy_document), service, self.account_id):
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

    def detach_event_source(self, mapping_id: str) -> None:
        """Keep moto from feeding a function inside SendMessage, which may delete unprocessed messages."""
        mapping = self._event_source(mapping_id)
        queue = sqs_backends[self.account_id][self.region].get_queue(
            mapping.event_source_arn.rpartition(":")[2]
        )
        queue.lambda_event_source_mappings.pop(mapping.function_arn)

    def is_event_source_enabled(self, mapping_id: str) -> bool:
        """Whether an event source mapping is enabled now: an operator can pause it."""
        return self._event_source(mapping_id).enabled

    def wait_for_messages(self, queue_url: str, *, timeout: float, stopping: Callable[[], bool]) -> None:
        """Wait until the queue has a message to receive, for `timeout` seconds, or until `stopping`.

        Waits inside moto, which wakes it up for each message sent. A queue that is gone ends the wait.
        """
        deadline = time.monotonic() + timeout
        with suppress(QueueDoesNotExist):
            queue = self._queue(queue_url)
            with queue._messages_lock:  # noqa: SLF001
                while not (stopping() or queue.messages) and (left := deadline - time.monotonic()) > 0:
                    # Nothing wakes it up when a delay or a visibility timeout ends.
                    queue._messages_lock.wait(min(left, _LOOK_AGAIN_SECONDS))  # noqa: SLF001

    def end_wait_for_messages(self, queue_url: str) -> None:
        """Let wait_for_messages check at once whether to stop."""
        with suppress(QueueDoesNotExist):
            queue = self._queue(queue_url)
            with queue._messages_lock:  # noqa: SLF001
                queue._messages_lock.notify_all()  # noqa: SLF001

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The service that the request is signed for responds, otherwise moto."""
        if self._has_stopped:  # another Cloud may use moto now
            raise ConnectionClosedError(endpoint_url=self.endpoint_url)
        # Browsers send an origin, AWS's clients never do. moto would let every website read and reset it.
        if "HTTP_ORIGIN" in environ or environ["PATH_INFO"].startswith("/moto-api"):
            return Response("The account of a local run is not for websites.\n", 403)(environ, start_response)
        signed = _SIGNED_SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
        application = self._applications.get(signed[1]) if signed else None
        return (application or keeping_bodies(_application()))(environ, start_response)

    def _event_source(self, mapping_id: str) -> EventSourceMapping:
        mapping = lambda_backends[self.account_id][self.region].get_event_source_mapping(mapping_id)
        if mapping is None:
            raise LookupError(f"there is no event source mapping {mapping_id}")
        return mapping

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
            config=Config(retries={"total_max_attempts": 1}),  # an error must show at once
            **credentials,
        )
        call_directly(client, self._serve)
        return client


def error_code(error: Exception) -> str:
    """The name of a client's error, such as `AccessDenied (SendMessage)`; never its message.

    moto refuses in XML even where the service speaks JSON, so botocore may know only the status.
    """
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        operation = error.operation_name
        return f"{'AccessDenied' if code == '403' else code} ({operation})"
    return type(error).__name__


@cache
def _application() -> DomainDispatcherApplication:
    """moto's server. It has no state, so a process creates its routes only once."""
    return _Application(create_backend_app)


class _Application(DomainDispatcherApplication):
    """moto's own finds the service by searching its folders: longer than most requests take."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.get_backend_for_host = cache(super().get_backend_for_host)


@cache
def _session() -> Session:
    """One session per process: each new one reads the service models again."""
    return Session()


def _signing_name(service: str) -> str:
    """The name of a service in signatures: `profile` for `customer-profiles`."""
    model: Any = _session()._session.get_service_model(service)  # noqa: SLF001 - not in boto3
    return model.signing_name


@contextmanager
def _environment(region: str) -> Iterator[None]:
    """Replace the AWS settings that the process inherited, and put them back at the end."""
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
