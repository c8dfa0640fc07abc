"""The local run: starts the cloud, the program, the fakes, the functions and the page, and stops them.

`python -m local` and the tests call `LocalRun.start()`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from botocore.credentials import Credentials

from local.apigateway.domain_names import DomainNames
from local.apigateway.gateway import Gateway
from local.apigateway.responses import UnservedPart
from local.apigateway.velocity import MappingTemplateError
from local.demo_users import DemoUsers, needs_demo_users
from local.deployment import program, stack_config
from local.deployment.cloud import AssumeRoleDenied, Cloud
from local.deployment.deployer import create_deployer
from local.deployment.resources import ResourceError, Resources
from local.deployment.stack_config import StackConfig
from local.fakes import Deployed, Fake, FakeError, open_fakes
from local.functions.event_source import Poller
from local.functions.lambda_runtime import LambdaRuntime
from local.functions.native_packages import NativePackageError
from local.notes import emulation_notes
from local.pollers import make_poller, stop_functions
from local.problems import Problems
from local.queues import Queues
from local.recorder import Recorder
from local.traces.faults import Faults
from local.traces.recording import (
    record_destinations,
    recorded_authorizer,
    recorded_gateway,
    recorded_queues,
)
from local.traces.store import Traces
from local.web.front import PATHS, Front
from local.web.http_server import HttpServer
from local.web.trace_views import TraceViews
from policies import policy

PROJECT_DIR = Path(__file__).resolve().parent.parent

T = TypeVar("T")

_START_ERRORS = (
    stack_config.StackConfigError,
    program.ProgramError,
    ResourceError,
    FakeError,
    AssumeRoleDenied,
    NativePackageError,
    UnservedPart,
    MappingTemplateError,
)


class LocalRunError(Exception):
    """The run cannot start; the message is one line and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """A stack that runs on this machine. Stop it, or use it as a context manager."""

    url: str
    outputs: Mapping[str, Any]
    # Says what is emulated and what is not.
    notes: Sequence[str]
    cloud: Cloud
    recorder: Recorder
    problems: Problems
    queues: Queues
    traces: Traces
    faults: Faults
    # By function name.
    functions: Mapping[str, LambdaRuntime]
    pollers: Sequence[Poller]
    # By destination.
    fakes: Mapping[str, Fake]
    # What an operator may do: policies/operator.json.
    operator: Credentials
    _exit: ExitStack

    @classmethod
    def start(
        cls,
        *,
        stack: str = "dev",
        port: int = 0,
        overrides: Iterable[str] = (),
        project_dir: Path = PROJECT_DIR,
        echo: Callable[[str], None] = print,
    ) -> Self:
        """Run a stack. Port 0 picks a free port; `overrides` are `key=value` strings as for `--config`.

        `echo` gets each line that the program logs, and each problem that occurs later. In the
        authenticated scenario the run replaces the stack's issuer with a user pool of its own, unless the
        overrides name an issuer. Raises LocalRunError.
        """
        try:
            config = stack_config.load(project_dir, stack, list(overrides))
            with ExitStack() as on_failure:
                exit_stack = on_failure.enter_context(ExitStack())
                run = cls._start(exit_stack, config, port=port, project_dir=project_dir, echo=echo)
                on_failure.pop_all()
                return run
        except _START_ERRORS as error:
            raise LocalRunError(str(error)) from error

    @classmethod
    def _start(
        cls,
        exit_stack: ExitStack,
        config: StackConfig,
        *,
        port: int,
        project_dir: Path,
        echo: Callable[[str], None],
    ) -> Self:
        recorder, problems = Recorder(), Problems(echo)
        server = exit_stack.enter_context(_bound(port))
        cloud = exit_stack.enter_context(Cloud(region=config.region))
        demo_users = DemoUsers(cloud) if needs_demo_users(config) else None
        if demo_users is not None:
            config = config.with_settings(demo_users.settings)

        resources = Resources(
            cloud,
            api_url=server.url,
            default_tags=config.default_tags,
            deployer=create_deployer(cloud, config),
        )
        outputs = program.run(project_dir, config, resources, echo)
        deployed = Deployed(
            cloud=cloud,
            setting=config.setting,
            templates=resources.templates,
            recorder=recorder,
            problems=problems,
        )
        fakes = exit_stack.enter_context(open_fakes(outputs["destinations"], deployed))
        traces, faults = Traces(), Faults(name for name, fake in fakes.items() if fake.calls)
        for fake in fakes.values():
            for service, application in fake.applications.items():
                cloud.serve(service, application)
        record_destinations(cloud, fakes, traces, faults)
        operator = cloud.create_user("operator", policy.fill_in(policy.read("operator"), outputs))

        # Stopped together and first: each may wait for another, or for something that ends after it.
        functions: dict[str, LambdaRuntime] = {}
        pollers: list[Poller] = []
        exit_stack.callback(stop_functions, pollers, functions)
        for function_name, logging in resources.function_logging.items():
            functions[function_name] = LambdaRuntime(
                cloud,
                function_name,
                logging=logging,
                recorder=recorder,
                problems=problems,
                cache=project_dir / ".cache" / "functions",
            ).start()

        rest_api_id, stage_names = _deployed_stages(cloud)
        stage_name: str = outputs["stage_name"]
        domains = DomainNames(cloud, rest_api_id, stage_name)
        outputs = domains.on_this_machine(outputs, server.url)
        queues = Queues(cloud, outputs)
        exit_stack.enter_context(recorded_queues(queues.names, traces))
        gateways = {
            name: recorded_gateway(
                Gateway(
                    cloud,
                    rest_api_id,
                    name,
                    invoke=recorded_authorizer(lambda name, event: functions[name].invoke(event), traces),
                ),
                traces,
            )
            for name in stage_names
        }
        notes = emulation_notes(
            [note for fake in fakes.values() for note in fake.notes],
            has_demo_users=demo_users is not None,
            has_web_acl="web_acl_arn" in outputs,
            domain_names=domains.base_paths,
            address=server.url,
        )
        server.application = Front(
            gateways=gateways,
            stage_name=stage_name,
            outputs=outputs,
            aws_variables=_aws_variables(cloud, operator),
            notes=notes,
            recorder=recorder,
            profiles={name: fake.profiles for name, fake in fakes.items() if fake.profiles},
            retries=queues.retries,
            dead_letters=queues.dead_letters,
            traces=TraceViews(traces, faults, destinations=outputs["destinations"], redrive=queues.redrive),
            demo_users=demo_users,
            domains=domains,
        )
        for mapping_id in resources.event_sources:
            pollers.append(make_poller(cloud, mapping_id, functions, problems, traces))
            pollers[-1].start()
        server.start()
        return cls(
            url=server.url,
            outputs=outputs,
            notes=notes,
            cloud=cloud,
            recorder=recorder,
            problems=problems,
            queues=queues,
            traces=traces,
            faults=faults,
            functions=functions,
            pollers=pollers,
            fakes=fakes,
            operator=operator,
            _exit=exit_stack,
        )

    def stop(self) -> None:
        """End everything within a few seconds, whatever a handler is doing. Safe to call twice."""
        self._exit.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def aws_endpoint_url(self) -> str:
        """One URL for every service, moto's and the fakes'."""
        return self.cloud.endpoint_url

    @property
    def aws_variables(self) -> Mapping[str, str]:
        """The environment variables with which the AWS command line works on this run."""
        return _aws_variables(self.cloud, self.operator)

    @property
    def poller(self) -> Poller:
        """The poller of a stack with one event source."""
        (poller,) = self.pollers
        return poller

    def fake(self, kind: type[T]) -> T:
        """The fake of this class, where the stack has its destination."""
        (service,) = [fake.service for fake in self.fakes.values() if isinstance(fake.service, kind)]
        return service


def _aws_variables(cloud: Cloud, operator: Credentials) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": operator.access_key,
        "AWS_SECRET_ACCESS_KEY": operator.secret_key,
        "AWS_REGION": cloud.region,
    }


def _deployed_stages(cloud: Cloud) -> tuple[str, list[str]]:
    """The REST API in moto and the names of its stages."""
    apigateway = cloud.client("apigateway")
    apis = apigateway.get_rest_apis()["items"]
    if len(apis) != 1:
        raise LocalRunError(f"the stack has {len(apis)} REST APIs: the local run serves exactly one")
    stages = [stage["stageName"] for stage in apigateway.get_stages(restApiId=apis[0]["id"])["item"]]
    if not stages:
        raise LocalRunError("the stack has 0 API stages: the local run serves one or two")
    for stage in stages:
        if f"/{stage}" in PATHS:
            raise LocalRunError(f"the local run keeps /{stage} for itself: choose another stageName")
    return apis[0]["id"], stages


@contextmanager
def _bound(port: int) -> Iterator[HttpServer]:
    """A server that has its port but does not serve yet; stopped at the end."""
    try:
        server = HttpServer(port=port)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "ports are numbers from 0 to 65535"
        raise LocalRunError(f"port {port} cannot be used ({reason}): choose another with --port") from None
    try:
        yield server
    finally:
        server.stop()
