"""Runs Pulumi code under the SDK's mocks, and records what it registers.

Runs are independent of each other. An invoke that the mocks do not know raises, so that no test reaches a
cloud unnoticed.
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
    """A resource as the program registered it."""

    type: str
    name: str
    parent: str  # logical name; empty if the parent is the stack
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    retained: bool  # survives `pulumi destroy`
    protected: bool  # cannot be deleted or replaced
    formerly_without_parent: bool  # by an alias
    former_names: frozenset[str]  # by aliases

    def policy(self, key: str = "policy") -> Any:
        """A JSON document among the inputs, parsed."""
        return json.loads(self.inputs[key])


@dataclass
class Recording:
    """What one run registered, exported and logged."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Registration:
        (found,) = [r for r in self.resources if r.name == name and not r.type.startswith("gtm-pixel:")]
        return found

    def needed_by(self, name: str) -> set[str]:
        """The provider resources that a resource depends on, directly or indirectly."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for needed in self[waiting.pop()].depends_on - found:
                if needed in self.names():
                    found.add(needed)
                    waiting.append(needed)
        return found

    def urns(self) -> set[str]:
        """URNs without stack and project: the types from the top, and the name.

        The SDK's mocks build URNs with only the types of a resource and its parent.
        """
        types = {r.name: r for r in self.resources if r.type.startswith("gtm-pixel:")}

        def path(resource: Registration) -> str:
            above = f"{path(types[resource.parent])}$" if resource.parent else ""
            return above + resource.type

        return {f"{path(resource)}::{resource.name}" for resource in self.resources}

    def names(self) -> dict[str, str]:
        """Logical name → type, of provider resources."""
        return {r.name: r.type for r in self.resources if not r.type.startswith("gtm-pixel:")}


class _Mocks(mocks.Mocks):
    """The outputs that a provider would compute, as far as the program reads them."""

    def __init__(self, partition: str, region: str, first_deployment: Mapping[str, str] | None) -> None:
        self._partition, self._region = partition, region
        self._first_deployment = first_deployment

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "pulumi:index:Stash":
            return f"{args.name}-id", {
                **args.inputs,
                "output": self._first_deployment or args.inputs["input"],
            }
        service = args.typ.split(":")[1].split("/")[0]
        physical = f"{args.name}-1a2b3c4"
        if args.typ == "aws:lambda/alias:Alias":
            physical = f"{args.inputs['functionName']}:{args.inputs['name']}"
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
            "regionalDomainName": f"d-1a2b3c4.execute-api.{self._region}.test",
            "regionalZoneId": "Z2OJLYMUO9EFXC",
            "uuid": f"{args.name}-uuid",
            "version": "7",
        }
        return f"{args.name}-id", {**computed, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride] - the SDK takes it
        results: Mapping[str, dict[str, Any]] = {
            "aws:index/getPartition:getPartition": {"partition": self._partition},
            "aws:index/getRegion:getRegion": {"region": self._region},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
        }
        return results[args.token]


class _Monitor(mocks.MockMonitor):
    def __init__(self, program_mocks: mocks.Mocks, recording: Recording) -> None:
        super().__init__(program_mocks)
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
                    frozenset(alias.spec.name for alias in request.aliases if alias.spec.name),
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self._recording.outputs.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


class _Engine(mocks.MockEngine):
    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802 - the SDK's name
        """Accept every version: there is no CLI."""


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
    first_deployment: Mapping[str, str] | None = None,
    into: Recording | None = None,
) -> Recording:
    """Run `program` in a new stack, or one whose first deployment is known. Raises whatever it raises."""
    recording = into or Recording()

    def run_program() -> None:
        program()

    async def run() -> None:
        _configure(recording, _Mocks(partition, region, first_deployment), config or {}, stack, project)
        await run_in_stack(run_program)

    # In a new thread, because the SDK keeps its settings in context variables.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(run())).result()
    return recording


@dataclass
class Refusal:
    """The error that ended a program, and what it had registered before."""

    error: str
    resources: list[Registration]


def refused(program: Callable[[], object], **run: Any) -> Refusal:
    """Like `record`, for a program that ends with an error for its user."""
    errors: list[str] = []

    def program_with_caught_error() -> None:
        try:
            program()
        except pulumi.RunError as error:
            errors.append(str(error))

    recording = Recording()
    try:
        record(program_with_caught_error, into=recording, **run)
    except pulumi.RunError as error:  # from a value that came later
        errors.append(str(error))
    (error,) = errors
    return Refusal(error, recording.resources)


def _configure(
    recording: Recording, program_mocks: mocks.Mocks, config: Mapping[str, str], stack: str, project: str
) -> None:
    logger = logging.getLogger(f"program-{id(recording)}")
    logger.propagate = False
    logger.addHandler(_Log(recording))
    monitor = _Monitor(program_mocks, recording)
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
