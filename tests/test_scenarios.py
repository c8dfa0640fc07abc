"""Who may update a profile: the open and the authenticated scenario over HTTP, in the local run.

The tests have their own issuer on loopback. The authorizer, its archive, the gateway, the queue and the
processor are the program's.
"""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeVar
from urllib.error import HTTPError

import pytest

from contract.missing_values import is_without_identity
from handler.tokens.invalid import InvalidTokenReason
from local.deployment.resources import lambda_
from local.deployment.resources.declaration import ResourceType
from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import RecordedEvent
from local.run import LocalRun
from tests.forged_tokens import FORGERIES, Forger
from tests.handler.log_output import LogOutput
from tests.hostile import HOSTILE_VALUES
from tests.patience import PATIENCE_SECONDS, eventually
from tests.runs import (
    AT_ONCE,
    TO_PROFILES,
    WITHOUT_MONITORING,
    Runs,
    attributes_of,
    denied,
    deployed_actions,
    events_of,
    log_lines,
    new_endpoint,
    send,
    send_pairs,
    the_event_of,
)
from tests.token_issuer import TokenIssuer

AUDIENCE = "site"
COOKIE = "session"
UPDATES = {"usat_plan": "gold", "usat_tier": "1"}

Pairs = Sequence[tuple[str, str]]
Name = TypeVar("Name")


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def run(runs: Runs, issuer: TokenIssuer) -> LocalRun:
    """The authenticated scenario with its default: with a proven endpoint, every attribute may be updated."""
    return authenticated_run(runs, issuer, "all")


@pytest.fixture
def still_run(runs: Runs, issuer: TokenIssuer) -> LocalRun:
    """A run whose messages stay in the queue."""
    run = runs.shared(*authenticated(issuer), "stageName=still", *AT_ONCE)
    run.poller.stop()
    assert messages(run) == []
    return run


def authenticated(issuer: TokenIssuer) -> Sequence[str]:
    return (
        *("authMode=authenticated", f"oidcIssuer={issuer.url}", f"oidcAudiences={AUDIENCE}"),
        f"oidcCookie={COOKIE}",
    )


def forger(issuer: TokenIssuer, endpoint_id: str) -> Forger:
    return Forger(signer=issuer.signers[0], issuer=issuer.url, audience=AUDIENCE, endpoint_id=endpoint_id)


def token(issuer: TokenIssuer, endpoint_id: str) -> str:
    """A token that proves the endpoint."""
    return forger(issuer, endpoint_id).token()


def expired(issuer: TokenIssuer, endpoint_id: str) -> str:
    return forger(issuer, endpoint_id).token(exp=int(time.time()) - 3600)


# Headers that a browser sends with an image or a fetch on a page of the API's own site.
OF_THE_SITE = (("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image"))

# Each place of a token, as parameters and headers of a request.
SOURCES: Mapping[str, Callable[[str], tuple[Pairs, Pairs]]] = {
    "parameter": lambda token: ([("token", token)], []),
    "bearer": lambda token: ([], [("Authorization", f"Bearer {token}")]),
    "cookie": lambda token: ([], [("Cookie", f"theme=dark; {COOKIE}={token}"), *OF_THE_SITE]),
}

WRITTEN_OTHERWISE: Mapping[str, Callable[[str], tuple[Pairs, Pairs]]] = {
    "bearer in a parameter": lambda token: ([("token", f"Bearer {token}")], []),
    "capital letters": lambda token: ([("TOKEN", token)], []),
    "escaped as HTML": lambda token: ([("amp;token", token)], []),
    "spaces": lambda token: ([(" Token\t", f" {token} ")], []),
    "encoded cookie": lambda token: ([], [("Cookie", f"{COOKIE}=%22Bearer%20{token}%22"), *OF_THE_SITE]),
}


class Sent(NamedTuple):
    status: int
    request_id: str
    event: RecordedEvent


class Request(NamedTuple):
    endpoint_id: str
    parameters: Pairs = ()
    headers: Pairs = ()


def record(run: LocalRun, endpoint_id: str, parameters: Pairs = (), headers: Pairs = ()) -> Sent:
    """Send an event with profile updates, and wait until it is recorded."""
    return record_all(run, {"": Request(endpoint_id, parameters, headers)})[""]


def record_all(run: LocalRun, requests: Mapping[Name, Request]) -> dict[Name, Sent]:
    """Send all of them, then wait until each is recorded."""
    responses = {
        name: send_pairs(
            run,
            [
                ("event", "purchase"),
                ("endpoint_id", request.endpoint_id),
                *UPDATES.items(),
                *request.parameters,
            ],
            request.headers,
        )
        for name, request in requests.items()
    }
    return {
        name: Sent(
            response.status,
            response.headers["x-amz-apigw-id"],
            the_event_of(run, requests[name].endpoint_id),
        )
        for name, response in responses.items()
    }


def record_with(run: LocalRun, endpoint_id: str, token: str, source: str = "parameter") -> Sent:
    return record(run, endpoint_id, *SOURCES[source](token))


def authorizer_log(run: LocalRun) -> list[str]:
    """The authorizer's log so far. Its lines are written before the response."""
    groups = [group["logGroupName"] for group in run.cloud.client("logs").describe_log_groups()["logGroups"]]
    (group,) = [name for name in groups if "authorizer" in name]
    return log_lines(run, group)


# ---- The rules ----------------------------------------------------------------------------------------

PROFILE_UPDATES: Mapping[str, Sequence[str]] = {
    "none": ("profileUpdates=none",),
    "allowlist": ("profileUpdates=allowlist", "profileAttributes=plan"),
    "all": ("profileUpdates=all",),
}
ALLOWED: Mapping[str, Mapping[str, list[str]]] = {
    "none": {},
    "allowlist": {"plan": ["gold"]},
    "all": {"plan": ["gold"], "tier": ["1"]},
}
"""The updates that may reach the profile, by the value of profileUpdates."""


class Row(NamedTuple):
    """A rule: the token for an endpoint, and whether a request with it may update the profile."""

    name: str
    token: Callable[[TokenIssuer, str], str]
    may_update: bool


OPEN_ROWS = (
    Row("no-token", lambda _issuer, _endpoint: "", may_update=True),
    Row("failing-token", expired, may_update=True),
    Row("valid-token", token, may_update=True),
    Row("token-of-another", lambda issuer, _: token(issuer, "somebody-else"), may_update=True),
)
AUTHENTICATED_ROWS = (
    Row("no-token", lambda _issuer, _endpoint: "", may_update=False),
    Row("failing-token", expired, may_update=False),
    Row("valid-token", token, may_update=True),
    Row("token-of-another", lambda issuer, _: token(issuer, "somebody-else"), may_update=False),
)


def open_run(runs: Runs, profile_updates: str) -> LocalRun:
    setting = () if profile_updates == "none" else PROFILE_UPDATES[profile_updates]  # it is the default
    return runs.shared("authMode=open", *TO_BOTH, *setting, *AT_ONCE)


def authenticated_run(runs: Runs, issuer: TokenIssuer, profile_updates: str) -> LocalRun:
    setting = () if profile_updates == "all" else PROFILE_UPDATES[profile_updates]  # it is the default
    return runs.shared(*authenticated(issuer), *TO_BOTH, *setting, *AT_ONCE)


TO_BOTH = (*TO_PROFILES, "destinations=pinpoint,customer-profiles")


def assert_only_these_may_update(
    run: LocalRun, issuer: TokenIssuer, rows: Sequence[Row], profile_updates: str
) -> None:
    """Send each row's token from each source; check the updates of the event, and the profile."""
    requests = {}
    for row, source in product(rows, SOURCES):
        endpoint_id = new_endpoint()
        requests[row, source] = Request(endpoint_id, *SOURCES[source](row.token(issuer, endpoint_id)))

    sent = record_all(run, requests)

    allowed = ALLOWED[profile_updates]
    profile = {name: value for name, [value] in allowed.items()}
    assert {one.status for one in sent.values()} == {200}
    assert {(row.name, source): one.event.user_attributes for (row, source), one in sent.items()} == {
        (row.name, source): allowed if row.may_update else {} for row, source in requests
    }
    assert {
        (row.name, source): attributes_of(run, request.endpoint_id)
        for (row, source), request in requests.items()
    } == {(row.name, source): profile if row.may_update else {} for row, source in requests}


class TestWhoMayUpdateAProfile:
    @pytest.mark.parametrize("profile_updates", PROFILE_UPDATES)
    def test_in_an_open_stack_the_setting_alone_decides(
        self, runs: Runs, issuer: TokenIssuer, profile_updates: str
    ) -> None:
        run = open_run(runs, profile_updates)

        assert_only_these_may_update(run, issuer, OPEN_ROWS, profile_updates)

    @pytest.mark.parametrize("profile_updates", PROFILE_UPDATES)
    def test_in_an_authenticated_stack_the_token_must_prove_the_endpoint_too(
        self, runs: Runs, issuer: TokenIssuer, profile_updates: str
    ) -> None:
        run = authenticated_run(runs, issuer, profile_updates)

        assert_only_these_may_update(run, issuer, AUTHENTICATED_ROWS, profile_updates)

    def test_a_purchase_sent_again_is_one_as_long_as_its_proof_is_the_same(
        self, run: LocalRun, issuer: TokenIssuer
    ) -> None:
        endpoint_id = new_endpoint()
        purchase = {"event": "purchase", "endpoint_id": endpoint_id, "event_id": "T_1"}
        tokens = (token(issuer, endpoint_id), token(issuer, endpoint_id), expired(issuer, endpoint_id))

        for number, own in enumerate(tokens, start=1):
            assert send(run, **purchase, token=own).status == 200
            eventually(lambda count=number: len(events_of(run, endpoint_id, "customer-profiles")) == count)

        keys = [event.event_key for event in events_of(run, endpoint_id, "customer-profiles")]
        assert keys[0] == keys[1] != keys[2]
        assert len(run.fake(CustomerProfilesFake).objects(endpoint_id)) == 2

    def test_the_same_token_from_two_places_is_one(self, run: LocalRun, issuer: TokenIssuer) -> None:
        endpoint_id = new_endpoint()
        own = token(issuer, endpoint_id)

        sent = record(run, endpoint_id, [("token", own)], [("Authorization", f"Bearer {own}")])

        assert sent.event.user_attributes == ALLOWED["all"]

    @pytest.mark.parametrize("source", WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
    def test_a_token_counts_however_it_is_written(
        self, run: LocalRun, issuer: TokenIssuer, source: Callable[[str], tuple[Pairs, Pairs]]
    ) -> None:
        endpoint_id = new_endpoint()

        sent = record(run, endpoint_id, *source(token(issuer, endpoint_id)))

        assert sent.event.user_attributes == ALLOWED["all"]

    def test_a_whole_number_proves_the_endpoint_of_its_digits(
        self, run: LocalRun, issuer: TokenIssuer
    ) -> None:
        number = int(new_endpoint().rpartition("-")[2]) + 471_100
        own = forger(issuer, "").naming(number)

        assert record_with(run, str(number), own).event.user_attributes == ALLOWED["all"]

    @pytest.mark.parametrize(
        "says",
        [
            [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
            [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")],
            [*OF_THE_SITE, ("sec-fetch-site", "cross-site")],
            [],
        ],
        ids=["a link on another site", "a link on the site", "both", "an old browser"],
    )
    def test_a_cookie_that_the_site_itself_did_not_send_counts_as_none(
        self, run: LocalRun, issuer: TokenIssuer, says: Pairs
    ) -> None:
        endpoint_id = new_endpoint()
        cookie = ("Cookie", f"{COOKIE}={token(issuer, endpoint_id)}")

        assert record(run, endpoint_id, headers=[cookie, *says]).event.user_attributes == {}

    @pytest.mark.parametrize("name", ["Authorization", "authorization"])
    def test_two_different_tokens_count_as_none(self, run: LocalRun, issuer: TokenIssuer, name: str) -> None:
        endpoint_id = new_endpoint()
        own, other = token(issuer, endpoint_id), token(issuer, "somebody-else")

        sent = record(run, endpoint_id, headers=[(name, f"Bearer {own}"), (name, f"Bearer {other}")])

        assert sent.event.user_attributes == {}

    def test_any_printable_endpoint_can_be_proven(self, run: LocalRun, issuer: TokenIssuer) -> None:
        endpoints = [
            value for value in HOSTILE_VALUES if value.isprintable() and not is_without_identity(value)
        ]

        sent = record_all(
            run, {name: Request(name, *SOURCES["parameter"](token(issuer, name))) for name in endpoints}
        )

        updates = {name: one.event.user_attributes for name, one in sent.items()}
        assert updates == dict.fromkeys(endpoints, ALLOWED["all"])

    def test_only_the_owner_of_a_profile_can_change_it(self, run: LocalRun, issuer: TokenIssuer) -> None:
        endpoint_id = new_endpoint()
        record_with(run, endpoint_id, token(issuer, endpoint_id))

        send(run, event="forgery", endpoint_id=endpoint_id, usat_plan="platinum")
        eventually(lambda: len(events_of(run, endpoint_id, "customer-profiles")) == 2)

        assert attributes_of(run, endpoint_id) == {"plan": "gold", "tier": "1"}

    def test_an_attribute_that_is_not_declared_is_left_out_of_the_profile(
        self, run: LocalRun, issuer: TokenIssuer
    ) -> None:
        endpoint_id = new_endpoint()

        send(
            run,
            event="purchase",
            endpoint_id=endpoint_id,
            token=token(issuer, endpoint_id),
            usat_plan="gold",
            usat_colour="blue",
        )
        eventually(lambda: events_of(run, endpoint_id, "customer-profiles"))

        assert attributes_of(run, endpoint_id) == {"plan": "gold"}

    def test_an_anonymous_event_creates_no_profile_if_events_may_not(
        self, runs: Runs, issuer: TokenIssuer
    ) -> None:
        run = runs.shared(*authenticated(issuer), *TO_PROFILES, "customerProfilesCreate=false", *AT_ONCE)
        endpoint_id = new_endpoint()

        record(run, endpoint_id)

        assert attributes_of(run, endpoint_id) is None
        assert run.fake(CustomerProfilesFake).objects(endpoint_id) == []


# ---- Forged and broken tokens --------------------------------------------------------------------------


class TestForgedTokens:
    def test_none_changes_a_profile_and_each_event_is_recorded_and_each_reason_counted(
        self, run: LocalRun, issuer: TokenIssuer
    ) -> None:
        requests = {}
        for forgery in FORGERIES:
            endpoint_id = new_endpoint()
            tokens = forgery.tokens(forger(issuer, endpoint_id))
            requests[forgery.name] = Request(endpoint_id, [("token", one) for one in tokens])
        before = len(authorizer_log(run))

        sent = record_all(run, requests)

        assert {name: (one.status, one.event.user_attributes) for name, one in sent.items()} == dict.fromkeys(
            requests, (200, {})
        )
        log = LogOutput(output="\n".join(authorizer_log(run)[before:]))
        reasons = {line["request_id"]: line["reason"] for line in log.logged("token invalid")}
        assert {name: reasons.get(one.request_id) for name, one in sent.items()} == {
            forgery.name: forgery.reason for forgery in FORGERIES
        }
        counted = {reason: log.metric("TokensInvalid", reason=reason) for reason in set(reasons.values())}
        assert counted == {
            reason: [1] * count for reason, count in Counter(f.reason for f in FORGERIES).items()
        }

    def test_there_are_at_least_forty(self) -> None:
        assert len(FORGERIES) >= 40


# ---- The issuer ----------------------------------------------------------------------------------------


class TestAnIssuerThatIsDown:
    @pytest.fixture
    def own_issuer(self) -> Iterator[TokenIssuer]:
        issuer = TokenIssuer()
        yield issuer
        issuer.stop()

    def test_it_costs_no_event(self, runs: Runs, own_issuer: TokenIssuer) -> None:
        run = runs.fresh(*authenticated(own_issuer), *AT_ONCE)
        own_issuer.stop()

        events = [record_with(run, name, token(own_issuer, name)) for name in ("e1", "e2", "e3")]

        assert [(one.status, one.event.user_attributes) for one in events] == [(200, {})] * 3
        refusals = LogOutput(output="\n".join(authorizer_log(run))).logged("token invalid")
        assert [line["reason"] for line in refusals] == [InvalidTokenReason.KEYS_UNAVAILABLE] * 3

    def test_one_that_never_responds_costs_no_event(self, runs: Runs, own_issuer: TokenIssuer) -> None:
        own_issuer.delay_seconds = 60
        run = runs.fresh(*authenticated(own_issuer), *AT_ONCE)

        sent = record_with(run, "e1", token(own_issuer, "e1"))

        assert (sent.status, sent.event.user_attributes) == (200, {})

    def test_with_its_keys_cached_it_costs_no_profile_update(
        self, runs: Runs, own_issuer: TokenIssuer
    ) -> None:
        run = runs.fresh(*authenticated(own_issuer), *AT_ONCE)
        while_up = record_with(run, "e1", token(own_issuer, "e1"))
        own_issuer.stop()

        while_down = record_with(run, "e2", token(own_issuer, "e2"))

        assert while_up.event.user_attributes == while_down.event.user_attributes == ALLOWED["all"]


# ---- Forged attributes --------------------------------------------------------------------------------

POSING_ATTRIBUTE = (
    "&MessageAttribute.3.Name=proven_endpoint&MessageAttribute.3.Value.DataType=String"
    "&MessageAttribute.3.Value.StringValue=e1"
)
POSING = {
    "proven_endpoint": "e1",
    "proof": "proven",
    "context.authorizer.proof": "proven",
    "MessageAttribute.3.Name": "proven_endpoint",
    "MessageAttribute.3.Value.DataType": "String",
    "MessageAttribute.3.Value.StringValue": "e1",
    "evat_attribute": POSING_ATTRIBUTE,
    f"evat_{POSING_ATTRIBUTE}": "x",
    "evat_reference": '#set($context.authorizer.proof = "proven")',
}


class TestPosing:
    def test_a_value_in_the_url_cannot_pose_as_a_message_attribute(self, still_run: LocalRun) -> None:
        send(still_run, event="purchase", endpoint_id="e1", **POSING)

        assert message_attributes(still_run) == {}

    def test_a_header_cannot_pose_as_one_either(self, still_run: LocalRun) -> None:
        parameters = [("event", "purchase"), ("endpoint_id", "e1")]
        send_pairs(still_run, parameters, [*POSING.items()][:6])

        assert message_attributes(still_run) == {}

    def test_a_claim_cannot_pose_as_one_either(self, still_run: LocalRun, issuer: TokenIssuer) -> None:
        send(still_run, event="purchase", endpoint_id="e1", token=token(issuer, "e1" + POSING_ATTRIBUTE))

        assert message_attributes(still_run) == {"proven_endpoint": "e1" + POSING_ATTRIBUTE}

    def test_a_parameter_that_poses_as_proof_changes_no_profile(self, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        posing = {name: value.replace("e1", endpoint_id) for name, value in POSING.items()}

        send(run, event="purchase", endpoint_id=endpoint_id, **UPDATES, **posing)

        for destination in run.outputs["destinations"]:
            (event,) = eventually(lambda place=destination: events_of(run, endpoint_id, place))
            assert event.user_attributes == {}
        assert attributes_of(run, endpoint_id) == {}

    @pytest.mark.parametrize("name", ["event", "endpoint_id"])
    def test_no_header_supplies_a_required_parameter(self, run: LocalRun, name: str) -> None:
        parameters = {"event": "purchase", "endpoint_id": "e1"}
        value = parameters.pop(name)

        assert send_pairs(run, list(parameters.items()), [(name, value)]).status == 400

    def test_no_header_supplies_a_profile_update(self, run: LocalRun, issuer: TokenIssuer) -> None:
        endpoint_id = new_endpoint()
        parameters = [("event", "purchase"), ("endpoint_id", endpoint_id)]
        own = ("token", token(issuer, endpoint_id))

        send_pairs(run, [*parameters, own], [("usat_plan", "gold"), ("Usat_Tier", "1")])
        (event,) = eventually(lambda: events_of(run, endpoint_id))

        assert event.user_attributes == {}

    def test_the_token_must_prove_the_last_of_repeated_endpoints(
        self, run: LocalRun, issuer: TokenIssuer
    ) -> None:
        own, victim = new_endpoint(), new_endpoint()
        parameters = [
            ("event", "purchase"),
            ("endpoint_id", own),
            ("endpoint_id", victim),
            ("usat_plan", "gold"),
        ]

        send_pairs(run, [*parameters, ("token", token(issuer, own))])
        (event,) = eventually(lambda: events_of(run, victim))

        assert event.user_attributes == {}
        assert events_of(run, own) == []


def messages(run: LocalRun) -> list[dict[str, Any]]:
    """Up to ten messages of the queue. Receiving a message hides it for a while."""
    response = run.cloud.client("sqs").receive_message(
        QueueUrl=run.outputs["queue_url"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    return response.get("Messages", [])


def message_attributes(run: LocalRun) -> dict[str, str]:
    """The trusted attributes of the one message in the queue, without request id and time."""
    (message,) = messages(run)
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert {"request_id", "request_time"} <= attributes.keys()
    return {name: text for name, text in attributes.items() if not name.startswith("request_")}


# ---- Where a token must not be -------------------------------------------------------------------------


class TestATokenIsNowhere:
    def test_it_is_in_no_queue_message(self, still_run: LocalRun, issuer: TokenIssuer) -> None:
        tokens = [make(issuer, "e1") for make in (token, expired)]
        sources = [*SOURCES.values(), *WRITTEN_OTHERWISE.values()]
        for one in tokens:
            for source in sources:
                parameters, headers = source(one)
                send_pairs(still_run, [("event", "purchase"), ("endpoint_id", "e1"), *parameters], headers)

        found = [*messages(still_run), *messages(still_run)]  # at most ten at a time

        assert len(found) == len(tokens) * len(sources)
        assert parts_within(tokens, json.dumps(found)) == []

    def test_it_is_in_no_log_line_and_no_metric(self, run: LocalRun, issuer: TokenIssuer) -> None:
        tokens: list[str] = []
        for source in SOURCES:
            for make in (token, expired):
                endpoint_id = new_endpoint()
                tokens.append(make(issuer, endpoint_id))
                record_with(run, endpoint_id, tokens[-1], source)

        lines = [*authorizer_log(run), *eventually(lambda: log_lines(run))]

        assert any('"token invalid"' in line for line in lines)
        assert any('"TokensVerified"' in line for line in lines)
        assert any('"batch processed"' in line for line in lines)
        assert parts_within(tokens, "\n".join(lines)) == []


def parts_within(tokens: Sequence[str], text: str) -> list[str]:
    """The payloads and signatures of tokens in a string. Headers are the same in all tokens."""
    return [part for token in tokens for part in token.split(".")[1:] if part in text]


# ---- Permissions ---------------------------------------------------------------------------------------

AUTHORIZER_ACTIONS = {
    f"gtm-pixel-authorizer-policy:WriteLogs/logs:{action}": action
    for action in ("CreateLogStream", "PutLogEvents")
}


class TestLeastPrivilege:
    def test_the_authorizer_may_write_its_log_and_nothing_else(self, run: LocalRun) -> None:
        actions = {action for action in deployed_actions(run) if action.startswith("gtm-pixel-authorizer")}

        assert actions == set(AUTHORIZER_ACTIONS)

    def test_nothing_is_denied(self, run: LocalRun, issuer: TokenIssuer) -> None:
        endpoint_id, before = new_endpoint(), len(run.problems.lines)
        record_with(run, endpoint_id, token(issuer, endpoint_id))

        assert [line for line in run.problems.lines[before:] if "AccessDenied" in line] == []

    @pytest.mark.parametrize(("action", "refused"), AUTHORIZER_ACTIONS.items())
    def test_without_one_of_its_actions_that_shows(self, run: LocalRun, action: str, refused: str) -> None:
        before = len(run.problems.lines)

        with denied(run, action):
            assert send(run, event="purchase", endpoint_id=new_endpoint()).status == 200

        assert any("AccessDenied" in line and refused in line for line in run.problems.lines[before:])

    def test_without_permission_to_invoke_the_authorizer_a_request_is_a_500_and_queues_nothing(
        self, runs: Runs, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        created = ResourceType(
            lambda _, name, inputs: (name, dict(inputs)), lambda_.RESOURCES["Permission"].inputs
        )
        monkeypatch.setitem(lambda_.RESOURCES, "Permission", created)
        run = runs.fresh(*authenticated(issuer), *AT_ONCE)
        run.poller.stop()

        assert send(run, event="purchase", endpoint_id="e1").status == 500
        assert messages(run) == []


# ---- make local STACK=prod -----------------------------------------------------------------------------


class TestTheDemoUser:
    """The stack `prod`, with the users that the local run makes."""

    @pytest.fixture
    def prod(self, runs: Runs) -> LocalRun:
        return runs.shared(*AT_ONCE, *WITHOUT_MONITORING, stack="prod")

    def test_it_says_that_it_is_authenticated(self, prod: LocalRun) -> None:
        assert prod.outputs["auth_mode"] == "authenticated"

    def test_the_url_is_that_of_the_open_scenario(self, prod: LocalRun) -> None:
        assert prod.outputs["events_url"] == f"{prod.url}/v1/events"

    def test_it_updates_its_own_profile(self, prod: LocalRun) -> None:
        user = sign_in(prod, "first")

        assert record_with(prod, user["endpoint_id"], user["token"]).event.user_attributes == ALLOWED["all"]
        assert attributes_of(prod, user["endpoint_id"]) == {"plan": "gold", "tier": "1"}

    def test_a_visitor_who_is_not_signed_in_updates_no_profile(self, prod: LocalRun) -> None:
        assert record(prod, new_endpoint()).event.user_attributes == {}

    def test_with_an_expired_token_it_updates_no_profile(self, prod: LocalRun) -> None:
        user = sign_in(prod, "second")

        assert record_with(prod, user["endpoint_id"], user["expired_token"]).event.user_attributes == {}

    def test_it_updates_nobody_elses_profile(self, prod: LocalRun) -> None:
        assert record_with(prod, new_endpoint(), sign_in(prod, "third")["token"]).event.user_attributes == {}

    def test_it_stays_the_same_user_when_it_signs_in_again(self, prod: LocalRun) -> None:
        assert sign_in(prod, "fourth")["endpoint_id"] == sign_in(prod, "fourth")["endpoint_id"]

    def test_with_your_own_issuer_there_is_none(self, runs: Runs, issuer: TokenIssuer) -> None:
        run = authenticated_run(runs, issuer, "all")

        with pytest.raises(HTTPError, match="404") as refused:
            sign_in(run, "demo")
        refused.value.close()


def sign_in(run: LocalRun, user: str) -> Mapping[str, str]:
    request = urllib.request.Request(
        f"{run.url}/demo/sign-in",
        data=json.dumps({"user": user}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)
