"""The local run: starts the cloud, the program, the fakes, the functions and the page, and stops them.

`python -m local` and the tests call `LocalRun.start()`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from botocore.credentials import Credentials

from local.apigateway.responses import UnservedPart
from local.apigateway.velocity import MappingTemplateError
from local.demo_users import DemoUsers, needs_demo_users
from local.deployment import program, stack_config
from local.deployment.cloud import AssumeRoleDenied, Cloud
from local.deployment.deployment import Deployment
from local.deployment.resources import ResourceError
from local.deployment.stack import StackError
from local.deployment.stack_config import StackConfig
from local.fakes import Fake, FakeError
from local.functions.event_source import Poller
from local.functions.lambda_runtime import LambdaRuntime
from local.functions.native_packages import NativePackageError
from local.problems import Problems
from local.queues import Queues
from local.recorder import Recorder
from local.serving import Served, Serving, ServingError, aws_variables
from local.traces.faults import Faults
from local.traces.store import Traces
from local.web.http_server import HttpServer

PROJECT_DIR = Path(__file__).resolve().parent.parent

T = TypeVar("T")

_ERRORS = (
    stack_config.StackConfigError,
    program.ProgramError,
    ResourceError,
    StackError,
    FakeError,
    ServingError,
    AssumeRoleDenied,
    NativePackageError,
    UnservedPart,
    MappingTemplateError,
)


class LocalRunError(Exception):
    """The run cannot start, or the stack cannot be changed; the message is one line and says why."""


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
    _session: "_Session"

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
        with _errors_for_users(), ExitStack() as on_failure:
            exit_stack = on_failure.enter_context(ExitStack())
            config = stack_config.load(project_dir, stack, overrides)
            session = _Session(exit_stack, config, port=port, project_dir=project_dir, echo=echo)
            run = cls._deployed(session, config)
            session.server.start()
            on_failure.pop_all()
            return run

    def change(self, *overrides: str) -> Self:
        """Deploy the stack again as `pulumi up` does, with these overrides in place of the former ones.

        Returns the run as it is then; the former one is over. Events may arrive meanwhile. Raises
        LocalRunError; what was changed by then stays.
        """
        with _errors_for_users():
            return self._deployed(self._session, self._session.config(overrides))

    def destroy(self) -> None:
        """Stop serving, and delete the stack as `pulumi destroy` does.

        The account stays until `stop`, with what is retained. Raises LocalRunError for a protected stack.
        """
        with _errors_for_users():
            self._session.destroy()

    @classmethod
    def _deployed(cls, session: "_Session", config: StackConfig) -> Self:
        served, serving = session.up(config)
        return cls(
            url=session.server.url,
            outputs=served.outputs,
            notes=served.notes,
            cloud=serving.cloud,
            recorder=serving.recorder,
            problems=serving.problems,
            queues=served.queues,
            traces=serving.traces,
            faults=serving.faults,
            functions=serving.functions,
            pollers=serving.pollers,
            fakes=served.fakes,
            operator=served.operator,
            _session=session,
        )

    def stop(self) -> None:
        """End everything within a few seconds, whatever a handler is doing. Safe to call twice."""
        self._session.exit_stack.close()

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
        return aws_variables(self.cloud, self.operator)

    @property
    def poller(self) -> Poller:
        """The poller of a stack with one event source."""
        (poller,) = self.pollers
        return poller

    def fake(self, kind: type[T]) -> T:
        """The fake of this class, where the stack has its destination."""
        (service,) = [fake.service for fake in self.fakes.values() if isinstance(fake.service, kind)]
        return service


class _Session:
    """What the runs of one process share, from a stack's first deployment to its last."""

    def __init__(
        self,
        exit_stack: ExitStack,
        config: StackConfig,
        *,
        port: int,
        project_dir: Path,
        echo: Callable[[str], None],
    ) -> None:
        self.exit_stack = exit_stack
        self._stack = config.stack
        self._project_dir = project_dir
        self._demo_users: DemoUsers | None = None
        self.server = exit_stack.enter_context(_bound(port))
        self._cloud = exit_stack.enter_context(Cloud(region=config.region))
        self._deployment = Deployment(
            self._cloud, config, project_dir=project_dir, api_url=self.server.url, echo=echo
        )
        self._serving = Serving(
            cloud=self._cloud,
            stack=self._deployment.stack,
            server=self.server,
            cache=project_dir / ".cache" / "functions",
            recorder=Recorder(),
            problems=Problems(echo),
            exit_stack=exit_stack,
        )

    def config(self, overrides: Iterable[str]) -> StackConfig:
        """The stack's configuration as it is now, with these overrides."""
        return stack_config.load(self._project_dir, self._stack, overrides)

    def up(self, config: StackConfig) -> tuple[Served, Serving]:
        """Deploy the stack with this configuration, and serve it."""
        demo_users = None
        if needs_demo_users(config):
            demo_users = self._demo_users = self._demo_users or DemoUsers(self._cloud)
            config = config.with_settings(demo_users.settings)
        with self._deployment.up(config) as outputs:
            served = self._serving.serve(outputs, config.setting, demo_users)
        return served, self._serving

    def destroy(self) -> None:
        stack = self._deployment.stack
        stack.refuse_protected()
        self.server.stop()
        self._serving.stop()
        stack.destroy()


@contextmanager
def _errors_for_users() -> Iterator[None]:
    """Raise what a user can mend as a LocalRunError."""
    try:
        yield
    except _ERRORS as error:
        raise LocalRunError(str(error)) from error


@contextmanager
def _bound(port: int) -> Iterator[HttpServer]:
    """A server that has its port but does not serve yet; stopped at the end."""
    try:
        server = HttpServer(port=port)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "ports are numbers from 0 to 65535"
        raise LocalRunError(
            f"port {port} cannot be used ({reason}): choose another, with make local PORT=NUMBER or with "
            "--port NUMBER; 0 picks a free one"
        ) from None
    try:
        yield server
    finally:
        server.stop()
