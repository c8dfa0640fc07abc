"""Tokens that must prove nothing, each with the reason under which it is counted as invalid.

They work against any issuer whose RSA key is available: give a Forger the issuer's key, as a `Signer`, and
get every Forgery's tokens from it. The issuer's key set must contain that key.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from handler.tokens.invalid import InvalidTokenReason
from handler.tokens.verification import LEEWAY_SECONDS, MAX_TOKEN_LENGTH

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The RSA key of a name. Each is generated only once, because that is slow."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    assert name
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key that signs tokens, and its entry in a key set."""

    key_id: str
    # Called when the key is needed, not before: RSA keys take long.
    make_key: Callable[[], PrivateKey]
    algorithm: str = "RS256"

    @property
    def private_key(self) -> PrivateKey:
        return self.make_key()

    def sign(self, claims: Mapping[str, Any], **headers: Any) -> str:
        """A token. A header that is None is left out."""
        shown = {"kid": self.key_id, **headers}
        return jwt.PyJWS().encode(
            json.dumps(claims).encode(),
            self.private_key,
            algorithm=headers.get("alg", self.algorithm),
            headers={name: value for name, value in shown.items() if value is not None},
        )

    def jwk(self, **members: Any) -> dict[str, Any]:
        """The public key as a JWK. A member that is None is left out."""
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            public = RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        else:
            public = ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        key = {**public, "key_ops": None, "kid": self.key_id, "use": "sig", **members}
        return {name: value for name, value in key.items() if value is not None}


def rsa_signer(name: str) -> Signer:
    """A signer of this key id, with the RSA key of the same name."""
    return Signer(key_id=name, make_key=partial(rsa_key, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """An attacker who has seen the issuer's tokens, knows its public key, and has other keys."""

    signer: Signer
    issuer: str
    audience: str
    endpoint_id: str
    endpoint_claim: str = "sub"
    own: Signer = field(default_factory=lambda: rsa_signer("attackers"))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of an ID token that is valid now. ABSENT leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": now,
            "exp": now + 600,
            self.endpoint_claim: self.endpoint_id,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not ABSENT}

    def token(self, **changes: Any) -> str:
        """A token signed by the issuer, valid unless `changes` says otherwise."""
        return self.signer.sign(self.claims(**changes))

    def naming(self, value: Any) -> str:
        """A token signed by the issuer with this value in the endpoint claim."""
        return self.token(**{self.endpoint_claim: value})

    def public_pem(self) -> bytes:
        public = self.signer.private_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """The values of `token` in a request, and the reason under which they are counted."""

    name: str
    reason: InvalidTokenReason
    make: Callable[[Forger], str | tuple[str, ...]]

    def tokens(self, forger: Forger) -> tuple[str, ...]:
        made = self.make(forger)
        return (made,) if isinstance(made, str) else made


def segment(content: object) -> str:
    """A part of a token: bytes unchanged, anything else as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(forger: Forger, **header: Any) -> str:
    return f"{segment({'typ': 'JWT', **header})}.{segment(forger.claims())}."


def _with_secret(forger: Forger, secret: bytes, algorithm: str = "HS256", key_id: str | None = None) -> str:
    """A token with an HMAC whose secret is public."""
    header = {"alg": algorithm, "kid": key_id or forger.signer.key_id}
    content = f"{segment(header)}.{segment(forger.claims())}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{content}.{segment(hmac.new(secret, content.encode(), digest).digest())}"


def _with_header(forger: Forger, **header: Any) -> str:
    """A good token with another header."""
    _, payload, signature = forger.token().split(".")
    shown = {"alg": "RS256", "kid": forger.signer.key_id, **header}
    header = {name: value for name, value in shown.items() if value is not ABSENT}
    return f"{segment(header)}.{payload}.{signature}"


def _with_payload(forger: Forger, payload: object) -> str:
    """A good token with another payload."""
    header, _, signature = forger.token().split(".")
    return f"{header}.{segment(payload)}.{signature}"


def _with_signature(forger: Forger, change: Callable[[bytes], bytes]) -> str:
    content, _, signature = forger.token().rpartition(".")
    return f"{content}.{segment(change(base64.urlsafe_b64decode(signature + '==')))}"


def _signed(forger: Forger, payload: bytes) -> str:
    """Any payload, signed by the issuer's key."""
    return jwt.PyJWS().encode(
        payload, forger.signer.private_key, algorithm="RS256", headers={"kid": forger.signer.key_id}
    )


def _signed_as_it_is(forger: Forger, header: bytes, payload: object) -> str:
    """Any header, signed by the issuer's key with RS256, whatever the header says."""
    content = f"{segment(header)}.{segment(payload)}"
    private_key = forger.signer.private_key
    assert isinstance(private_key, rsa.RSAPrivateKey)
    return f"{content}.{segment(private_key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _with_claim_twice(forger: Forger, name: str) -> str:
    text = json.dumps(forger.claims())
    return _signed(
        forger, (text[:-1] + f", {json.dumps(name)}: {json.dumps(forger.claims()[name])}}}").encode()
    )


def _naming_as_written(forger: Forger, value: str) -> str:
    """An endpoint claim in JSON that Python would not write."""
    text = json.dumps(forger.claims(**{forger.endpoint_claim: "VALUE"}))
    return _signed(forger, text.replace('"VALUE"', value).encode())


def _by_attacker(forger: Forger, **headers: Any) -> str:
    return forger.own.sign(forger.claims(), **headers)


def _flattened(forger: Forger) -> str:
    protected, payload, signature = forger.token().split(".")
    return json.dumps({"protected": protected, "payload": payload, "signature": signature})


def _too_long(forger: Forger) -> str:
    # API Gateway refuses larger ones: request line and headers have 10,240 bytes.
    token = forger.token(padding="x" * (MAX_TOKEN_LENGTH * 3 // 4))
    assert MAX_TOKEN_LENGTH < len(token) < 10_000
    return token


def _soon(**claims: int) -> Callable[[Forger], str]:
    """A token with these times, in seconds from now."""
    return lambda forger: forger.token(**{name: int(time.time()) + at for name, at in claims.items()})


def _says(**changes: Any) -> Callable[[Forger], str]:
    return lambda forger: forger.token(**changes)


def _table(reason: InvalidTokenReason, **makers: Callable[[Forger], str | tuple[str, ...]]) -> list[Forgery]:
    return [Forgery(name=name, reason=reason, make=make) for name, make in makers.items()]


_ELSEWHERE = "https://attacker.example/keys"

FORGERIES: tuple[Forgery, ...] = (
    *_table(
        InvalidTokenReason.ALGORITHM,
        none=lambda f: _unsigned(f, alg="none"),
        none_with_key_id=lambda f: _unsigned(f, alg="none", kid=f.signer.key_id),
        none_in_mixed_case=lambda f: _unsigned(f, alg="nOnE"),
        none_with_a_good_signature=lambda f: _with_header(f, alg="none"),
        empty_algorithm=lambda f: _unsigned(f, alg=""),
        no_algorithm=lambda f: _with_header(f, alg=ABSENT),
        algorithm_is_null=lambda f: _with_header(f, alg=None),
        algorithm_is_a_list=lambda f: _with_header(f, alg=["RS256"]),
        algorithm_in_lower_case=lambda f: _with_header(f, alg="rs256"),
        hs256_with_the_public_key=lambda f: _with_secret(f, f.public_pem()),
        hs256_with_the_public_key_stripped=lambda f: _with_secret(f, f.public_pem().strip()),
        hs256_with_the_jwk=lambda f: _with_secret(f, json.dumps(f.signer.jwk()).encode()),
        hs256_with_no_secret=lambda f: _with_secret(f, b""),
        hs384_with_the_public_key=lambda f: _with_secret(f, f.public_pem(), "HS384"),
        hs512_with_the_public_key=lambda f: _with_secret(f, f.public_pem(), "HS512"),
        hs256_with_a_key_id_of_an_empty_file=lambda f: _with_secret(f, b"", key_id="../../../../dev/null"),
        rs384_of_the_issuer=lambda f: f.signer.sign(f.claims(), alg="RS384"),
        rs512_of_the_issuer=lambda f: f.signer.sign(f.claims(), alg="RS512"),
        eddsa=lambda f: _with_header(f, alg="EdDSA"),
        es256_with_the_key_id_of_an_rsa_key=lambda f: Signer(
            key_id=f.signer.key_id, make_key=partial(ec_key, "attackers"), algorithm="ES256"
        ).sign(f.claims()),
    ),
    *_table(
        InvalidTokenReason.UNKNOWN_KEY,
        unknown_key_id=lambda f: _by_attacker(f, kid="unknown"),
        key_id_is_empty=lambda f: _by_attacker(f, kid=""),
        key_id_is_a_path=lambda f: _by_attacker(f, kid="../../../../../dev/null"),
        key_id_is_a_url=lambda f: _by_attacker(f, kid=_ELSEWHERE),
        key_id_is_sql=lambda f: _by_attacker(f, kid="x' UNION SELECT 'secret' --"),
        key_id_in_other_case=lambda f: f.signer.sign(f.claims(), kid=f.signer.key_id.swapcase() + " "),
        jku_of_the_attacker=lambda f: _by_attacker(f, jku=_ELSEWHERE),
        x5u_of_the_attacker=lambda f: _by_attacker(f, x5u=_ELSEWHERE),
    ),
    *_table(
        InvalidTokenReason.SIGNATURE,
        signed_by_another_key=lambda f: _by_attacker(f, kid=f.signer.key_id),
        jku_and_the_issuers_key_id=lambda f: _by_attacker(f, kid=f.signer.key_id, jku=_ELSEWHERE),
        x5u_and_the_issuers_key_id=lambda f: _by_attacker(f, kid=f.signer.key_id, x5u=_ELSEWHERE),
        embedded_jwk=lambda f: _by_attacker(f, kid=f.signer.key_id, jwk=f.own.jwk(kid=f.signer.key_id)),
        embedded_certificate=lambda f: _by_attacker(f, kid=f.signer.key_id, x5c=[segment(b"certificate")]),
        no_signature=lambda f: _with_signature(f, lambda _: b""),
        truncated_signature=lambda f: _with_signature(f, lambda signature: signature[:-1]),
        lengthened_signature=lambda f: _with_signature(f, lambda signature: signature + b"\0"),
        flipped_bit=lambda f: _with_signature(f, lambda s: bytes([s[0] ^ 1, *s[1:]])),
        zero_signature=lambda f: _with_signature(f, lambda signature: bytes(len(signature))),
        signature_of_another_payload=lambda f: _with_payload(f, f.claims(**{f.endpoint_claim: "e2"})),
        prolonged=lambda f: _with_payload(f, f.claims(exp=int(time.time()) + 3600)),
        header_changed=lambda f: _with_header(f, typ="JWT", cty="JWT"),
        rs256_called_ps256=lambda f: _signed_as_it_is(
            f, json.dumps({"alg": "PS256", "kid": f.signer.key_id}).encode(), f.claims()
        ),
    ),
    *_table(
        InvalidTokenReason.MALFORMED,
        no_dots=lambda _: "token",
        only_dots=lambda _: "..",
        two_parts=lambda f: f.token().rpartition(".")[0],
        cut_off_in_the_payload=lambda f: f.token()[: f.token().index(".") + 9],
        four_parts=lambda f: f.token() + ".x",
        five_parts_as_if_encrypted=lambda f: f.token() + ".x.x",
        flattened_json=_flattened,
        space_within=lambda f: f.token().replace(".", ". ", 1),
        standard_base64=lambda f: f.token()[:-4] + "+/+/",
        not_ascii=lambda f: "é" + f.token()[1:],
        full_width_letters=lambda f: "\uff25" + f.token()[1:],
        header_is_no_json=lambda f: f"{segment(b'{')}.{segment(f.claims())}.{segment(b'x')}",
        header_is_a_list=lambda f: f"{segment(['RS256'])}.{segment(f.claims())}.{segment(b'x')}",
        payload_is_no_json=lambda f: _signed(f, b"{"),
        payload_is_a_list=lambda f: _signed(f, b"[]"),
        payload_is_empty=lambda f: _signed(f, b""),
        payload_is_not_utf_8=lambda f: _signed(f, b'{"sub": "\xff"}'),
        deeply_nested=lambda f: _signed(f, b"[" * 5000),
        key_id_is_a_number=lambda f: _with_header(f, kid=1),
        key_id_is_a_list=lambda f: _with_header(f, kid=[f.signer.key_id]),
        header_with_a_member_twice=lambda f: _signed_as_it_is(
            f, b'{"alg": "RS256", "alg": "RS256", "kid": "%s"}' % f.signer.key_id.encode(), f.claims()
        ),
        claim_twice=lambda f: _with_claim_twice(f, f.endpoint_claim),
        claim_twice_within_another=lambda f: _signed(
            f, json.dumps(f.claims())[:-1].encode() + b', "a": [{"b": 1, "b": 1}]}'
        ),
        no_number=lambda f: _naming_as_written(f, "NaN"),
        number_without_end=lambda f: _naming_as_written(f, "9" * 5000),
        no_critical_extension=lambda f: f.signer.sign(f.claims(), crit=[]),
        critical_extensions_are_a_word=lambda f: f.signer.sign(f.claims(), crit="exp"),
        critical_extension=lambda f: f.signer.sign(f.claims(), crit=["exp"], exp=1),
        detached_payload=lambda f: _with_header(f, b64=False, crit=["b64"]),
        expiry_is_a_word=_says(exp="never"),
        expiry_is_infinite=_says(exp=float("inf")),
        start_is_a_word=_says(nbf="now"),
    ),
    *_table(InvalidTokenReason.TOO_LONG, nine_kilobytes=_too_long, only_letters=lambda _: "x" * 9000),
    *_table(
        InvalidTokenReason.EXPIRED,
        expired=_soon(iat=-7200, exp=-3600),
        expired_just_beyond_the_leeway=_soon(exp=-LEEWAY_SECONDS - 15),
        expires_before_the_epoch=_says(exp=-1),
    ),
    *_table(
        InvalidTokenReason.NOT_YET_VALID,
        # An hour, because a busy machine may take a while until it looks.
        not_yet_valid=_soon(nbf=3600),
        issued_in_the_future=_soon(iat=3600),
    ),
    *_table(
        InvalidTokenReason.ISSUER,
        another_issuer=_says(iss="https://attacker.example"),
        issuer_is_a_list=lambda f: f.token(iss=[f.issuer]),
        issuer_with_a_slash=lambda f: f.token(iss=f.issuer + "/"),
        issuer_with_a_suffix=lambda f: f.token(iss=f.issuer + ".attacker.example"),
        issuer_in_upper_case=lambda f: f.token(iss=f.issuer.upper()),
    ),
    *_table(
        InvalidTokenReason.AUDIENCE,
        another_audience=_says(aud="another-client"),
        audience_lists_others=_says(aud=["another-client", "one-more"]),
        audience_list_is_empty=_says(aud=[]),
        audience_is_an_object=lambda f: f.token(aud={f.audience: True}),
        audience_contains_the_name=lambda f: f.token(aud=f"x{f.audience}x"),
        access_token_of_another_client=_says(token_use="access", client_id="another-client"),
        access_token_without_own_client=lambda f: f.token(
            token_use="access", client_id="another-client", aud=f.audience
        ),
    ),
    *_table(
        InvalidTokenReason.CLAIM_MISSING,
        no_expiry=_says(exp=ABSENT),
        expiry_is_null=_says(exp=None),
        no_issuer=_says(iss=ABSENT),
        no_audience=_says(aud=ABSENT),
        no_endpoint=lambda f: f.naming(ABSENT),
        endpoint_is_null=lambda f: f.naming(None),
        id_token_in_the_form_of_an_access_token=lambda f: f.token(
            token_use="id", aud=ABSENT, client_id=f.audience
        ),
        access_token_in_the_form_of_an_id_token=_says(token_use="access"),
        empty_claims=lambda f: f.signer.sign({}),
    ),
    *_table(
        InvalidTokenReason.TOKEN_USE,
        refresh_token=_says(token_use="refresh"),
        token_use_is_a_list=_says(token_use=["id", "access"]),
    ),
    *_table(
        InvalidTokenReason.CLAIM_UNUSABLE,
        endpoint_has_a_decimal_point=lambda f: f.naming(1.0),
        endpoint_has_an_exponent=lambda f: _naming_as_written(f, "1e0"),
        endpoint_is_half=lambda f: f.naming(0.5),
        endpoint_is_true=lambda f: f.naming(True),  # noqa: FBT003 - the value of a claim
        endpoint_is_an_object=lambda f: f.naming({f.endpoint_id: True}),
        endpoint_is_empty=lambda f: f.naming(""),
        endpoint_is_blank=lambda f: f.naming("  "),
        endpoint_has_a_control_character=lambda f: f.naming(f.endpoint_id + "\0"),
        endpoint_is_half_a_character=lambda f: f.naming("\ud83c"),
        endpoint_is_very_long=lambda f: f.naming("e" * 2000),
        endpoint_is_longer_than_the_parameter_may_be=lambda f: f.naming("e" * 256),
        endpoint_is_a_very_long_number=lambda f: f.naming(10**256),
        list_of_numbers_with_a_decimal_point=lambda f: f.naming([1.0, 2.0]),
        list_with_true=lambda f: f.naming([f.endpoint_id, True]),
        list_with_a_list=lambda f: f.naming([[f.endpoint_id]]),
        list_with_a_null=lambda f: f.naming([f.endpoint_id, None]),
    ),
    *_table(
        InvalidTokenReason.OTHER_ENDPOINT,
        list_of_others=lambda f: f.naming(["e-other", "e-one-more"]),
        list_of_none=lambda f: f.naming([]),
        list_of_numbers=lambda f: f.naming([1, 2]),
        list_with_a_part_of_the_name=lambda f: f.naming([f.endpoint_id + "x", f.endpoint_id.upper() + "Y"]),
    ),
    *_table(
        InvalidTokenReason.AMBIGUOUS,
        two_good_tokens=lambda f: (f.token(), f.token(jti="second")),
        a_good_one_and_a_forged_one=lambda f: (f.token(), _by_attacker(f)),
        a_word_and_a_good_one=lambda f: ("token", f.token()),
    ),
)
"""All forgeries of the tables above."""
