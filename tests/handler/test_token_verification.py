"""Which tokens are valid, and which endpoint a valid one proves. The issuer is asked over HTTP."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.signing_keys import SigningKeys
from handler.token_refusal import RefusalReason, TokenRefusedError
from handler.token_verification import MAX_TOKEN_LENGTH, TokenVerifier, proven_endpoint
from tests.forged_tokens import ABSENT, FORGERIES, Forger, Forgery, Signer, ec_key, rsa_key, segment
from tests.token_issuer import TokenIssuer

SINGLE = [forgery for forgery in FORGERIES if forgery.reason is not RefusalReason.AMBIGUOUS]

RSA = Signer(key_id="rsa", private_key=rsa_key("first"))
CURVE = Signer(key_id="curve", private_key=ec_key("curve"), algorithm="ES256")


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer(RSA, CURVE)
    yield issuer
    issuer.stop()


@pytest.fixture
def verifier(issuer: TokenIssuer) -> TokenVerifier:
    """Without keys yet."""
    keys = SigningKeys(issuer=issuer.url, jwks_uri=None)
    return TokenVerifier(issuer=issuer.url, audiences={"client-1"}, keys=keys)


@pytest.fixture
def forger(issuer: TokenIssuer) -> Forger:
    return Forger(signer=RSA, issuer=issuer.url, audience="client-1", endpoint_id="e1")


def outcome(verifier: TokenVerifier, token: str, *, claim: str = "sub", requested: str | None = "e1") -> str:
    """The endpoint that a token proves, or the reason why it proves none."""
    try:
        return proven_endpoint(verifier.verify(token), claim=claim, requested=requested)
    except TokenRefusedError as refusal:
        return refusal.reason


def test_there_are_enough_forgeries_each_with_its_own_name() -> None:
    names = {forgery.name for forgery in FORGERIES}
    assert len(names) == len(FORGERIES)
    assert len(names) >= 40


def test_a_token_of_the_issuers_proves_its_endpoint(verifier: TokenVerifier, forger: Forger) -> None:
    assert outcome(verifier, forger.token()) == "e1"


@pytest.mark.parametrize("forgery", SINGLE, ids=lambda forgery: forgery.name)
def test_a_forged_token_proves_nothing_and_has_its_reason(
    verifier: TokenVerifier, forger: Forger, forgery: Forgery
) -> None:
    assert outcome(verifier, forger.token()) == "e1"
    (token,) = forgery.tokens(forger)
    assert outcome(verifier, token) == forgery.reason


KNOWN_BY_ITS_KEY = {RefusalReason.SIGNATURE, RefusalReason.UNKNOWN_KEY}
ALGORITHM_OF_THE_KEY = "es256_with_the_key_id_of_an_rsa_key"
READ_WHEN_VERIFIED = {RefusalReason.CLAIM_UNUSABLE, RefusalReason.OTHER_ENDPOINT}
KEYLESS = [
    forgery
    for forgery in SINGLE
    if forgery.reason not in KNOWN_BY_ITS_KEY | READ_WHEN_VERIFIED
    and forgery.name not in {ALGORITHM_OF_THE_KEY, "no_endpoint", "endpoint_is_null"}
]


@pytest.mark.parametrize("forgery", KEYLESS, ids=lambda forgery: forgery.name)
def test_a_token_that_breaks_a_rule_makes_nobody_ask_the_issuer(
    issuer: TokenIssuer, verifier: TokenVerifier, forger: Forger, forgery: Forgery
) -> None:
    before = issuer.requests.total()
    (token,) = forgery.tokens(forger)
    assert outcome(verifier, token) == forgery.reason
    assert issuer.requests.total() == before


@pytest.mark.parametrize(
    ("signer", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (CURVE, "ES256")], ids=["RS", "PS", "ES"]
)
def test_the_allowed_algorithms_are_verified(
    verifier: TokenVerifier, forger: Forger, signer: Signer, algorithm: str
) -> None:
    assert outcome(verifier, signer.sign(forger.claims(), alg=algorithm)) == "e1"


@pytest.mark.parametrize(
    ("private_key", "reason"),
    [(rsa_key("first"), "e1"), (rsa_key("attackers"), RefusalReason.SIGNATURE)],
    ids=["issuers", "attackers"],
)
def test_without_a_key_id_the_only_fitting_key_decides(
    verifier: TokenVerifier, forger: Forger, private_key: Any, reason: str
) -> None:
    signer = Signer(key_id="", private_key=private_key)
    assert outcome(verifier, signer.sign(forger.claims(), kid=None)) == reason


@pytest.mark.parametrize(
    ("claim", "seconds"), [("exp", -45), ("nbf", 45), ("iat", 45)], ids=["exp", "nbf", "iat"]
)
def test_clocks_may_differ_by_almost_a_minute(
    verifier: TokenVerifier, forger: Forger, claim: str, seconds: int
) -> None:
    assert outcome(verifier, forger.token(**{claim: int(time.time()) + seconds})) == "e1"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "client-1"]},
        {"token_use": "id"},
        {"token_use": "access", "aud": ABSENT, "client_id": "client-1"},
        {"token_use": "access", "aud": "https://resource.example", "client_id": "client-1"},
        {"token_use": None},
        {"iat": ABSENT},
        {"jti": 7},
    ],
)
def test_tokens_of_every_kind_that_names_this_client_are_valid(
    verifier: TokenVerifier, forger: Forger, claims: dict[str, Any]
) -> None:
    assert outcome(verifier, forger.token(**claims)) == "e1"


def test_half_a_character_is_malformed(verifier: TokenVerifier, forger: Forger) -> None:
    # JSON can hold one, UTF-8 cannot.
    assert outcome(verifier, "\ud83c" + forger.token()) == RefusalReason.MALFORMED


def test_a_large_token_is_valid_up_to_the_limit(verifier: TokenVerifier, forger: Forger) -> None:
    padding = (MAX_TOKEN_LENGTH - len(forger.token(padding=""))) * 3 // 4
    token = forger.token(padding="x" * (padding - 2))
    assert MAX_TOKEN_LENGTH - 8 < len(token) <= MAX_TOKEN_LENGTH
    assert outcome(verifier, token) == "e1"


@pytest.mark.parametrize("endpoint", ["e1", "日本語 🎉 é", "Doe, John", "a&usat_plan=gold", "x" * 1024])
def test_a_text_claim_is_the_endpoint_whichever_is_requested(
    verifier: TokenVerifier, forger: Forger, endpoint: str
) -> None:
    assert outcome(verifier, forger.naming(endpoint), requested="another") == endpoint
    assert outcome(verifier, forger.naming(endpoint), requested=None) == endpoint


@pytest.mark.parametrize("requested", ["e1", "e2"])
def test_a_list_claim_proves_the_requested_endpoint_if_it_is_in_the_list(
    verifier: TokenVerifier, forger: Forger, requested: str
) -> None:
    assert outcome(verifier, forger.naming(["e1", "e2"]), requested=requested) == requested


@pytest.mark.parametrize("requested", ["e3", "E1", "e", "", None])
def test_a_list_claim_proves_no_other_endpoint(
    verifier: TokenVerifier, forger: Forger, requested: str | None
) -> None:
    reason = RefusalReason.OTHER_ENDPOINT
    assert outcome(verifier, forger.naming(["e1", "e2"]), requested=requested) == reason
    assert outcome(verifier, forger.naming(["e1"]), requested=requested) == reason


def test_another_claim_may_name_the_endpoint(verifier: TokenVerifier, forger: Forger) -> None:
    token = forger.token(sub=["whatever"], **{"custom:endpoint": "e9"})
    assert outcome(verifier, token, claim="custom:endpoint") == "e9"


token_parts = st.sampled_from([segment({"alg": "RS256", "kid": "rsa"}), segment(b"{}"), "", "."]) | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = ["alg", "kid", "crit", "b64", "exp", "nbf", "iat", "iss", "aud", "sub", "token_use", "client_id"]


@given(text=st.text() | st.lists(token_parts, max_size=5).map(".".join))
def test_no_text_makes_verifying_raise_anything_else(text: str) -> None:
    keys = SigningKeys(issuer="http://127.0.0.1:9", jwks_uri=None)
    verifier = TokenVerifier(issuer="http://127.0.0.1:9", audiences={"client-1"}, keys=keys)
    assert outcome(verifier, text) in set(RefusalReason)


@given(
    header=st.dictionaries(st.sampled_from(names), json_values | st.just("RS256")),
    claims=st.dictionaries(st.sampled_from(names), json_values | st.just("http://127.0.0.1:9")),
)
def test_no_header_and_no_claims_make_verifying_raise_anything_else(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    keys = SigningKeys(issuer="http://127.0.0.1:9", jwks_uri=None)
    verifier = TokenVerifier(issuer="http://127.0.0.1:9", audiences={"client-1"}, keys=keys)
    token = f"{segment({'alg': 'RS256', **header})}.{segment(claims)}.{segment(b'signature')}"
    assert outcome(verifier, token) in set(RefusalReason)


@given(value=json_values, requested=st.none() | st.text())
def test_whatever_a_claim_holds_an_endpoint_is_text_that_a_message_can_carry(
    value: Any, requested: str | None
) -> None:
    try:
        endpoint = proven_endpoint({"sub": value}, claim="sub", requested=requested)
    except TokenRefusedError:
        return
    assert endpoint in (value, requested)
    assert endpoint.isprintable()
    assert json.loads(json.dumps(endpoint).encode()) == endpoint
