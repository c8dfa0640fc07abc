"""The token authorizer as API Gateway calls it, in front of an issuer over HTTP."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import authorizer
from handler.tokens.invalid import InvalidTokenReason
from handler.tokens.keys import TIMEOUT_SECONDS, SigningKeys
from tests.forged_tokens import FORGERIES, Forger, Forgery, rsa_signer
from tests.handler.log_output import LogOutput
from tests.patience import PATIENCE_SECONDS
from tests.token_issuer import TokenIssuer

METHOD_ARN = "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1b2c3/v1/GET/events"
COOKIE = "id_token"
OF_THE_SITE = {"sec-fetch-site": ["same-site"], "sec-fetch-mode": ["no-cors"], "sec-fetch-dest": ["image"]}
FROM_A_LINK = {"sec-fetch-site": ["cross-site"], "sec-fetch-mode": ["navigate"]}
NOTHING = {"proof": "none"}
PROVEN = {"proof": "proven", "proven_endpoint": "e1"}

_run = count(1)


@dataclass(slots=True, kw_only=True)
class Authorization(LogOutput):
    """The result of one invocation and its log."""

    context: Mapping[str, str]

    def counted(self) -> dict[str, list[float]]:
        names = ("TokensVerified", "TokensInvalid", "RequestsWithoutToken")
        return {name: self.metric(name) for name in names}


VERIFIED = {"TokensVerified": [1], "TokensInvalid": [0], "RequestsWithoutToken": [0]}
REFUSED = {"TokensVerified": [0], "TokensInvalid": [1], "RequestsWithoutToken": [0]}
ABSENT = {"TokensVerified": [0], "TokensInvalid": [0], "RequestsWithoutToken": [1]}


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def forger(issuer: TokenIssuer) -> Forger:
    return Forger(signer=issuer.signers[0], issuer=issuer.url, audience="client-1", endpoint_id="e1")


@pytest.fixture
def environment(aws_environment: pytest.MonkeyPatch, issuer: TokenIssuer) -> Iterator[pytest.MonkeyPatch]:
    """A new container with the stack's environment."""
    variables = {
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCES": '["client-1"]',
        "OIDC_JWKS_URI": "",
        "OIDC_ENDPOINT_CLAIM": "sub",
        "OIDC_COOKIE": COOKIE,
        # The issuer is on loopback.
        "GTM_PIXEL_LOCAL_RUN": "1",
        # Powertools keeps one logger a service, with the standard output it first saw.
        "POWERTOOLS_SERVICE_NAME": f"gtm-pixel-authorizer-{next(_run)}",
        "POWERTOOLS_METRICS_NAMESPACE": "GtmPixel",
    }
    for name, value in variables.items():
        aws_environment.setenv(name, value)
    patient = partial(SigningKeys, timeout_seconds=PATIENCE_SECONDS)  # a busy machine is no outage
    aws_environment.setattr(authorizer, "SigningKeys", patient)
    authorizer._authorizer.cache_clear()
    yield aws_environment
    authorizer._authorizer.cache_clear()


def request(
    *tokens: str, endpoint_id: str = "e1", headers: Mapping[str, list[str]] | None = None
) -> dict[str, Any]:
    """A REQUEST authorizer's event as a REST API sends it."""
    query = {"event": ["purchase"], "endpoint_id": [endpoint_id], "usat_plan": ["gold"]}
    if tokens:
        query["token"] = list(tokens)
    all_headers = {"Host": ["api.example"], **(headers or {})}
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": "/events",
        "path": "/events",
        "httpMethod": "GET",
        "headers": {name: values[-1] for name, values in all_headers.items()},
        "multiValueHeaders": all_headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"requestId": "chosen-by-caller", "extendedRequestId": "request-1"},
    }


@pytest.fixture
def authorize(
    environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Mapping[str, Any]], Authorization]:
    """Ask the authorizer about a request."""

    def authorize(event: Mapping[str, Any]) -> Authorization:
        response: Any = authorizer.lambda_handler(dict(event), cast("LambdaContext", None))
        context = response.pop("context")
        statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        assert response == {"principalId": "visitor", "policyDocument": policy}
        captured = capfd.readouterr()
        assert captured.err == ""
        return Authorization(context=context, output=captured.out)

    assert environment
    return authorize


Authorize = Callable[[Mapping[str, Any]], Authorization]


def test_a_valid_token_proves_its_endpoint(authorize: Authorize, forger: Forger) -> None:
    response = authorize(request(forger.token()))
    assert response.context == PROVEN
    assert response.counted() == VERIFIED
    assert [line for line in response.lines if "_aws" not in line] == []


@pytest.mark.parametrize(
    "place",
    [
        lambda token: request(token),
        lambda token: request(headers={"Authorization": [f"Bearer {token}"]}),
        lambda token: request(headers={"cookie": [f"theme=dark; {COOKIE}={token}"], **OF_THE_SITE}),
        lambda token: request(
            token,
            f"Bearer {token}",
            headers={
                "authorization": [f"bearer {token}"],
                "cookie": [f"{COOKIE}=%22{token}%22"],
                **OF_THE_SITE,
            },
        ),
    ],
    ids=["parameter", "header", "cookie", "everywhere the same"],
)
def test_the_token_may_be_in_each_place(
    authorize: Authorize, forger: Forger, place: Callable[[str], dict[str, Any]]
) -> None:
    assert authorize(place(forger.token())).context == PROVEN


NOT_FROM_THE_SITE = {
    "other_site": FROM_A_LINK,
    "navigation": {"sec-fetch-site": ["same-origin"], "sec-fetch-mode": ["navigate"]},
    "no_fetch_metadata": {"origin": ["https://site.example"]},
}


@pytest.mark.parametrize(("reason", "headers"), NOT_FROM_THE_SITE.items())
def test_a_cookie_that_the_site_itself_did_not_send_counts_as_not_sent_for_a_reason_of_its_own(
    authorize: Authorize,
    forger: Forger,
    issuer: TokenIssuer,
    reason: str,
    headers: Mapping[str, list[str]],
) -> None:
    response = authorize(request(headers={"Cookie": [f"{COOKIE}={forger.token()}"], **headers}))
    assert (response.context, response.counted()) == (NOTHING, ABSENT)
    assert (response.metric("CookiesIgnored"), response.metric("CookiesIgnored", reason=reason)) == ([1], [1])
    (line,) = response.logged("cookie ignored")
    assert (line["reason"], line["request_id"]) == (reason, "request-1")
    assert response.logged("token invalid") == []
    assert issuer.requests == {}


@pytest.mark.parametrize("other", ["e1", "e2"])
def test_an_ignored_cookie_does_not_conflict_with_another_token(
    authorize: Authorize, forger: Forger, other: str
) -> None:
    headers = {"Cookie": [f"{COOKIE}={forger.naming(other)}"], **FROM_A_LINK}
    response = authorize(request(forger.token(), headers=headers))
    assert (response.context, response.counted()) == (PROVEN, VERIFIED)
    assert response.metric("CookiesIgnored", reason="other_site") == [1]


def test_without_a_cookie_none_is_ignored(authorize: Authorize, forger: Forger) -> None:
    response = authorize(request(forger.token(), headers=FROM_A_LINK))
    assert (response.context, response.metric("CookiesIgnored")) == (PROVEN, [0])
    assert response.logged("cookie ignored") == []


@pytest.mark.parametrize("tokens", [[], [""], ["undefined"], ["null"], ["false"]])
def test_a_request_without_a_token_is_counted_apart_and_not_logged(
    authorize: Authorize, issuer: TokenIssuer, tokens: list[str]
) -> None:
    response = authorize(request(*tokens))
    assert (response.context, response.counted()) == (NOTHING, ABSENT)
    assert response.logged("token invalid") == []
    assert issuer.requests == {}


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_a_forged_token_proves_nothing_and_is_counted_and_logged_by_its_reason(
    authorize: Authorize, forger: Forger, forgery: Forgery
) -> None:
    tokens = forgery.tokens(forger)
    response = authorize(request(*tokens))
    assert (response.context, response.counted()) == (NOTHING, REFUSED)
    assert response.metric("TokensInvalid", reason=forgery.reason) == [1]
    (line,) = response.logged("token invalid")
    assert (line["level"], line["reason"], line["request_id"]) == ("WARNING", forgery.reason, "request-1")
    parts = [part for token in tokens for part in token.split(".") if len(part) > 8]
    assert [part for part in parts if part in response.output] == []


def test_nothing_of_a_token_or_a_request_is_written(authorize: Authorize, forger: Forger) -> None:
    secrets = {"email": "secret-mail", "sub": "secret-endpoint", "jti": "secret-id"}
    good = forger.token(**secrets)
    bad = forger.own.sign(forger.claims(**secrets), kid="secret-key")
    headers = {"User-Agent": ["secret-agent"], "X-Forwarded-For": ["secret-address"]}
    for tokens in ([good], [bad], [good, bad], ["secret-token"]):
        output = authorize(request(*tokens, endpoint_id="secret-endpoint", headers=headers)).output
        assert "secret" not in output
        assert good.rpartition(".")[2] not in output


def test_a_token_for_another_endpoint_proves_that_one(authorize: Authorize, forger: Forger) -> None:
    response = authorize(request(forger.naming("e2"), endpoint_id="e1"))
    assert response.context == {"proof": "proven", "proven_endpoint": "e2"}


def test_a_list_claim_proves_the_requested_endpoint(authorize: Authorize, forger: Forger) -> None:
    assert authorize(request(forger.naming(["e0", "e1"]))).context == PROVEN


def test_the_stack_says_which_claim_names_the_endpoint(
    environment: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    environment.setenv("OIDC_ENDPOINT_CLAIM", "custom:endpoint")
    token = forger.token(sub="another", **{"custom:endpoint": "e1"})
    assert authorize(request(token)).context == PROVEN


def test_a_claim_within_another_may_name_it_as_a_number(
    environment: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    environment.setenv("OIDC_ENDPOINT_CLAIM", "app_metadata.customer_id")
    token = forger.token(sub="another", app_metadata={"customer_id": 4711})
    assert authorize(request(token)).context == {"proof": "proven", "proven_endpoint": "4711"}


def test_a_token_of_any_client_of_the_stack_counts(
    environment: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    environment.setenv("OIDC_AUDIENCES", '["client-1", "app"]')
    assert authorize(request(forger.token(aud="app"))).context == PROVEN
    assert authorize(request(forger.token(aud="another"))).context == NOTHING


def test_keys_are_fetched_once_a_container(authorize: Authorize, forger: Forger, issuer: TokenIssuer) -> None:
    for _ in range(5):
        authorize(request(forger.token()))
    assert issuer.requests.total() == 2  # the discovery document and the key set


def test_while_the_issuer_is_down_cached_keys_still_prove_and_the_failure_shows(
    monkeypatch: pytest.MonkeyPatch, authorize: Authorize, forger: Forger, issuer: TokenIssuer
) -> None:
    assert authorize(request(forger.token())).metric("KeyFetchesFailed") == [0]
    issuer.refuse_connections()
    still_fresh = authorize(request(forger.token()))
    assert (still_fresh.context, still_fresh.metric("KeyFetchesFailed")) == (PROVEN, [0])
    monkeypatch.setattr(authorizer._authorizer()._verifier.keys, "_clock", lambda: time.time() + 3601)
    an_hour_later = authorize(request(forger.token()))
    assert (an_hour_later.context, an_hour_later.counted()) == (PROVEN, VERIFIED)
    assert an_hour_later.metric("KeyFetchesFailed") == [1]
    (line,) = an_hour_later.logged("signing keys not fetched")
    assert (line["level"], line["detail"]) == ("WARNING", "ConnectionRefusedError")
    unknown = authorize(request(forger.own.sign(forger.claims())))
    assert unknown.metric("TokensInvalid", reason="unknown_key") == [1]


def test_an_issuer_that_is_down_from_the_start_costs_no_event(
    authorize: Authorize, forger: Forger, issuer: TokenIssuer
) -> None:
    issuer.refuse_connections()
    response = authorize(request(forger.token()))
    assert (response.context, response.counted()) == (NOTHING, REFUSED)
    (line,) = response.logged("token invalid")
    assert (line["reason"], line["detail"]) == ("keys_unavailable", "ConnectionRefusedError")


def test_an_issuer_that_does_not_respond_holds_up_one_request(
    monkeypatch: pytest.MonkeyPatch, authorize: Authorize, forger: Forger, issuer: TokenIssuer
) -> None:
    monkeypatch.setattr(authorizer, "SigningKeys", SigningKeys)
    keys = authorizer._authorizer()._verifier.keys
    assert keys._timeout_seconds == TIMEOUT_SECONDS
    monkeypatch.setattr(keys, "_timeout_seconds", 0.1)
    issuer.delay_seconds = 2 * PATIENCE_SECONDS
    start = time.monotonic()
    assert authorize(request(forger.token())).context == NOTHING
    assert time.monotonic() - start < PATIENCE_SECONDS
    response = authorize(request(forger.token()))
    assert response.metric("TokensInvalid", reason="keys_unavailable") == [1]
    assert issuer.requests.total() <= 1  # none, if the time was over before it could be sent


def test_a_key_that_the_issuer_adds_is_known_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch, authorize: Authorize, forger: Forger, issuer: TokenIssuer
) -> None:
    authorize(request(forger.token()))
    second = rsa_signer("second")
    issuer.signers = (*issuer.signers, second)
    keys = authorizer._authorizer()._verifier.keys
    monkeypatch.setattr(keys, "_clock", lambda: time.time() + 61)
    assert authorize(request(second.sign(forger.claims()))).context == PROVEN


@pytest.mark.parametrize("name", ["OIDC_ISSUER", "OIDC_AUDIENCES", "POWERTOOLS_SERVICE_NAME"])
def test_a_wrong_environment_costs_no_event_and_says_what_is_wrong(
    environment: pytest.MonkeyPatch, authorize: Authorize, forger: Forger, name: str
) -> None:
    environment.delenv(name)
    response = authorize(request(forger.token()))
    assert response.context == NOTHING
    (line,) = response.logged("authorizer failed")
    assert (line["level"], line["reason"]) == ("ERROR", "unexpected_error")
    assert line["detail"].startswith(f"{name} is not set")
    assert response.metric("TokensInvalid", reason="unexpected_error") == [1]


def test_without_a_metrics_namespace_the_event_still_passes(
    environment: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    environment.delenv("POWERTOOLS_METRICS_NAMESPACE")
    response = authorize(request(forger.token()))
    assert response.context == NOTHING
    assert len(response.logged("authorizer failed")) == 1


def test_an_unexpected_error_costs_no_event_and_its_text_is_not_logged(
    monkeypatch: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(authorizer, "find_token", fail)
    response = authorize(request(forger.token()))
    assert (response.context, response.counted()) == (NOTHING, REFUSED)
    (line,) = response.logged("token invalid")
    assert (line["reason"], line["detail"]) == (InvalidTokenReason.UNEXPECTED_ERROR, "RuntimeError")
    assert "secret" not in response.output


def test_metrics_that_cannot_be_written_cost_no_event(
    monkeypatch: pytest.MonkeyPatch, authorize: Authorize, forger: Forger
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("secret")

    monkeypatch.setattr(authorizer.TokenReport, "publish", fail)
    response = authorize(request(forger.token()))
    assert response.context == NOTHING
    assert [line["detail"] for line in response.logged("authorizer failed")] == ["OSError"]
    assert "secret" not in response.output


@pytest.mark.parametrize("missing", ["requestContext", "headers", "multiValueHeaders"])
@pytest.mark.parametrize("value", [None, "text", []])
def test_a_part_of_the_event_that_is_not_there_is_done_without(
    authorize: Authorize, forger: Forger, missing: str, value: object
) -> None:
    assert authorize({**request(forger.token()), missing: value}).context == PROVEN
    assert authorize({**request("forged"), missing: value}).context == NOTHING


anything = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
string_lists = st.lists(st.text(), min_size=1, max_size=2)
parts = [
    *("headers", "multiValueHeaders", "queryStringParameters"),
    *("multiValueQueryStringParameters", "requestContext"),
]


# One authorizer for all examples, as on Lambda.
shared_authorizer = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@shared_authorizer
@given(
    tokens=string_lists,
    headers=st.dictionaries(
        st.sampled_from(["Authorization", "Cookie"]) | st.text(), string_lists, max_size=3
    ),
    endpoint_id=st.text(),
)
def test_no_string_in_a_request_makes_the_authorizer_raise_or_deny(
    authorize: Authorize, tokens: list[str], headers: dict[str, list[str]], endpoint_id: str
) -> None:
    response = authorize(request(*tokens, endpoint_id=endpoint_id, headers=headers))
    assert response.context == NOTHING
    assert response.metric("TokensInvalid", reason="unexpected_error") == []


@shared_authorizer
@given(event=st.dictionaries(st.sampled_from(parts), anything))
def test_no_shape_of_an_event_makes_the_authorizer_raise_or_deny(
    authorize: Authorize, event: dict[str, Any]
) -> None:
    response = authorize({"methodArn": METHOD_ARN, **event})
    assert response.context == NOTHING
    assert response.metric("TokensInvalid", reason="unexpected_error") == []


def test_the_response_is_json_of_strings(authorize: Authorize, forger: Forger) -> None:
    context = authorize(request(forger.naming("日本語 🎉 é"))).context
    assert json.loads(json.dumps(context)) == context
    assert {type(value) for value in context.values()} == {str}


def test_importing_needs_no_environment_and_no_aws_sdk() -> None:
    absent = dict.fromkeys(["boto3", "botocore"])  # to Python, modules that cannot be imported
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}; sys.modules.update({absent!r}); import handler.authorizer"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
