"""Signatures that others have made: the examples of RFC 7515, appendix A.2 and A.3."""

import jwt
import pytest

from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from handler.tokens.verification import TokenVerifier
from tests.token_issuer import TokenIssuer, patient_keys

# The claims that all examples share: issuer "joe", an expiry in 2011, no audience.
_CLAIMS = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

A_2 = {
    "kty": "RSA",
    "n": (
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT"
        "-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQ"
        "OS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj"
        "8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    ),
    "e": "AQAB",
}
A_3 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
A_2_TOKEN = (
    f"eyJhbGciOiJSUzI1NiJ9.{_CLAIMS}."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF"
    "9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc"
    "OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlV"
    "mtVrBp0igcN_IoypGlUPQGe77Rw"
)
A_3_TOKEN = (
    f"eyJhbGciOiJFUzI1NiJ9.{_CLAIMS}."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


def outcome(token: str, *keys: dict[str, str]) -> str:
    issuer = TokenIssuer()
    issuer.key_set = {"keys": list(keys)}
    signing_keys = patient_keys("joe", issuer.jwks_uri)
    verifier = TokenVerifier(issuer="joe", audiences={"client-1"}, keys=signing_keys)
    try:
        verifier.verify(token)
    except InvalidTokenError as refusal:
        return refusal.reason
    finally:
        issuer.stop()
    return "valid"


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their own time and audience, so that only the signature decides."""
    monkeypatch.setattr(jwt.PyJWT, "_validate_exp", lambda *_: None)
    monkeypatch.setattr(TokenVerifier, "_check_audience", lambda *_: None)


@pytest.mark.usefixtures("then")
@pytest.mark.parametrize(("token", "key"), [(A_2_TOKEN, A_2), (A_3_TOKEN, A_3)], ids=["A.2", "A.3"])
def test_the_examples_verify_with_their_own_keys(token: str, key: dict[str, str]) -> None:
    assert outcome(token, A_2, A_3) == "valid"
    other = A_2 if key is A_3 else A_3
    assert outcome(token, other) == InvalidTokenReason.UNKNOWN_KEY
    content, _, signature = token.rpartition(".")
    assert outcome(f"{content}.{signature[:-4]}AAAA", key) == InvalidTokenReason.SIGNATURE


@pytest.mark.parametrize("token", [A_2_TOKEN, A_3_TOKEN], ids=["A.2", "A.3"])
def test_by_now_they_have_expired(token: str) -> None:
    assert outcome(token, A_2, A_3) == InvalidTokenReason.EXPIRED
