"""`ops token`: what a deployed authorizer would say of a token."""

import io
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from cli.errors import FailedError
from handler.tokens.keys import SigningKeys
from local.run import LocalRun
from ops import token_check
from ops.command_line import main
from tests.forged_tokens import Forger
from tests.patience import PATIENCE_SECONDS
from tests.ports import NOBODY
from tests.runs import AT_ONCE, TO_PROFILES, Runs, new_endpoint, quiet
from tests.token_issuer import TokenIssuer

AUDIENCE = "site"


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def run(runs: Runs, issuer: TokenIssuer) -> LocalRun:
    with_tokens = ("authMode=authenticated", f"oidcIssuer={issuer.url}", f"oidcAudiences={AUDIENCE}")
    return runs.shared(*with_tokens, *TO_PROFILES, *AT_ONCE)


@pytest.fixture
def forger(issuer: TokenIssuer) -> Forger:
    return Forger(signer=issuer.signers[0], issuer=issuer.url, audience=AUDIENCE, endpoint_id=new_endpoint())


@pytest.fixture
def judged(
    run: LocalRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Gives a token on standard input; returns the exit status and what is printed."""

    def call(token: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(
            token_check, "SigningKeys", partial(SigningKeys, timeout_seconds=PATIENCE_SECONDS)
        )
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{token}\n".encode("utf-16"))))
        status = main(["token", *arguments, "--local", run.url])
        said = capsys.readouterr()
        assert not token or token not in said.out + said.err
        return status, said.out + said.err

    return call


def test_a_valid_token_proves_an_endpoint_that_only_show_values_shows(
    judged: Callable[..., tuple[int, str]], forger: Forger, run: LocalRun
) -> None:
    quiet(run)
    before = len(run.recorder.events())

    status, text = judged(f"Bearer {forger.token()}", "--json")

    assert (status, json.loads(text)["outcome"]) == (0, "proven")
    assert json.loads(text)["checked_against"]["cookie"] is None
    assert forger.endpoint_id not in text
    assert forger.endpoint_id in judged(forger.token(), "--show-values")[1]
    assert judged(forger.token(), "--endpoint-id", forger.endpoint_id)[0] == 0
    assert len(run.recorder.events()) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: "", "no_token: the request has no token"),
        (lambda f: f.token(exp=int(time.time()) - 3600), "expired: the token has expired"),
        (lambda f: f.token(aud="other"), "audience: the token is for another client"),
        (lambda f: f.own.sign(f.claims(), kid=f.signer.key_id), "signature: the token has a wrong signature"),
        (lambda _: "garbage", "malformed: the token is not a JSON Web Token"),
    ],
)
def test_an_invalid_token_is_told_by_its_reason(
    judged: Callable[..., tuple[int, str]], forger: Forger, make: Callable[[Forger], str], said: str
) -> None:
    status, text = judged(make(forger))

    assert status == 1
    assert text.startswith(said)
    assert "updates no profile" in text
    assert "None" not in text  # this stack reads no cookie


def test_the_clients_are_named_so_that_one_can_compare(
    judged: Callable[..., tuple[int, str]], forger: Forger
) -> None:
    _, text = judged(forger.token(aud="other"), "--json")

    assert json.loads(text)["checked_against"]["clients"] == AUDIENCE


def test_a_token_for_another_endpoint_updates_nothing(
    judged: Callable[..., tuple[int, str]], forger: Forger
) -> None:
    status, text = judged(forger.token(), "--endpoint-id", "somebody-else")

    assert status == 1
    assert text.startswith("proof_of_other_endpoint: the token proves another customer's endpoint")


def test_an_issuer_without_keys_is_named_as_the_cause(forger: Forger) -> None:
    variables: dict[str, Any] = {
        "OIDC_ISSUER": NOBODY,
        "OIDC_AUDIENCES": json.dumps([AUDIENCE]),
        "POWERTOOLS_SERVICE_NAME": "s",
        "POWERTOOLS_METRICS_NAMESPACE": "n",
    }
    environment = token_check.settings(variables, is_local=True)

    verdict = token_check.judge(forger.token(iss=NOBODY), environment, endpoint_id=None)

    assert verdict.outcome == "keys_unavailable"
    assert verdict.detail
    with pytest.raises(FailedError, match="OIDC_ISSUER"):
        token_check.settings(variables, is_local=False)


def test_a_token_given_as_an_argument_is_not_repeated(
    judged: Callable[..., tuple[int, str]], forger: Forger
) -> None:
    token = forger.token()

    status, text = judged("", token)

    assert (status, token in text) == (2, False)


def test_the_doctor_says_what_became_of_no_token_and_of_an_invalid_one(
    run: LocalRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--send", "--yes", "--json", "--local", run.url]) == 0

    found = {one["check"]: (one["state"], one["detail"]) for one in json.loads(capsys.readouterr().out)}
    assert found["no token"] == ("ok", "no token was sent: the event updates no profile")
    assert found["a long invalid token"] == (
        "ok",
        "status 200, token invalid: malformed; the event updates no profile",
    )
    assert (found["authorizer"][0], found["one object for the same event"]) == ("ok", ("ok", "1 objects"))
