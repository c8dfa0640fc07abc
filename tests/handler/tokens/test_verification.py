"""Which tokens are valid, and which endpoint a valid one proves. The issuer is asked over HTTP."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from handler.tokens.keys import SigningKeys
from handler.tokens.verification import LEEWAY_SECONDS, MAX_TOKEN_LENGTH, TokenVerifier, proven_endpoint
from tests.forged_tokens import ABSENT, FORGERIES, Forger, Forgery, Signer, ec_key, rsa_key, segment
from tests.ports import NOBODY
from tests.token_issuer import Clock, TokenIssuer, patient_keys

SINGLE = [forgery for forgery in FORGERIES if forgery.reason is not InvalidTokenReason.AMBIGUOUS]

RSA = Signer(key_id="rsa", make_key=partial(rsa_key, "first"))
CURVE = Signer(key_id="curve", make_key=partial(ec_key, "curve"), algorithm="ES256")


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer(RSA, CURVE)
    yield issuer
    issuer.stop()


@pytest.fixture
def verifier(issuer: TokenIssuer) -> TokenVerifier:
    """Without keys yet."""
    keys = patient_keys(issuer.url)
    return TokenVerifier(issuer=issuer.url, audiences={"client-1"}, keys=keys)


@pytest.fixture
def forger(issuer: TokenIssuer) -> Forger:
    return Forger(signer=RSA, issuer=issuer.url, audience="client-1", endpoint_id="e1")


def outcome(verifier: TokenVerifier, token: str, *, claim: str = "sub", requested: str | None = "e1") -> str:
    """The endpoint that a token proves, or the reason why it proves none."""
    try:
        return proven_endpoint(verifier.verify(token), claim=claim, requested=requested)
    except InvalidTokenError as refusal:
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


KNOWN_BY_ITS_KEY = {InvalidTokenReason.SIGNATURE, InvalidTokenReason.UNKNOWN_KEY}
ALGORITHM_OF_THE_KEY = "es256_with_the_key_id_of_an_rsa_key"
READ_WHEN_VERIFIED = {InvalidTokenReason.CLAIM_UNUSABLE, InvalidTokenReason.OTHER_ENDPOINT}
KEYLESS = [
    forgery
    for forgery in SINGLE
    if forgery.reason not in KNOWN_BY_ITS_KEY | READ_WHEN_VERIFIED
    and forgery.name not in {ALGORITHM_OF_THE_KEY, "no_endpoint", "endpoint_is_null"}
]


@pytest.mark.parametrize("forgery", KEYLESS, ids=lambda forgery: forgery.name)
def test_a_token_that_breaks_a_rule_does_not_fetch_keys(
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
    ("key", "reason"),
    [("first", "e1"), ("attackers", InvalidTokenReason.SIGNATURE)],
    ids=["issuers", "attackers"],
)
def test_without_a_key_id_the_only_fitting_key_decides(
    verifier: TokenVerifier, forger: Forger, key: str, reason: str
) -> None:
    signer = Signer(key_id="", make_key=partial(rsa_key, key))
    assert outcome(verifier, signer.sign(forger.claims(), kid=None)) == reason


# Less for exp: a busy machine may look only some time later.
@pytest.mark.parametrize(
    ("claim", "seconds"), [("exp", -15), ("nbf", 45), ("iat", 45)], ids=["exp", "nbf", "iat"]
)
def test_clocks_may_differ_by_almost_a_minute(
    verifier: TokenVerifier, forger: Forger, claim: str, seconds: int
) -> None:
    assert outcome(verifier, forger.token()) == "e1"  # from now on, no fetch of keys takes time
    assert outcome(verifier, forger.token(**{claim: int(time.time()) + seconds})) == "e1"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_clocks_may_not_differ_by_two_minutes(verifier: TokenVerifier, forger: Forger, claim: str) -> None:
    assert outcome(verifier, forger.token()) == "e1"  # as above
    token = forger.token(**{claim: int(time.time()) + 2 * LEEWAY_SECONDS})
    assert outcome(verifier, token) == InvalidTokenReason.NOT_YET_VALID


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
    assert outcome(verifier, "\ud83c" + forger.token()) == InvalidTokenReason.MALFORMED


def test_a_large_token_is_valid_up_to_the_limit(verifier: TokenVerifier, forger: Forger) -> None:
    padding = (MAX_TOKEN_LENGTH - len(forger.token(padding=""))) * 3 // 4
    token = forger.token(padding="x" * (padding - 2))
    assert MAX_TOKEN_LENGTH - 8 < len(token) <= MAX_TOKEN_LENGTH
    assert outcome(verifier, token) == "e1"


@pytest.mark.parametrize("endpoint", ["e1", "日本語 🎉 é", "Doe, John", "a&usat_plan=gold", "x" * 255])
def test_a_string_claim_is_the_endpoint_whichever_is_requested(
    verifier: TokenVerifier, forger: Forger, endpoint: str
) -> None:
    assert outcome(verifier, forger.naming(endpoint), requested="another") == endpoint
    assert outcome(verifier, forger.naming(endpoint), requested=None) == endpoint


@pytest.mark.parametrize("requested", ["e1", "e2"])
def test_a_list_claim_proves_the_requested_endpoint_if_it_is_in_the_list(
    verifier: TokenVerifier, forger: Forger, requested: str
) -> None:
    assert outcome(verifier, forger.naming(["e1", "e2"]), requested=requested) == requested


def test_a_list_may_hold_strings_that_are_no_endpoints(verifier: TokenVerifier, forger: Forger) -> None:
    assert outcome(verifier, forger.naming(["", "e" * 300, "\0", "e1"]), requested="e1") == "e1"


@pytest.mark.parametrize("requested", ["", " ", "e" * 256, "e1\0"])
def test_such_a_string_is_no_endpoint_even_if_requested(
    verifier: TokenVerifier, forger: Forger, requested: str
) -> None:
    assert (
        outcome(verifier, forger.naming([requested]), requested=requested)
        == InvalidTokenReason.CLAIM_UNUSABLE
    )


@pytest.mark.parametrize("requested", ["e3", "E1", "e", "", None])
def test_a_list_claim_proves_no_other_endpoint(
    verifier: TokenVerifier, forger: Forger, requested: str | None
) -> None:
    reason = InvalidTokenReason.OTHER_ENDPOINT
    assert outcome(verifier, forger.naming(["e1", "e2"]), requested=requested) == reason
    assert outcome(verifier, forger.naming(["e1"]), requested=requested) == reason


def test_another_claim_may_name_the_endpoint(verifier: TokenVerifier, forger: Forger) -> None:
    token = forger.token(sub=["whatever"], **{"custom:endpoint": "e9"})
    assert outcome(verifier, token, claim="custom:endpoint") == "e9"


@pytest.mark.parametrize(
    ("number", "endpoint"),
    [(1, "1"), (0, "0"), (-7, "-7"), (2**63, "9223372036854775808"), (10**50, f"1{'0' * 50}")],
)
def test_a_whole_number_is_an_endpoint_in_its_digits(
    verifier: TokenVerifier, forger: Forger, number: int, endpoint: str
) -> None:
    assert outcome(verifier, forger.naming(number), requested="another") == endpoint
    assert outcome(verifier, forger.naming(["e1", number]), requested=endpoint) == endpoint


@pytest.mark.parametrize("requested", ["01", "1.0", "+1", " 1", "1e0", "True"])
def test_a_number_in_a_list_has_no_other_form(
    verifier: TokenVerifier, forger: Forger, requested: str
) -> None:
    assert outcome(verifier, forger.naming([1]), requested=requested) == InvalidTokenReason.OTHER_ENDPOINT


NESTED = {"app_metadata": {"customer_id": "e9", "ids": [7, "e8"], "deep.er": {"id": "e7"}}}


@pytest.mark.parametrize(
    ("claim", "claims", "endpoint"),
    [
        ("app_metadata.customer_id", NESTED, "e9"),
        ("app_metadata.ids", NESTED, "e8"),
        ("app_metadata.deep.er.id", NESTED, "e7"),
        # Auth0's custom claims have names that are URLs.
        ("https://example.com/id", {"https://example.com/id": "e9"}, "e9"),
        ("https://example.com/app.id", {"https://example.com/app": {"id": "e9"}}, "e9"),
        # The whole name comes first, then the longest part of it.
        ("a.b", {"a.b": "e9", "a": {"b": "other"}}, "e9"),
        ("a.b.c", {"a.b": {"c": "e9"}, "a": {"b": {"c": "other"}}}, "e9"),
        ("a.b.c", {"a.b": {"d": "other"}, "a": {"b": {"c": "e9"}}}, "e9"),
        ("a.b", {"a.b": None, "a": {"b": "e9"}}, "e9"),
    ],
)
def test_a_claim_within_others_may_name_the_endpoint(
    verifier: TokenVerifier, forger: Forger, claim: str, claims: dict[str, Any], endpoint: str
) -> None:
    assert outcome(verifier, forger.token(**claims), claim=claim, requested="e8") == endpoint


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("app_metadata", InvalidTokenReason.CLAIM_UNUSABLE),
        ("app_metadata.", InvalidTokenReason.CLAIM_MISSING),
        ("app_metadata.other", InvalidTokenReason.CLAIM_MISSING),
        ("app_metadata.customer_id.more", InvalidTokenReason.CLAIM_MISSING),
        ("app_metadata.ids.0", InvalidTokenReason.CLAIM_MISSING),
        ("customer_id", InvalidTokenReason.CLAIM_MISSING),
        (".app_metadata.customer_id", InvalidTokenReason.CLAIM_MISSING),
        ("...", InvalidTokenReason.CLAIM_MISSING),
    ],
)
def test_a_way_that_leads_to_no_claim_proves_nothing(
    verifier: TokenVerifier, forger: Forger, claim: str, reason: InvalidTokenReason
) -> None:
    assert outcome(verifier, forger.token(**NESTED), claim=claim) == reason


@pytest.mark.parametrize("client", ["client-1", "app", ["other", "app"]])
def test_a_token_of_any_of_the_clients_is_valid(issuer: TokenIssuer, forger: Forger, client: Any) -> None:
    keys = patient_keys(issuer.url)
    verifier = TokenVerifier(issuer=issuer.url, audiences={"client-1", "app"}, keys=keys)

    assert outcome(verifier, forger.token(aud=client)) == "e1"
    assert outcome(verifier, forger.token(aud=ABSENT, token_use="access", client_id=client)) == "e1"
    assert outcome(verifier, forger.token(aud="third")) == InvalidTokenReason.AUDIENCE


class TestSeveralKeysThatFit:
    """A token without a key id, or an issuer that gives one id to several keys."""

    SIGNERS = tuple(
        Signer(key_id="same", make_key=partial(rsa_key, f"rotated-{number}")) for number in range(5)
    )

    @pytest.fixture
    def issuer(self) -> Iterator[TokenIssuer]:
        issuer = TokenIssuer(*self.SIGNERS)
        yield issuer
        issuer.stop()

    @pytest.mark.parametrize("shown", [{}, {"kid": None}], ids=["one id", "no id"])
    @pytest.mark.parametrize("number", range(4))
    def test_each_of_the_first_four_is_tried(
        self, verifier: TokenVerifier, forger: Forger, number: int, shown: dict[str, Any]
    ) -> None:
        assert outcome(verifier, self.SIGNERS[number].sign(forger.claims(), **shown)) == "e1"

    @pytest.mark.parametrize("shown", [{}, {"kid": None}], ids=["one id", "no id"])
    def test_no_more_are_tried_than_four(
        self, verifier: TokenVerifier, forger: Forger, shown: dict[str, Any]
    ) -> None:
        assert (
            outcome(verifier, self.SIGNERS[4].sign(forger.claims(), **shown)) == InvalidTokenReason.SIGNATURE
        )

    def test_none_of_them_takes_an_attackers_token(self, verifier: TokenVerifier, forger: Forger) -> None:
        assert outcome(verifier, forger.own.sign(forger.claims(), kid="same")) == InvalidTokenReason.SIGNATURE
        assert outcome(verifier, forger.own.sign(forger.claims(), kid=None)) == InvalidTokenReason.SIGNATURE


def test_an_issuer_without_key_ids_may_change_its_key(issuer: TokenIssuer, forger: Forger) -> None:
    old, new = (Signer(key_id="", make_key=partial(rsa_key, name)) for name in ("first", "second"))
    clock = Clock()
    own = TokenIssuer()
    own.key_set = {"keys": [old.jwk(kid=None)]}
    keys = patient_keys(issuer.url, own.jwks_uri, clock=clock)
    verifier = TokenVerifier(issuer=issuer.url, audiences={"client-1"}, keys=keys)
    assert outcome(verifier, old.sign(forger.claims(), kid=None)) == "e1"

    own.key_set = {"keys": [new.jwk(kid=None)]}

    # Not at once: otherwise forged tokens would make every request wait for the issuer.
    assert outcome(verifier, new.sign(forger.claims(), kid=None)) == InvalidTokenReason.SIGNATURE
    clock.passes(60)
    assert outcome(verifier, new.sign(forger.claims(), kid=None)) == "e1"
    assert outcome(verifier, old.sign(forger.claims(), kid=None)) == InvalidTokenReason.SIGNATURE
    own.stop()


def ecdsa(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (SEC 2, section 2.4.2)."""


@pytest.mark.parametrize(
    "signature",
    [
        ecdsa(0, 0),
        ecdsa(1, 0),
        ecdsa(0, 1),
        ecdsa(1, 1),
        ecdsa(ORDER, ORDER),
        ecdsa(ORDER - 1, 1),
        ecdsa(2**256 - 1, 2**256 - 1),
        b"",
        bytes(63),
        bytes(65),
        bytes.fromhex("3006020100020100"),  # zeros in DER, as ECDSA has it elsewhere
    ],
)
def test_no_signature_that_fits_anything_is_taken(
    verifier: TokenVerifier, forger: Forger, signature: bytes
) -> None:
    content = CURVE.sign(forger.claims()).rpartition(".")[0]

    assert outcome(verifier, f"{content}.{segment(signature)}") == InvalidTokenReason.SIGNATURE


def test_a_claim_that_is_null_is_absent(verifier: TokenVerifier, forger: Forger) -> None:
    assert outcome(verifier, forger.token(nbf=None, iat=None, token_use=None, jti=None)) == "e1"


token_parts = st.sampled_from([segment({"alg": "RS256", "kid": "rsa"}), segment(b"{}"), "", "."]) | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = ["alg", "kid", "crit", "b64", "exp", "nbf", "iat", "iss", "aud", "sub", "token_use", "client_id"]


@given(text=st.text() | st.lists(token_parts, max_size=5).map(".".join))
def test_no_string_makes_verification_raise_anything_else(text: str) -> None:
    keys = SigningKeys(issuer=NOBODY, jwks_uri=None)
    verifier = TokenVerifier(issuer=NOBODY, audiences={"client-1"}, keys=keys)
    assert outcome(verifier, text) in set(InvalidTokenReason)


@given(
    header=st.dictionaries(st.sampled_from(names), json_values | st.just("RS256")),
    claims=st.dictionaries(st.sampled_from(names), json_values | st.just(NOBODY)),
)
def test_no_header_and_no_claims_make_verifying_raise_anything_else(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    keys = SigningKeys(issuer=NOBODY, jwks_uri=None)
    verifier = TokenVerifier(issuer=NOBODY, audiences={"client-1"}, keys=keys)
    token = f"{segment({'alg': 'RS256', **header})}.{segment(claims)}.{segment(b'signature')}"
    assert outcome(verifier, token) in set(InvalidTokenReason)


@given(value=json_values, requested=st.none() | st.text())
def test_whatever_a_claim_holds_an_endpoint_is_a_string_that_a_message_can_carry(
    value: Any, requested: str | None
) -> None:
    try:
        endpoint = proven_endpoint({"sub": value}, claim="sub", requested=requested)
    except InvalidTokenError:
        return
    assert endpoint in (value, str(value), requested)
    assert endpoint.isprintable()
    assert json.loads(json.dumps(endpoint).encode()) == endpoint
