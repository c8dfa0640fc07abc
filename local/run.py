"""The local run, put together: cloud, fakes, program, gateway, function and poller.

`LocalRun` is what `python -m local` starts and what the tests drive.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from moto.sqs.models import sqs_backends

from local.apigateway.gateway import Gateway
from local.apigateway.gateway_responses import UnservedPart
from local.apigateway.velocity import MappingTemplateError
from local.demo_users import DemoUsers
from local.deployment import program, stack_config
from local.deployment.cloud import AssumeRoleDenied, Cloud
from local.deployment.resources import ResourceError, Resources
from local.deployment.stack_config import StackConfig
from local.fakes.access_control import authorize
from local.fakes.customer_profiles import CustomerProfilesFake
from local.fakes.customer_profiles_object_types import ObjectTypeError
from local.fakes.firehose import FirehoseFake
from local.fakes.pinpoint import PinpointFake
from local.functions.event_source import EventSource, Poller
from local.functions.lambda_runtime import Invocation, LambdaRuntime
from local.functions.native_packages import NativePackageError
from local.problems import Problems
from local.recorder import Recorder
from local.web.front import PATHS, Front, ShownProfile
from local.web.http_server import HttpServer, WsgiApplication

PROJECT_DIR = Path(__file__).resolve().parent.parent

NOTES: Sequence[str] = (
    "SQS, IAM, CloudWatch Logs: moto, in this process; the roles' policies are enforced, those of queues and "
    "buckets are not.",
    "API Gateway: this project's reading of its documentation, from the API as deployed.",
    "Lambda: the deployed archives, each in a process of this machine's Python, one invocation at a time; "
    "compiled packages are this machine's own, in the archive's version.",
    "Not emulated: alarms, quotas of an account, prices, and how long AWS takes (docs/fidelity.md).",
)
"""What whoever looks at an local run should know."""

DESTINATION_NOTES: Mapping[str, str] = {
    "pinpoint": "Amazon Pinpoint: a fake that checks the documented limits of PutEvents.",
    "customer-profiles": (
        "Amazon Connect Customer Profiles: a fake that holds requests against the service's API model "
        "and makes profiles as the deployed object types say. Event triggers start nothing; there are no "
        "segments and no campaigns."
    ),
    "firehose": (
        "Amazon Data Firehose and Amazon S3: moto, with the documented limits; each request is an object at "
        "once, where AWS buffers."
    ),
}
"""What to know in addition of a destination that the stack has."""

DEMO_NOTE = (
    "Amazon Cognito: a user pool in moto with users to try; this run takes it for the stack's oidcIssuer."
)
"""What to know in addition where the run has users of its own."""


_ISSUER_SETTINGS = ("oidcIssuer", "oidcAudiences", "oidcJwksUri")


class LocalRunError(Exception):
    """The run cannot start; the message is one line and says why."""


class LocalRun:
    """One run of a stack on this machine; start/stop or use as a context manager.

    `overrides` are `key=value` texts as for `--config`; port 0 picks a free one. What the program logs
    and what goes wrong later is passed to `echo`, a line each. In the authenticated scenario the run has a
    user pool of its own in place of the issuer that the stack names, unless the overrides name one.
    start() raises LocalRunError.
    """

    def __init__(
        self,
        *,
        stack: str = "dev",
        port: int = 0,
        overrides: Iterable[str] = (),
        project_dir: Path = PROJECT_DIR,
        echo: Callable[[str], None] = print,
    ) -> None:
        self._stack_name = stack
        self._port = port
        self._overrides = list(overrides)
        self._project_dir = project_dir
        self._echo = echo
        self._exit = ExitStack()
        self._front: WsgiApplication | None = None
        self._pollers: list[Poller] = []
        self._runtimes: dict[str, LambdaRuntime] = {}
        self.recorder = Recorder()
        self.problems = Problems(echo)
        self.notes = list(NOTES)
        self.outputs: dict[str, Any] = {}
        self.url = ""
        self.rest_api_id = ""
        self.cloud: Cloud
        self.pinpoint: PinpointFake
        self.customer_profiles: CustomerProfilesFake
        self.firehose: FirehoseFake

    def start(self) -> Self:
        try:
            with ExitStack() as stack:
                self._start(stack)
                self._exit = stack.pop_all()
        except (
            stack_config.StackConfigError,
            program.ProgramError,
            ResourceError,
            ObjectTypeError,
            AssumeRoleDenied,
            NativePackageError,
            UnservedPart,
            MappingTemplateError,
        ) as error:
            raise LocalRunError(str(error)) from error
        return self

    def stop(self) -> None:
        """End everything within a few seconds, whatever a handler is doing. Safe to call twice."""
        # First what waits for something else, so that closing in order takes no time.
        self._end_pollers_and_functions()
        self._exit.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def poller(self) -> Poller:
        """The one poller of a program with one event source."""
        (poller,) = self._pollers
        return poller

    def dead_letters(self) -> list[dict[str, Any]]:
        """What is in the dead-letter queue."""
        return [
            {
                "message_id": message.id,
                # Without a reason, SQS itself moved the message after maxReceiveCount.
                "reason": _text(message, "dead_letter_reason") or "max_receive_count",
                "pending": _text(message, "pending"),
                "original_message_id": _text(message, "original_message_id") or message.id,
            }
            for message in self._messages_in("dead_letter_queue_url")
        ]

    def retries(self) -> list[dict[str, Any]]:
        """What waits in the queue to come again: copies that the function has sent."""
        return [
            {
                "message_id": message.id,
                "reason": _text(message, "retry_reason"),
                "pending": _text(message, "pending"),
                "attempt": int(attempt),
                "original_message_id": _text(message, "original_message_id"),
            }
            for message in self._messages_in("queue_url")
            if (attempt := _text(message, "attempt"))
        ]

    def _messages_in(self, output: str) -> list[Any]:
        """The messages of a queue, looked at from inside moto: receiving would hide them."""
        url = self.outputs.get(output)
        if url is None:
            return []
        queue = sqs_backends[self.cloud.account_id][self.cloud.region].get_queue(url.rpartition("/")[2])
        return list(queue._messages)  # noqa: SLF001 - `messages` leaves out those in flight and delayed

    def _start(self, stack: ExitStack) -> None:
        config = stack_config.load(self._project_dir, self._stack_name, self._overrides)
        server = stack.enter_context(_bound(self._serve, self._port))
        self.url = server.url
        self.cloud = stack.enter_context(Cloud(region=config.region))
        self.firehose = stack.enter_context(
            FirehoseFake(self.cloud, recorder=self.recorder, problems=self.problems)
        )

        demo_users = None
        # Nobody here has a token of the stack's real issuer.
        # A stack that names no issuer gets none here either: settings/__init__.py refuses it, as on AWS.
        if (
            config.setting("authMode") == "authenticated"
            and config.setting("oidcIssuer")
            and config.setting("oidcAudiences")
            and not config.overrides(_ISSUER_SETTINGS)
        ):
            demo_users = DemoUsers(self.cloud)
            config = config.with_settings(demo_users.settings)
            self.notes.append(DEMO_NOTE)

        resources = Resources(self.cloud, api_url=self.url, default_tags=config.default_tags)
        self.outputs = program.run(self._project_dir, config, resources, self._echo)
        for name in _if_set(config.setting("firehoseStream")):
            self.firehose.add_stream(name)
        destinations: Sequence[str] = self.outputs["destinations"]
        before_the_last = len(NOTES) - 1
        self.notes[before_the_last:before_the_last] = [
            DESTINATION_NOTES[name] for name in destinations if name in DESTINATION_NOTES
        ]
        endpoints = {
            service: stack.enter_context(_bound(fake)).start().url
            for service, fake in self._make_fakes(config, resources).items()
        }

        stack.callback(self._end_pollers_and_functions)
        for function_name, logging in resources.function_logging.items():
            self._runtimes[function_name] = runtime = LambdaRuntime(
                self.cloud,
                function_name,
                logging=logging,
                endpoints=endpoints,
                recorder=self.recorder,
                problems=self.problems,
                cache=self._project_dir / ".cache" / "functions",
            )
            runtime.start()
        self.rest_api_id, stage_name = self._deployed_stage()
        self._front = Front(
            gateway=Gateway(self.cloud, self.rest_api_id, stage_name, invoke=self._invoke),
            stage_name=stage_name,
            outputs=lambda: self.outputs,
            recorder=self.recorder,
            profiles=partial(
                self._profiles,
                destinations=destinations,
                create_profiles=config.setting("customerProfilesCreate") == "true",
            ),
            dead_letters=self.dead_letters,
            retries=self.retries,
            notes=self.notes,
            demo_users=demo_users,
        )
        for source in resources.event_sources:
            if source.enabled:
                self._start_event_source(source.uuid)
        server.start()

    def _make_fakes(self, config: StackConfig, resources: Resources) -> Mapping[str, WsgiApplication]:
        """The services that moto lacks, by their names in botocore, as the program has left them."""
        self.pinpoint = PinpointFake(
            self.recorder,
            application_ids=_if_set(config.setting("pinpointApplicationId")),
            authorize=authorize,
        )
        is_new = config.setting("customerProfilesNewDomain") == "true"
        self.customer_profiles = CustomerProfilesFake(
            self.recorder,
            templates=resources.templates,
            domains=[] if is_new else _if_set(config.setting("customerProfilesDomain")),
            authorize=authorize,
        )
        return {"pinpoint": self.pinpoint, "customer-profiles": self.customer_profiles}

    def _profiles(
        self, endpoint_id: str, destinations: Sequence[str], *, create_profiles: bool
    ) -> list[ShownProfile]:
        """What each destination that keeps profiles has of an endpoint."""
        recorded = [event for event in self.recorder.events() if event.endpoint_id == endpoint_id]
        shown: list[ShownProfile] = []
        for destination in destinations:
            match destination:
                case "pinpoint":
                    lists = self.pinpoint.profile(endpoint_id)
                    attributes = None if lists is None else {n: ", ".join(lists[n]) for n in lists}
                case "customer-profiles":
                    attributes = self.customer_profiles.profile(endpoint_id)
                case _:
                    continue
            shown.append(
                ShownProfile(
                    destination=destination,
                    attributes=attributes,
                    created_by_events=destination == "pinpoint" or create_profiles,
                    events=sum(event.destination == destination for event in recorded),
                )
            )
        return shown

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        assert self._front is not None  # noqa: S101 - the server starts after it is set
        return self._front(environ, start_response)

    def _deployed_stage(self) -> tuple[str, str]:
        """The REST API and the stage, as they are in moto."""
        apigateway = self.cloud.client("apigateway")
        stages = [
            (api["id"], stage["stageName"])
            for api in apigateway.get_rest_apis()["items"]
            for stage in apigateway.get_stages(restApiId=api["id"])["item"]
        ]
        if len(stages) != 1:
            raise program.ProgramError(f"the local run serves one API stage, but there are {len(stages)}")
        if f"/{stages[0][1]}" in PATHS:
            raise program.ProgramError(
                f"the local run keeps /{stages[0][1]} for itself: choose another stageName"
            )
        return stages[0]

    def _invoke(self, function_name: str, event: Mapping[str, Any]) -> Invocation:
        return self._runtimes[function_name].invoke(event)

    def _start_event_source(self, uuid: str) -> None:
        mapping = self.cloud.client("lambda").get_event_source_mapping(UUID=uuid)
        runtime = self._runtimes[mapping["FunctionArn"].rpartition(":")[2]]
        poller = Poller(
            self.cloud,
            EventSource.from_mapping(mapping),
            role_arn=runtime.role_arn,
            invoke=runtime.invoke,
            problems=self.problems,
        )
        self._pollers.append(poller)
        poller.start()

    def _end_pollers_and_functions(self) -> None:
        for poller in self._pollers:
            poller.request_stop()
        for runtime in self._runtimes.values():
            runtime.stop()
        for poller in self._pollers:
            poller.stop()


@contextmanager
def _bound(application: WsgiApplication, port: int = 0) -> Iterator[HttpServer]:
    """A server that has its port already, and stops with the run."""
    try:
        server = HttpServer(application, port)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there are ports up to 65535"
        raise LocalRunError(f"port {port} cannot be used ({reason}): choose another with --port") from None
    try:
        yield server
    finally:
        server.stop()


def _if_set(setting: str) -> list[str]:
    return [setting] if setting else []


def _text(message: Any, attribute: str) -> str | None:
    value = message.message_attributes.get(attribute)
    return value and value.get("StringValue")
