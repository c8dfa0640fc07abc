"""Fakes of the services behind the destinations: one module per destination, found by the destination's name.

`firehose.py` is the fake of the destination `firehose`: its `make` is all that the local run needs, and no
list names it. A destination without a module here is served by moto as it is. The other modules help:
`rest_json.py` and `access_control.py` serve fakes of services that moto lacks, and a name such as
`customer_profiles_store.py` begins with the fake that it belongs to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from local.deployment.cloud import Cloud
from local.problems import Problems
from local.recorder import Recorder
from local.web.http_server import WsgiApplication


class FakeError(Exception):
    """A deployed resource that the service would refuse, or that a fake does not support; one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The facts about a deployed stack that fakes can use."""

    cloud: Cloud
    # A setting of the stack, by its name in Pulumi.yaml.
    setting: Callable[[str], Any]
    # The CloudFormation templates that the stack deployed, parsed.
    templates: Sequence[Mapping[str, Any]]
    recorder: Recorder
    problems: Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """How to look at the profiles that a destination keeps."""

    # The attributes of an endpoint's profile; None if it has no profile.
    of: Callable[[str], Mapping[str, str] | None]
    # The page's note on an endpoint without a profile: how it gets one.
    when_missing: str
    # Whether the destination keeps an event once, however often it is sent.
    keeps_event_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPart:
    """What one call to a service holds of one event."""

    # The same in every destination.
    event_key: str
    endpoint_id: str
    # Those that the call writes to the endpoint's profile.
    user_attributes: Mapping[str, Any]
    operation: str
    # Its parameters, with this event alone.
    parameters: Mapping[str, Any]
    # The response, with the result of this event alone; None: it is about the whole request.
    response: Mapping[str, Any] | None
    # Whether the service says that it has the event.
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call to a service: its path, and the bodies of request and response."""

    path: str
    request: Mapping[str, Any]
    # None unless the status is a 2xx.
    response: Mapping[str, Any] | None


CallReader = Callable[[Call], Iterable[EventPart]]
"""Reads the events in a call. A call of another operation has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    """The fake of one destination, as the local run uses it."""

    # The module's fake, in which tests plan faults and read requests.
    service: object
    # Its note in the terminal and on the page.
    notes: Sequence[str]
    # The applications that replace moto for the destination, by the service's name in botocore.
    applications: Mapping[str, WsgiApplication] = field(default_factory=dict[str, WsgiApplication])
    # Reads the calls to these services, for traces, by the service's name in botocore.
    calls: Mapping[str, CallReader] = field(default_factory=dict[str, CallReader])
    # None: the destination keeps no profiles.
    profiles: Profiles | None = None
    # Takes over what a change of the stack has deployed.
    redeploy: Callable[[Deployed], None] = lambda _: None


class _FakeModule(Protocol):
    def make(self, deployed: Deployed) -> AbstractContextManager[Fake]:
        """The fake for a deployed stack, until the context ends. Raises FakeError."""
        ...


@contextmanager
def open_fakes(destinations: Iterable[str], deployed: Deployed) -> Iterator[Mapping[str, Fake]]:
    """The fakes of these destinations, by name. Raises FakeError."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(module.make(deployed))
            for name in destinations
            if (module := _module(name)) is not None
        }


def _module(destination: str) -> _FakeModule | None:
    path = f"{__name__}.{destination.replace('-', '_')}"
    return cast("_FakeModule", import_module(path)) if find_spec(path) else None
