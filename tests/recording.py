"""Runs Pulumi code under the SDK's mocks and keeps what it registered.

Each run has settings of its own, so runs do not see each other. A function that the mocks do not know
(an invoke) raises, so that nothing reaches for a cloud unnoticed.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_in_stack

ACCOUNT_ID = "123456789012"


@dataclass(frozen=True)
class Registration:
    """A resource as the program asked for it."""

    type: str
    name: str
    parent: str  # logical name of the parent; empty for the stack itself
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    retained: bool  # stays when the stack goes
    protected: bool  # cannot be deleted or replaced
    formerly_without_parent: bool  # an alias says so

    def policy(self, key: str = "policy") -> Any:
        """A JSON document among the inputs, parsed."""
        return json.loads(self.inputs[key])


@dataclass
class Recording:
    """Everything that one run registered, exported and said."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Registration:
        (found,) = [r for r in self.resources if r.name == name and not r.type.startswith("gtm-pixel:")]
        return found

    def needed_by(self, name: str) -> set[str]:
        """The provider resources that a resource depends on, and those that they depend on."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for needed in self[waiting.pop()].depends_on - found:
                if needed in self.names():
                    found.add(needed)
                    waiting.append(needed)
        return found

    def urns(self) -> set[str]:
        """What the engine tells each resource by, less stack and project: types from the top, and name.

        (A URN of the SDK's mocks has the types of a resource and its parent only.)
        """
        types = {r.name: r for r in self.resources if r.type.startswith("gtm-pixel:")}

        def path(resource: Registration) -> str:
            above = f"{path(types[resource.parent])}$" if resource.parent else ""
            return above + resource.type

        return {f"{path(resource)}::{resource.name}" for resource in self.resources}

    def names(self) -> dict[str, str]:
        """Logical name → type, of provider resources."""
        return {r.name: r.type for r in self.resources if not r.type.startswith("gtm-pixel:")}


class _Answers(mocks.Mocks):
    """Outputs that a provider would compute: enough of them that no value is missing."""

    def __init__(self, partition: str, region: str) -> None:
        self._partition, self._region = partition, region

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        service = args.typ.split(":")[1].split("/")[0]
        physical = f"{args.name}-1a2b3c4"
        computed = {
            "arn": f"arn:{self._partition}:{service}:{self._region}:{ACCOUNT_ID}:{physical}",
            "name": physical,
            "url": f"https://{service}.{self._region}.test/{ACCOUNT_ID}/{physical}",
            "executionArn": f"arn:{self._partition}:execute-api:{self._region}:{ACCOUNT_ID}:{args.name}-id",
            "invokeArn": (
                f"arn:{self._partition}:apigateway:{self._region}:lambda:path/2015-03-31/functions/"
                f"{physical}/invocations"
            ),
            "invokeUrl": f"https://api.test/{args.inputs.get('stageName')}",
            "bucket": physical,
        }
        return f"{args.name}-id", {**computed, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride] - the SDK takes it
        answers: Mapping[str, dict[str, Any]] = {
            "aws:index/getPartition:getPartition": {"partition": self._partition},
            "aws:index/getRegion:getRegion": {"region": self._region},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
        }
        return answers[args.token]


class _Monitor(mocks.MockMonitor):
    def __init__(self, answers: mocks.Mocks, recording: Recording) -> None:
        super().__init__(answers)
        self._recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            parent_type, _, parent = request.parent.split("::", 2)[2].rpartition("::")
            if parent_type == "pulumi:pulumi:Stack":
                parent = ""
            self._recording.resources.append(
                Registration(
                    request.type,
                    request.name,
                    parent,
                    rpc.deserialize_properties(request.object),
                    frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
                    request.retainOnDelete,
                    request.protect,
                    any(alias.spec.noParent for alias in request.aliases),
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self._recording.outputs.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


class _Engine(mocks.MockEngine):
    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802 - the SDK's name
        """There is no CLI whose version could be too old."""


class _Log(logging.Handler):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def emit(self, record: logging.LogRecord) -> None:
        self._recording.log.append(record.getMessage())


def record(
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    partition: str = "aws",
    region: str = "eu-west-1",
    stack: str = "test",
    project: str = "gtm-pixel",
) -> Recording:
    """Run `program` in a stack of its own; what it raises comes out."""
    recording = Recording()

    def run_program() -> None:
        program()

    async def run() -> None:
        _configure(recording, _Answers(partition, region), config or {}, stack, project)
        await run_in_stack(run_program)

    # The SDK keeps its settings in context variables: a new thread starts without any.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(run())).result()
    return recording


@dataclass
class Refusal:
    """How a program ended that refused to go on, and what it had registered by then."""

    error: str
    resources: list[Registration]


def refused(program: Callable[[], object], **run: Any) -> Refusal:
    """Run a program that ends with an error for its user, as `record` does."""
    errors: list[str] = []

    def noting() -> None:
        try:
            program()
        except pulumi.RunError as error:
            errors.append(str(error))

    recording = record(noting, **run)
    (error,) = errors
    return Refusal(error, recording.resources)


def _configure(
    recording: Recording, answers: mocks.Mocks, config: Mapping[str, str], stack: str, project: str
) -> None:
    logger = logging.getLogger(f"program-{id(recording)}")
    logger.propagate = False
    logger.addHandler(_Log(recording))
    monitor = _Monitor(answers, recording)
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
            engine=_Engine(logger),
            project=project,
            stack=stack,
            organization=None,
            dry_run=False,
            legacy_apply_enabled=False,
            callbacks=None,
            outputs=set(),
            lock=threading.Lock(),
            package_refs={},
            base_providers_by_ref={},
        )
    )
    set_all_config(dict(config), [])
