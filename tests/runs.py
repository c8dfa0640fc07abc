"""Local runs for tests: start and share them, send requests as GTM does, and read the results."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import pytest
from moto.sqs import models as sqs_models

from local.deployment.resources import iam
from local.deployment.resources.target import Target
from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import RecordedEvent
from local.run import PROJECT_DIR, LocalRun
from tests.patience import PATIENCE_SECONDS, eventually

AT_ONCE = ("batchSize=10", "batchWindowSeconds=0")  # the function gets each message immediately
WITHOUT_MONITORING = (
    "alarms=false",
    "alarmEmail=",
    "dashboard=false",
)  # half of the start of the stack `prod`
TO_PROFILES = (
    *("destinations=customer-profiles", "customerProfilesDomain=amazon-connect-example"),
    "profileAttributes=plan,tier",
)
"""Replaces the destination of the stack `pinpoint` with Customer Profiles, with two attributes."""

_numbers = itertools.count()


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def send(run: LocalRun, headers: Mapping[str, str] | None = None, /, **parameters: str) -> Response:
    """GET the events URL as GTM does, with parameters encoded like encodeURIComponent."""
    return send_pairs(run, list(parameters.items()), list((headers or {}).items()))


def send_pairs(
    run: LocalRun, parameters: Sequence[tuple[str, str]], headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """Like `send`, but a name may be repeated, and header names keep their case."""
    return send_as_written(run, "?" + urlencode(parameters, quote_via=quote), headers)


def send_as_written(
    run: LocalRun, query: str, headers: Sequence[tuple[str, str]] = (), *, path: str | None = None
) -> Response:
    """Like `send_pairs`, but query and path are sent as they are."""
    url = urlsplit(run.outputs["events_url"])
    connection = HTTPConnection(url.netloc, timeout=PATIENCE_SECONDS)
    with closing(connection):
        connection.putrequest("GET", (path or url.path) + query)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Response(response.status, dict(response.getheaders()), response.read())


def new_endpoint() -> str:
    return f"endpoint-{next(_numbers)}"


def events_of(run: LocalRun, endpoint_id: str, destination: str | None = None) -> list[RecordedEvent]:
    """An endpoint's events in one destination, by default the stack's first."""
    place = destination or run.outputs["destinations"][0]
    return [
        event
        for event in run.recorder.events()
        if (event.endpoint_id, event.destination) == (endpoint_id, place)
    ]


def the_event_of(run: LocalRun, endpoint_id: str) -> RecordedEvent:
    """Wait until every destination has the one event of an endpoint, and check that it is the same in all."""
    destinations: list[str] = run.outputs["destinations"]
    arrivals = [
        event
        for destination in destinations
        for event in eventually(lambda place=destination: events_of(run, endpoint_id, place))
    ]
    assert [event.destination for event in arrivals] == destinations
    # The event key is the same everywhere; each destination has an event id of its own.
    first = arrivals[0]
    alike = [replace(event, destination=first.destination, event_id=first.event_id) for event in arrivals]
    assert alike == [first] * len(arrivals)
    return first


def attributes_of(run: LocalRun, endpoint_id: str) -> Mapping[str, str] | None:
    """An endpoint's profile in Customer Profiles, without its id. None if there is no profile."""
    profile = run.fake(CustomerProfilesFake).profile(endpoint_id)
    if profile is None:
        return None
    assert profile["gtm_pixel_endpoint_id"] == endpoint_id
    return {name: value for name, value in profile.items() if name != "gtm_pixel_endpoint_id"}


def recorded(run: LocalRun, **parameters: str) -> RecordedEvent:
    """Send an event of a new endpoint, and wait until it is recorded."""
    endpoint_id = new_endpoint()
    assert send(run, event="purchase", endpoint_id=endpoint_id, **parameters).status == 200
    return the_event_of(run, endpoint_id)


def settle(run: LocalRun) -> None:
    """End the delay of every copy in the queue, until none is left."""

    def is_settled() -> bool:
        for message in run.cloud._queue(run.outputs["queue_url"])._messages:
            message.delayed_until = 0.0
        return run.queues.retries() == []

    eventually(is_settled)


@contextmanager
def long_delays() -> Iterator[None]:
    """Copies that are made within wait until `settle` ends their delay."""
    delay = sqs_models.Message.delay
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqs_models.Message, "delay", lambda message, **_: delay(message, delay_seconds=900))
        yield


def quiet(run: LocalRun) -> None:
    """Wait until the events of earlier tests are done. A planned fault is for the next request."""
    recorded(run)
    settle(run)


def log_lines(run: LocalRun, log_group: str | None = None) -> list[str]:
    """All lines of a log group in CloudWatch Logs, by default the processor's."""
    logs = run.cloud.client("logs")
    found = logs.filter_log_events(logGroupName=log_group or run.outputs["log_group"])
    return [event["message"] for event in found["events"]]


class Runs:
    """Keeps a local run while tests ask for the same settings. A process can have one: moto is global."""

    def __init__(self) -> None:
        self._run: LocalRun | None = None
        self._wanted: tuple[str, ...] = ()

    def shared(self, *overrides: str, stack: str = "pinpoint") -> LocalRun:
        """A run with these settings, which other tests may have used."""
        wanted = (stack, *overrides)
        if self._run is None or self._wanted != wanted:
            self.fresh(*overrides, stack=stack)
            self._wanted = wanted
        assert self._run is not None
        return self._run

    def fresh(self, *overrides: str, stack: str = "pinpoint", project_dir: Path = PROJECT_DIR) -> LocalRun:
        """A new run for one test."""
        self.stop()
        self._run = LocalRun.start(overrides=overrides, stack=stack, project_dir=project_dir)
        return self._run

    def stop(self) -> None:
        if self._run is not None:
            self._run.stop()
        self._run, self._wanted = None, ()


@contextmanager
def denied(run: LocalRun, action: str) -> Iterator[None]:
    """Remove an action (POLICY:SID/ACTION) from its role, and restore it at the end."""
    iam = run.cloud.client("iam")
    statement_of, _, denied_action = action.rpartition("/")
    ((role, policy, document),) = [
        (role, policy, document)
        for role, policy, document in _role_policies(run)
        if statement_of.partition(":")[0] == policy.rpartition("-")[0]
    ]
    sid = statement_of.partition(":")[2]
    statements = [
        {**one, "Action": [name for name in one["Action"] if (one["Sid"], name) != (sid, denied_action)]}
        for one in document["Statement"]
    ]
    left = [one for one in statements if one["Action"]]
    place = {"RoleName": role, "PolicyName": policy}
    if left:
        iam.put_role_policy(**place, PolicyDocument=json.dumps({**document, "Statement": left}))
    else:
        iam.delete_role_policy(**place)
    assert action not in deployed_actions(run)
    try:
        yield
    finally:
        iam.put_role_policy(**place, PolicyDocument=json.dumps(document))


def without(monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Deploy role policies without one action."""
    role_policy = iam.RESOURCES["RolePolicy"]

    def deploy_without(target: Target, name: str, inputs: Mapping[str, Any]) -> Any:
        document = json.loads(inputs["policy"])
        for statement in document["Statement"]:
            if f"{name}:{statement['Sid']}" == action.rpartition("/")[0]:
                statement["Action"].remove(action.rpartition("/")[2])
        document["Statement"] = [s for s in document["Statement"] if s["Action"]]
        if not document["Statement"]:
            return name, dict(inputs)  # a policy without statements cannot be deployed
        return role_policy.create(target, name, {**inputs, "policy": json.dumps(document)})

    monkeypatch.setitem(iam.RESOURCES, "RolePolicy", replace(role_policy, create=deploy_without))


def deployed_actions(run: LocalRun) -> set[str]:
    """Every action of every role, as POLICY:SID/ACTION."""
    return {
        f"{policy.rpartition('-')[0]}:{statement['Sid']}/{action}"
        for _, policy, document in _role_policies(run)
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def _role_policies(run: LocalRun) -> list[tuple[str, str, dict[str, Any]]]:
    """Role, name and document of every policy of a role."""
    iam = run.cloud.client("iam")
    return [
        (name, policy, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for name in [role["RoleName"] for role in iam.list_roles()["Roles"]]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
