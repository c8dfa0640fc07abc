"""Keys from an issuer over HTTP: discovery, rotation, outages, and how often the issuer is asked."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handler.signing_keys import Algorithm, SigningKeys
from handler.token_refusal import RefusalReason, TokenRefusedError
from tests.forged_tokens import Signer, ec_key, rsa_key
from tests.patience import PATIENCE_SECONDS
from tests.token_issuer import Clock, TokenIssuer

DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"
FIRST = Signer(key_id="first", private_key=rsa_key("first"))
SECOND = Signer(key_id="second", private_key=rsa_key("second"))
CURVE = Signer(key_id="curve", private_key=ec_key("curve"), algorithm="ES256")


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer(FIRST)
    yield issuer
    issuer.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: TokenIssuer, clock: Clock) -> SigningKeys:
    return SigningKeys(issuer=issuer.url, jwks_uri=None, clock=clock)


def found(keys: SigningKeys, key_id: str | None = "first", algorithm: Algorithm = Algorithm.RS256) -> Any:
    """The id of the key that is found, or the reason why there is none."""
    try:
        return keys.find(key_id=key_id, algorithm=algorithm).key_id
    except TokenRefusedError as refusal:
        return refusal.reason


def detail(keys: SigningKeys) -> str | None:
    with pytest.raises(TokenRefusedError) as caught:
        keys.find(key_id="first", algorithm=Algorithm.RS256)
    assert caught.value.reason is RefusalReason.KEYS_UNAVAILABLE
    return caught.value.detail


def test_keys_are_where_the_discovery_document_says(issuer: TokenIssuer, keys: SigningKeys) -> None:
    assert found(keys) == "first"
    assert issuer.requests == {DISCOVERY: 1, KEYS: 1}


def test_an_issuer_with_a_slash_at_the_end_has_the_same_place_of_discovery(issuer: TokenIssuer) -> None:
    issuer.discovery = {"issuer": issuer.url + "/"}
    assert found(SigningKeys(issuer=issuer.url + "/", jwks_uri=None)) == "first"


def test_a_configured_place_of_keys_needs_no_discovery(issuer: TokenIssuer) -> None:
    assert found(SigningKeys(issuer="https://issuer.example", jwks_uri=issuer.jwks_uri)) == "first"
    assert issuer.requests == {KEYS: 1}


def test_keys_are_fetched_once(issuer: TokenIssuer, keys: SigningKeys, clock: Clock) -> None:
    for _ in range(50):
        assert found(keys) == "first"
        clock.passes(60)
    assert issuer.requests == {DISCOVERY: 1, KEYS: 1}


def test_a_new_key_is_fetched_when_a_token_names_it(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.signers = (FIRST, SECOND)
    clock.passes(60)
    assert (found(keys, "second"), found(keys)) == ("second", "first")
    assert issuer.requests == {DISCOVERY: 1, KEYS: 2}


def test_unknown_keys_make_nobody_ask_more_than_once_a_minute(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    for second in range(301):
        for number in range(3):
            assert found(keys, f"unknown-{second}-{number}") == RefusalReason.UNKNOWN_KEY
        clock.passes(1)
    assert issuer.requests[KEYS] == 6  # at 0, 60, 120, 180, 240 and 300 seconds
    assert found(keys) == "first"


def test_a_key_that_the_issuer_withdraws_is_gone_within_an_hour(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.signers = (SECOND,)
    clock.passes(3599)
    assert found(keys) == "first"
    clock.passes(1)
    assert found(keys) == RefusalReason.UNKNOWN_KEY


def test_an_issuer_may_withdraw_all_its_keys(issuer: TokenIssuer, keys: SigningKeys, clock: Clock) -> None:
    found(keys)
    issuer.key_set = {"keys": []}
    clock.passes(3600)
    assert found(keys) == RefusalReason.UNKNOWN_KEY


def break_status(issuer: TokenIssuer) -> None:
    issuer.status = 503


def break_json(issuer: TokenIssuer) -> None:
    issuer.key_set = "<html>Back soon</html>"


def break_nesting(issuer: TokenIssuer) -> None:
    issuer.key_set = '{"keys": ' + "[" * 100_000


def break_shape(issuer: TokenIssuer) -> None:
    issuer.key_set = {"keys": {"first": 1}}


def break_size(issuer: TokenIssuer) -> None:
    issuer.key_set = {"keys": [FIRST.jwk()], "padding": "x" * 256 * 1024}


def redirect(issuer: TokenIssuer) -> None:
    issuer.status = 302


OUTAGES: dict[Callable[[TokenIssuer], None], str] = {
    TokenIssuer.stop: "ConnectionRefusedError",
    break_status: "status 503",
    redirect: "status 302",
    break_json: "the answer is no JSON object, or too long",
    break_nesting: "the answer is no JSON object, or too long",
    break_size: "the answer is no JSON object, or too long",
    break_shape: "the key set has no keys",
}


@pytest.mark.parametrize(("outage", "problem"), OUTAGES.items())
def test_without_keys_the_reason_is_that_they_are_unavailable_and_what_came_instead(
    issuer: TokenIssuer, keys: SigningKeys, outage: Callable[[TokenIssuer], None], problem: str
) -> None:
    outage(issuer)
    assert detail(keys) == problem


@pytest.mark.parametrize("outage", OUTAGES)
def test_the_last_good_keys_stay_while_the_issuer_is_down(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock, outage: Callable[[TokenIssuer], None]
) -> None:
    found(keys)
    outage(issuer)
    for _ in range(30):
        clock.passes(1800)
        assert found(keys) == "first"
        assert found(keys, "unknown") == RefusalReason.UNKNOWN_KEY


def test_after_an_outage_the_issuers_keys_count_again(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.status = 500
    clock.passes(3600)
    found(keys)
    issuer.status, issuer.signers = 200, (SECOND,)
    assert found(keys) == "first"
    clock.passes(60)
    assert (found(keys), found(keys, "second")) == (RefusalReason.UNKNOWN_KEY, "second")


def test_an_issuer_that_is_down_is_asked_once_in_ten_seconds(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    issuer.status = 500
    for _ in range(30):
        assert found(keys) == RefusalReason.KEYS_UNAVAILABLE
        clock.passes(1)
    assert issuer.requests == {DISCOVERY: 3}


def test_keys_that_have_moved_are_discovered_again(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    elsewhere = TokenIssuer(SECOND)
    issuer.discovery = {"jwks_uri": elsewhere.jwks_uri}
    issuer.key_set = "gone"
    clock.passes(60)
    found(keys, "second")
    clock.passes(60)
    assert found(keys, "second") == "second"
    elsewhere.stop()


def wait_for_nothing(issuer: TokenIssuer) -> None:
    issuer.delay_seconds = 2 * PATIENCE_SECONDS


def drip(issuer: TokenIssuer) -> None:
    # No single read waits long; the whole document would take more than three minutes.
    issuer.drip_seconds = 0.02
    issuer.discovery = {"padding": "x" * 10_000}


@pytest.mark.parametrize("slow", [wait_for_nothing, drip])
def test_a_slow_issuer_is_waited_for_no_longer_than_the_timeout(
    issuer: TokenIssuer, slow: Callable[[TokenIssuer], None]
) -> None:
    slow(issuer)
    keys = SigningKeys(issuer=issuer.url, jwks_uri=None, timeout_seconds=0.3)
    start = time.monotonic()
    assert detail(keys) == "no answer in time"
    assert detail(keys) == "no answer in time"
    assert time.monotonic() - start < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("discovery", "problem"),
    [
        ({"issuer": "https://attacker.example"}, "the discovery document names another issuer"),
        ({"issuer": None}, "the discovery document names another issuer"),
        ({"jwks_uri": None}, "the discovery document has no https jwks_uri"),
        ({"jwks_uri": "http://issuer.example/keys"}, "the discovery document has no https jwks_uri"),
        ({"jwks_uri": "file:///etc/passwd"}, "the discovery document has no https jwks_uri"),
    ],
)
def test_a_discovery_document_that_is_not_the_issuers_own_leads_nowhere(
    issuer: TokenIssuer, keys: SigningKeys, discovery: dict[str, Any], problem: str
) -> None:
    issuer.discovery = discovery
    assert detail(keys) == problem
    assert issuer.requests == {DISCOVERY: 1}


@pytest.mark.parametrize(
    ("members", "usable"),
    [
        ({}, {"RS256", "PS256"}),
        ({"use": None}, {"RS256", "PS256"}),
        ({"alg": "PS256"}, {"PS256"}),
        ({"alg": "RS512"}, set()),
        ({"alg": "none"}, set()),
        ({"alg": ["RS256"]}, set()),
        ({"use": "enc"}, set()),
        ({"kty": "oct", "k": "c2VjcmV0"}, set()),
        ({"kty": None}, set()),
        ({"n": None}, set()),
        ({"n": 17}, set()),
        ({"n": "!"}, set()),
        ({"e": "AA"}, set()),
        ({"kid": 1}, set()),
    ],
)
def test_a_key_is_used_as_its_set_says(
    issuer: TokenIssuer, keys: SigningKeys, members: dict[str, Any], usable: set[str]
) -> None:
    issuer.key_set = {"keys": ["no key", None, FIRST.jwk(**members), SECOND.jwk()]}
    assert {algorithm for algorithm in Algorithm if found(keys, "first", algorithm) == "first"} == usable
    assert found(keys, "second") == "second"


@pytest.mark.parametrize(
    ("members", "usable"),
    [({}, {"ES256"}), ({"crv": "P-384"}, set()), ({"crv": None}, set()), ({"x": "AA"}, set())],
)
def test_of_the_elliptic_curves_p_256_is_usable(
    issuer: TokenIssuer, keys: SigningKeys, members: dict[str, Any], usable: set[str]
) -> None:
    issuer.key_set = {"keys": [CURVE.jwk(**members)]}
    assert {algorithm for algorithm in Algorithm if found(keys, "curve", algorithm) == "curve"} == usable


def test_a_point_off_the_curve_is_no_key(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.key_set = {"keys": [CURVE.jwk(y=CURVE.jwk()["x"])]}
    assert found(keys, "curve", Algorithm.ES256) == RefusalReason.UNKNOWN_KEY


def test_a_short_rsa_key_is_no_key(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (Signer(key_id="short", private_key=rsa_key("short", bits=1024)),)
    assert found(keys, "short") == RefusalReason.UNKNOWN_KEY


def test_private_members_in_a_set_are_not_read(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.key_set = {"keys": [CURVE.jwk(d="not even a number")]}
    assert found(keys, "curve", Algorithm.ES256) == "curve"


def test_an_algorithm_that_does_not_fit_the_named_key_is_refused_without_asking_again(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    clock.passes(60)
    assert found(keys, "first", Algorithm.ES256) == RefusalReason.ALGORITHM
    assert issuer.requests[KEYS] == 1


def test_without_a_key_id_the_only_key_that_fits_is_taken(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (FIRST, CURVE)
    assert found(keys, None) == "first"
    assert found(keys, None, Algorithm.ES256) == "curve"


def test_without_a_key_id_none_of_several_is_taken(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (FIRST, SECOND)
    assert found(keys, None) == RefusalReason.UNKNOWN_KEY


def test_of_two_keys_with_one_id_none_is_taken(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.key_set = {"keys": [FIRST.jwk(), SECOND.jwk(kid="first")]}
    assert found(keys) == RefusalReason.UNKNOWN_KEY
