"""What serves a deployed stack: fakes of its destinations, functions, event sources, stages, and the page.

`serve` takes over what is deployed now. After a change of the stack, a new version of a function takes the
next batch, and a request or a batch that has begun ends with what it began with.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.credentials import Credentials

from local.apigateway.domain_names import DomainNames
from local.apigateway.gateway import Gateway
from local.demo_users import DemoUsers
from local.deployment.cloud import Cloud
from local.deployment.resources.cloudformation import template_of
from local.deployment.stack import Stack
from local.fakes import Deployed, Fake, open_fakes
from local.functions.event_source import Poller
from local.functions.lambda_runtime import FunctionLogging, LambdaRuntime
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

_OPERATOR: Final = "operator"

_ALIASES: Final = "aws:lambda/alias:Alias"
_APIS: Final = "aws:apigateway/restApi:RestApi"
_EVENT_SOURCES: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
_FUNCTIONS: Final = "aws:lambda/function:Function"
_STAGES: Final = "aws:apigateway/stage:Stage"
_TEMPLATES: Final = "aws:cloudformation/stack:Stack"


class ServingError(Exception):
    """The deployed stack cannot be served. The message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is served: the stack outputs, with this machine's addresses, and more."""

    outputs: Mapping[str, Any]
    notes: Sequence[str]
    queues: Queues
    # By destination.
    fakes: Mapping[str, Fake]
    # What an operator may do: policies/operator.json.
    operator: Credentials


@dataclass(slots=True, kw_only=True)
class Serving:
    """Serves a stack until `exit_stack` ends, which stops everything."""

    cloud: Cloud
    stack: Stack
    server: HttpServer
    # Where the code archives are unpacked.
    cache: Path
    recorder: Recorder
    problems: Problems
    exit_stack: ExitStack
    traces: Traces = field(default_factory=Traces)
    faults: Faults = field(default_factory=Faults)
    # By name; a version is replaced by the next one.
    functions: dict[str, LambdaRuntime] = field(default_factory=dict[str, LambdaRuntime])
    pollers: list[Poller] = field(default_factory=list[Poller])
    _operator: Credentials | None = None
    # Those of former destinations, too: an event that waits may still be meant for one.
    _fakes: dict[str, Fake] = field(default_factory=dict[str, Fake])
    _is_serving: bool = False

    def serve(
        self, outputs: Mapping[str, Any], setting: Callable[[str], Any], demo_users: DemoUsers | None
    ) -> Served:
        """Serve what is deployed now, with these stack outputs and settings."""
        fakes = self._open_fakes(outputs["destinations"], setting)
        operator = self._permit_operator(outputs)
        rest_api_id, stage_names = self._stages()
        domains = DomainNames(self.cloud, rest_api_id, outputs["stage_name"])
        outputs = domains.on_this_machine(outputs, self.server.url)
        queues = Queues(self.cloud, outputs)
        if not self._is_serving:
            # Stopped together and first: each may wait for another, or for something that ends after it.
            self.exit_stack.callback(self.stop)
            self.exit_stack.enter_context(recorded_queues(queues.names, self.traces))
            self._is_serving = True
        notes = emulation_notes(
            [note for fake in fakes.values() for note in fake.notes],
            has_demo_users=demo_users is not None,
            has_web_acl="web_acl_arn" in outputs,
            domain_names=domains.base_paths,
            address=self.server.url,
        )
        front = Front(
            gateways={name: self._gateway(rest_api_id, name) for name in stage_names},
            stage_name=outputs["stage_name"],
            outputs=outputs,
            aws_variables=aws_variables(self.cloud, operator),
            notes=notes,
            recorder=self.recorder,
            profiles={name: fake.profiles for name, fake in fakes.items() if fake.profiles},
            retries=queues.retries,
            dead_letters=queues.dead_letters,
            traces=TraceViews(
                self.traces, self.faults, destinations=outputs["destinations"], redrive=queues.redrive
            ),
            demo_users=demo_users,
            domains=domains,
        )
        self._switch(self._start_functions(), front)
        return Served(outputs=outputs, notes=notes, queues=queues, fakes=fakes, operator=operator)

    def stop(self) -> None:
        """Stop taking events. Whatever a handler is doing is ended."""
        stop_functions(self.pollers, self.functions)

    def _open_fakes(self, destinations: Sequence[str], setting: Callable[[str], Any]) -> Mapping[str, Fake]:
        deployed = Deployed(
            cloud=self.cloud,
            setting=setting,
            templates=[template_of(one.inputs) for one in self.stack.declared(_TEMPLATES)],
            recorder=self.recorder,
            problems=self.problems,
        )
        for name in destinations:
            if name in self._fakes:
                self._fakes[name].redeploy(deployed)
        new = self.exit_stack.enter_context(
            open_fakes([name for name in destinations if name not in self._fakes], deployed)
        )
        self.faults.add(name for name, fake in new.items() if fake.calls)
        for fake in new.values():
            for service, application in fake.applications.items():
                self.cloud.serve(service, application)
        record_destinations(self.cloud, new, self.traces, self.faults)
        self._fakes.update(new)
        return {name: self._fakes[name] for name in destinations if name in self._fakes}

    def _permit_operator(self, outputs: Mapping[str, Any]) -> Credentials:
        document = policy.fill_in(policy.read(_OPERATOR), outputs)
        if self._operator is None:
            self._operator = self.cloud.create_user(_OPERATOR, document)
        else:
            self.cloud.permit_user(_OPERATOR, document)
        return self._operator

    def _start_functions(self) -> Mapping[str, LambdaRuntime]:
        """A runtime for each function: the one that runs, unless callers get another version now."""
        versions = {
            alias.inputs["functionName"]: alias.inputs["functionVersion"]
            for alias in self.stack.declared(_ALIASES)
        }
        runtimes: dict[str, LambdaRuntime] = {}
        with ExitStack() as on_failure:
            for function in self.stack.declared(_FUNCTIONS):
                name, running = function.id, self.functions.get(function.id)
                if running is not None and running.version == versions[name]:
                    runtimes[name] = running
                    continue
                runtime = LambdaRuntime(
                    self.cloud,
                    name,
                    version=versions[name],
                    logging=FunctionLogging.of(name, function.inputs),
                    recorder=self.recorder,
                    problems=self.problems,
                    cache=self.cache,
                )
                runtimes[name] = on_failure.enter_context(runtime)
            on_failure.pop_all()
        return runtimes

    def _stages(self) -> tuple[str, list[str]]:
        """The REST API and the names of its stages."""
        apis = self.stack.declared(_APIS)
        if len(apis) != 1:
            raise ServingError(f"the stack has {len(apis)} REST APIs: the local run serves exactly one")
        stages: list[str] = [stage.inputs["stageName"] for stage in self.stack.declared(_STAGES)]
        if not stages:
            raise ServingError("the stack has 0 API stages: the local run serves one or two")
        for stage in stages:
            if f"/{stage}" in PATHS:
                raise ServingError(f"the local run keeps /{stage} for itself: choose another stageName")
        return apis[0].id, stages

    def _gateway(self, rest_api_id: str, stage_name: str) -> Any:
        authorizer = recorded_authorizer(lambda name, event: self.functions[name].invoke(event), self.traces)
        return recorded_gateway(Gateway(self.cloud, rest_api_id, stage_name, invoke=authorizer), self.traces)

    def _switch(self, functions: Mapping[str, LambdaRuntime], front: Front) -> None:
        """Let batches and requests that have begun end, and the next ones begin with what is new."""
        for poller in self.pollers:
            poller.stop()
        former = {name: one for name, one in self.functions.items() if functions.get(name) is not one}
        self.functions.update(functions)
        self.server.switch(front)
        for name, runtime in former.items():
            runtime.finish()
            if name not in functions:
                del self.functions[name]
        self.pollers[:] = [
            make_poller(self.cloud, mapping.id, self.functions, self.problems, self.traces)
            for mapping in self.stack.declared(_EVENT_SOURCES)
        ]
        for poller in self.pollers:
            poller.start()


def aws_variables(cloud: Cloud, credentials: Credentials) -> Mapping[str, str]:
    """The environment variables with which the AWS command line works on a run."""
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_REGION": cloud.region,
    }
