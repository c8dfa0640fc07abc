"""Runs the Pulumi program, `__main__.py` unmodified, without the Pulumi engine.

The SDK's mocks replace the engine's monitor, and pass each resource to a stack. Each run has a thread of its
own: the SDK keeps its settings in context variables, so a process can run the program twice.
"""

import asyncio
import logging
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import configure

from local.deployment.stack import Registration
from local.deployment.stack_config import StackConfig

_STACK_TYPE = "pulumi:pulumi:Stack"

LOCAL_RUN = "GTM_PIXEL_LOCAL_RUN"
"""The environment variable that tells the program and the functions that they run locally.

With it, an issuer of tokens may be on this machine, over plain http.
"""


class ProgramError(Exception):
    """The program failed. The message is one line, or one for each setting that is wrong."""


class Registrar(Protocol):
    """Takes what the program declares. An exception that it raises ends the run."""

    def register(self, registration: Registration) -> tuple[str, dict[str, Any]]:
        """See to it that a resource is as registered; returns its id and outputs."""
        ...

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a provider function, such as `aws:index/getRegion:getRegion`."""
        ...


def run(
    project_dir: Path, config: StackConfig, registrar: Registrar, echo: Callable[[str], None]
) -> dict[str, Any]:
    """Run the program of `project_dir`; returns the stack outputs, secrets in clear.

    `echo` gets each line that the program logs. Raises ProgramError, or what `registrar` raised.
    """
    execution = _Execution(project_dir, config, registrar, echo)
    thread = threading.Thread(target=execution.run, name="pulumi-program", daemon=True)
    thread.start()
    thread.join()
    if execution.error is not None:
        raise execution.error
    return execution.outputs


@dataclass(slots=True)
class _Execution:
    project_dir: Path
    config: StackConfig
    registrar: Registrar
    echo: Callable[[str], None]
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    error: Exception | None = None

    def run(self) -> None:
        monitor = _Monitor(_Mocks(self.registrar))
        configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
                engine=_Engine(self.echo),
                project=self.config.project,
                stack=self.config.stack,
                organization="organization",
                root_directory=str(self.project_dir),
                dry_run=False,
                legacy_apply_enabled=False,
                callbacks=None,
                outputs=set[Any](),
                lock=threading.Lock(),
                package_refs={},
                base_providers_by_ref={},
            )
        )
        set_all_config(dict(self.config.values), [])
        try:
            with _started_like_pulumi_does(self.project_dir), asyncio.Runner() as runner:
                runner.run(run_in_stack(self._main))
            self.outputs = monitor.stack_outputs
        except Exception as error:
            self.error = error if monitor.is_registrar_error(error) else self._explain(error)

    def _main(self) -> None:
        runpy.run_path(str(self.project_dir / "__main__.py"), run_name="__main__")

    def _explain(self, error: Exception) -> ProgramError:
        if isinstance(error, pulumi.RunError):
            return ProgramError("\n".join(" ".join(line.split()) for line in str(error).splitlines()))
        root = f"{self.project_dir}/"
        frames = traceback.extract_tb(error.__traceback__)
        places = [
            f"{f.filename.removeprefix(root)}:{f.lineno}" for f in frames if f.filename.startswith(root)
        ]
        where = f" ({places[-1]})" if places else ""
        return ProgramError(f"{type(error).__name__}: {' '.join(str(error).split())}{where}")


@contextmanager
def _started_like_pulumi_does(project_dir: Path) -> Iterator[None]:
    """The working directory and import path as in `pulumi up`, LOCAL_RUN set, and a quiet asyncio."""
    asyncio_logger = logging.getLogger("asyncio")
    level = asyncio_logger.level
    # As the SDK's own launcher does, because a failed resource leaves futures that are never awaited.
    asyncio_logger.setLevel(logging.CRITICAL)
    sys.path.insert(0, str(project_dir))
    os.environ[LOCAL_RUN] = "1"
    try:
        with chdir(project_dir):
            yield
    finally:
        os.environ.pop(LOCAL_RUN, None)
        sys.path.remove(str(project_dir))
        asyncio_logger.setLevel(level)


_registered: ContextVar[Callable[..., Registration]] = ContextVar("_registered")
"""Makes the registration that the monitor handles: the SDK's mocks pass on no options."""


class _Mocks(mocks.Mocks):
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._one_at_a_time = threading.Lock()
        self.errors: list[Exception] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = _in_clear(args.inputs)
        if not args.custom:
            return "", inputs  # a component: only its children exist
        registration = _registered.get()(type=args.typ, name=args.name, inputs=inputs)
        with self._noting_errors():
            return self._registrar.register(registration)

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride] - the SDK takes a bare dictionary too
        with self._noting_errors():
            return self._registrar.invoke(args.token, _in_clear(args.args))

    @contextmanager
    def _noting_errors(self) -> Iterator[None]:
        with self._one_at_a_time:
            try:
                yield
            except Exception as error:
                self.errors.append(error)
                raise


class _Monitor(mocks.MockMonitor):
    """Keeps what the SDK's mock discards: the stack's outputs and the options of resources."""

    def __init__(self, program_mocks: _Mocks) -> None:
        super().__init__(program_mocks)
        self._mocks = program_mocks
        self.stack_outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name on the wire
        options = partial(
            Registration,
            urn=self.make_urn(request.parent, request.type, request.name),
            depends_on=frozenset(request.dependencies),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(request.ignoreChanges),
        )
        _registered.set(options)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name on the wire
        if request.urn.split("::")[2] == _STACK_TYPE:
            outputs = _in_clear(rpc.deserialize_properties(request.outputs))
            self.stack_outputs = dict(sorted(outputs.items()))  # as the CLI shows them
        return super().RegisterResourceOutputs(request)

    def is_registrar_error(self, error: Exception) -> bool:
        return error in self._mocks.errors


class _Engine:
    """Receives the log of the program and the SDK."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - the name on the wire
        if request.severity != engine_pb2.DEBUG:
            self._echo(f"{engine_pb2.LogSeverity.Name(request.severity).lower()}: {request.message}")

    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802 - the name on the wire
        """Accept any version: there is no CLI here."""


def _in_clear(value: Any) -> Any:
    """The value with all secrets unwrapped; a secret inside a map wraps the whole map."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _in_clear(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_clear(item) for item in value]
    return value
