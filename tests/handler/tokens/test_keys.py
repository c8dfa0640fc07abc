"""Keys from an issuer over HTTP: discovery, rotation, outages, and how often the issuer is asked."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from handler.tokens.keys import Algorithm, SigningKeys
from tests.certificates import certificate_file, server_context
from tests.forged_tokens import Signer, ec_key, rsa_key, rsa_signer
from tests.patience import PATIENCE_SECONDS, eventually
from tests.ports import NOBODY
from tests.token_issuer import Clock, TokenIssuer, patient_keys

DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"
FIRST = rsa_signer("first")
SECOND = rsa_signer("second")
CURVE = Signer(key_id="curve", make_key=partial(ec_key, "curve"), algorithm="ES256")


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer(FIRST)
    yield issuer
    issuer.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failures() -> list[str]:
    """The reported fetch failures."""
    return []


@pytest.fixture
def keys(issuer: TokenIssuer, clock: Clock, failures: list[str]) -> SigningKeys:
    return patient_keys(issuer.url, clock=clock, on_failure=failures.append)


def found(keys: SigningKeys, key_id: str | None = "first", algorithm: Algorithm = Algorithm.RS256) -> Any:
    """The id of the one key that is found, or the reason why there is none."""
    try:
        (key,) = keys.find(key_id=key_id, algorithm=algorithm)
    except InvalidTokenError as refusal:
        return refusal.reason
    return key.key_id


def public_keys(
    keys: SigningKeys, key_id: str | None, algorithm: Algorithm = Algorithm.RS256
) -> list[object]:
    return [key.public_key for key in keys.find(key_id=key_id, algorithm=algorithm)]


def detail(keys: SigningKeys) -> str | None:
    with pytest.raises(InvalidTokenError) as caught:
        keys.find(key_id="first", algorithm=Algorithm.RS256)
    assert caught.value.reason is InvalidTokenReason.KEYS_UNAVAILABLE
    return caught.value.detail


def test_keys_are_where_the_discovery_document_says(issuer: TokenIssuer, keys: SigningKeys) -> None:
    assert found(keys) == "first"
    assert issuer.requests == {DISCOVERY: 1, KEYS: 1}


def test_an_issuer_with_a_slash_at_the_end_has_the_same_place_of_discovery(issuer: TokenIssuer) -> None:
    issuer.discovery = {"issuer": issuer.url + "/"}
    assert found(patient_keys(issuer.url + "/")) == "first"


def test_a_configured_place_of_keys_needs_no_discovery(issuer: TokenIssuer) -> None:
    assert found(patient_keys("https://issuer.example", issuer.jwks_uri)) == "first"
    assert issuer.requests == {KEYS: 1}


def test_on_lambda_a_discovery_document_leads_to_https_only(issuer: TokenIssuer) -> None:
    assert detail(patient_keys(issuer.url, loopback_http=False)) == (
        "the discovery document has no https jwks_uri"
    )
    assert issuer.requests == {DISCOVERY: 1}


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


def test_unknown_keys_are_looked_for_once_a_minute_at_most(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    for second in range(301):
        for number in range(3):
            assert found(keys, f"unknown-{second}-{number}") == InvalidTokenReason.UNKNOWN_KEY
        clock.passes(1)
    assert issuer.requests[KEYS] == 6  # at 0, 60, 120, 180, 240 and 300 seconds
    assert found(keys) == "first"


def test_a_key_that_the_issuer_withdraws_is_dropped_within_an_hour(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.signers = (SECOND,)
    clock.passes(3599)
    assert found(keys) == "first"
    clock.passes(1)
    assert found(keys) == InvalidTokenReason.UNKNOWN_KEY


def test_an_issuer_may_withdraw_all_its_keys(issuer: TokenIssuer, keys: SigningKeys, clock: Clock) -> None:
    found(keys)
    issuer.key_set = {"keys": []}
    clock.passes(3600)
    assert found(keys) == InvalidTokenReason.UNKNOWN_KEY


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
    TokenIssuer.refuse_connections: "ConnectionRefusedError",
    break_status: "status 503",
    redirect: "status 302",
    break_json: "the response is no JSON object, or too long",
    break_nesting: "the response is no JSON object, or too long",
    break_size: "the response is no JSON object, or too long",
    break_shape: "the key set has no keys",
}


@pytest.mark.parametrize(("outage", "problem"), OUTAGES.items())
def test_without_keys_the_reason_is_that_they_are_unavailable_and_what_came_instead(
    issuer: TokenIssuer, keys: SigningKeys, outage: Callable[[TokenIssuer], None], problem: str
) -> None:
    outage(issuer)
    assert detail(keys) == problem


@pytest.mark.parametrize("outage", OUTAGES)
def test_the_last_good_keys_stay_for_a_day_while_the_issuer_is_down_and_each_failure_is_reported(
    issuer: TokenIssuer,
    keys: SigningKeys,
    clock: Clock,
    failures: list[str],
    outage: Callable[[TokenIssuer], None],
) -> None:
    found(keys)
    outage(issuer)
    for hour in range(1, 24):
        clock.passes(3600)
        assert found(keys) == "first"
        assert found(keys, "unknown") == InvalidTokenReason.UNKNOWN_KEY
        assert len(failures) == hour
    clock.passes(3599)
    assert found(keys) == "first"
    clock.passes(1)
    assert detail(keys) == failures[-1]


def test_the_day_begins_with_the_last_fetch_that_succeeded(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    for _ in range(50):
        clock.passes(3600)
        assert found(keys) == "first"
    issuer.refuse_connections()
    clock.passes(24 * 3600 - 1)
    assert found(keys) == "first"


def test_after_a_day_without_the_issuer_its_keys_count_again(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.status = 500
    clock.passes(24 * 3600)
    assert found(keys) == InvalidTokenReason.KEYS_UNAVAILABLE
    issuer.status = 200
    assert found(keys) == InvalidTokenReason.KEYS_UNAVAILABLE
    clock.passes(10)
    assert found(keys) == "first"


def test_a_clock_that_is_set_back_keeps_no_key_alive(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.signers = (SECOND,)
    clock.passes(-86400)
    assert (found(keys), found(keys, "second")) == (InvalidTokenReason.UNKNOWN_KEY, "second")


def test_a_clock_that_is_put_right_by_a_second_costs_nothing(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    issuer.refuse_connections()
    clock.passes(-1)
    assert found(keys) == "first"


def test_fetches_that_succeed_are_not_reported(keys: SigningKeys, clock: Clock, failures: list[str]) -> None:
    found(keys)
    clock.passes(3600)
    found(keys, "unknown")
    assert failures == []


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
    assert (found(keys), found(keys, "second")) == (InvalidTokenReason.UNKNOWN_KEY, "second")


def test_an_issuer_that_is_down_is_asked_once_in_ten_seconds(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    issuer.status = 500
    for _ in range(30):
        assert found(keys) == InvalidTokenReason.KEYS_UNAVAILABLE
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


class SlowServer:
    """Sends a response byte by byte, without end: `start`, then `again` until the client closes."""

    def __init__(self, start: bytes, again: bytes) -> None:
        self._start, self._again = start, again
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._clients: list[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):  # a close alone would leave the port open for the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def all_clients_are_gone(self) -> bool:
        return not any(client.is_alive() for client in self._clients)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                client = threading.Thread(target=self._trickle, args=(connection,), daemon=True)
                client.start()
                self._clients.append(client)

    def _trickle(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(self._start)
            while self._again and not self._stopped.wait(0.01):
                connection.sendall(self._again)
            # Without anything to send, only this shows that the client has gone.
            while connection.recv(1024):
                pass


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "no response at all": (b"", b""),
    "status line": (b"HTTP/1.", b"1"),
    "headers": (OK, b"X-Padding: 1\r\n"),
    "one header": (OK + b"X-Padding: ", b"x"),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "body until the end of the connection": (OK + b"\r\n", b" "),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize(("start", "again"), SLOW.values(), ids=SLOW)
def test_a_slow_issuer_is_waited_for_no_longer_than_the_timeout_and_leaves_no_thread(
    start: bytes, again: bytes
) -> None:
    server = SlowServer(start, again)
    keys = patient_keys(server.url, timeout_seconds=0.2)
    began = time.monotonic()

    assert detail(keys) == "no response in time"
    assert detail(keys) == "no response in time"

    assert time.monotonic() - began < PATIENCE_SECONDS
    fetching = keys._fetching
    assert fetching is not None
    eventually(lambda: not fetching.is_alive())
    # Its connection, if it came to that in time, is closed.
    eventually(server.all_clients_are_gone)
    server.stop()


def test_a_machine_too_busy_to_begin_in_time_is_no_response_either() -> None:
    server = SlowServer(b"", b"")

    assert detail(patient_keys(server.url, timeout_seconds=1e-9)) == "no response in time"
    server.stop()


class TestOverTls:
    """The issuer as on AWS."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        return certificate_file(tmp_path, ["localhost"])

    @pytest.fixture
    def url(self, certificate: Path) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=self._serve, args=(listener, certificate), daemon=True).start()
            yield f"https://localhost:{listener.getsockname()[1]}/keys"

    def _serve(self, listener: socket.socket, certificate: Path) -> None:
        context = server_context(certificate)
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(OK + b"\r\n" + json.dumps({"keys": [FIRST.jwk()]}).encode())

    def test_a_certificate_that_is_trusted_gives_keys(
        self, monkeypatch: pytest.MonkeyPatch, certificate: Path, url: str
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert found(patient_keys("https://issuer.example", url)) == "first"

    def test_one_that_is_not_trusted_gives_none(self, url: str) -> None:
        assert detail(patient_keys("https://issuer.example", url)) == "SSLCertVerificationError"

    def test_one_of_another_host_gives_none(
        self, monkeypatch: pytest.MonkeyPatch, certificate: Path, url: str
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        keys = patient_keys("https://issuer.example", url.replace("localhost", "127.0.0.1"))
        assert detail(keys) == "SSLCertVerificationError"

    @pytest.mark.parametrize("again", [b"", b"\x16\x03\x03\x00\x01\x00"], ids=["silence", "tiny records"])
    def test_a_handshake_that_does_not_end_is_given_up(self, again: bytes) -> None:
        server = SlowServer(b"", again)
        url = server.url.replace("http:", "https:")
        # Loading the trusted certificates takes part of the time.
        keys = patient_keys(url, url, timeout_seconds=0.5)
        assert found(keys) == InvalidTokenReason.KEYS_UNAVAILABLE
        eventually(lambda: keys._fetching is not None and not keys._fetching.is_alive())
        eventually(server.all_clients_are_gone)
        server.stop()


def test_a_host_that_is_looked_up_for_ever_times_out_and_keeps_one_thread(
    monkeypatch: pytest.MonkeyPatch, issuer: TokenIssuer, clock: Clock
) -> None:
    found_at_last, look_ups = threading.Event(), 0
    real = socket.getaddrinfo

    def look_up(*arguments: Any, **named: Any) -> Any:
        nonlocal look_ups
        look_ups += 1
        found_at_last.wait(PATIENCE_SECONDS)
        return real(*arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    keys = patient_keys(issuer.url, timeout_seconds=0.1, clock=clock)
    for _ in range(3):
        assert detail(keys) == "no response in time"
        clock.passes(10)
    eventually(lambda: look_ups)
    assert look_ups == 1

    found_at_last.set()
    eventually(lambda: keys._fetching is not None and not keys._fetching.is_alive())
    keys._timeout_seconds = PATIENCE_SECONDS
    clock.passes(10)
    assert found(keys) == "first"
    assert issuer.requests[DISCOVERY] == 1


def test_a_document_that_arrives_in_pieces_is_read(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.drip_seconds = 0.0001
    assert found(keys) == "first"


def test_an_address_that_does_not_respond_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, keys: SigningKeys
) -> None:
    real = socket.getaddrinfo
    nobody = urlsplit(NOBODY).port

    def look_up(*arguments: Any, **named: Any) -> Any:
        *kind, (host, port) = cast("list[Any]", real(*arguments, **named)[0])
        return [(*kind, address) for address in ((host, nobody), (host, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert found(keys) == "first"


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
        ({"alg": None}, {"RS256", "PS256"}),
        ({"use": "enc"}, set()),
        ({"use": ""}, set()),
        ({"key_ops": ["verify"]}, {"RS256", "PS256"}),
        ({"key_ops": ["sign", "verify"]}, {"RS256", "PS256"}),
        ({"key_ops": ["verify"], "use": "enc"}, set()),
        ({"key_ops": ["encrypt", "wrapKey"]}, set()),
        ({"key_ops": []}, set()),
        ({"key_ops": "verify"}, set()),
        ({"key_ops": {"verify": True}}, set()),
        ({"kty": "oct", "k": "c2VjcmV0"}, set()),
        ({"kty": None}, set()),
        ({"n": None}, set()),
        ({"n": 17}, set()),
        ({"n": "!"}, set()),
        ({"e": "AA"}, set()),
        ({"e": "AQ"}, set()),
        ({"e": "Ag"}, set()),
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
    assert found(keys, "curve", Algorithm.ES256) == InvalidTokenReason.UNKNOWN_KEY


def test_a_short_rsa_key_is_no_key(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (Signer(key_id="short", make_key=partial(rsa_key, "short", bits=1024)),)
    assert found(keys, "short") == InvalidTokenReason.UNKNOWN_KEY


def test_private_members_in_a_set_are_not_read(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.key_set = {"keys": [CURVE.jwk(d="not even a number")]}
    assert found(keys, "curve", Algorithm.ES256) == "curve"


def test_an_algorithm_that_does_not_fit_the_named_key_is_invalid_without_a_refresh(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    found(keys)
    clock.passes(60)
    assert found(keys, "first", Algorithm.ES256) == InvalidTokenReason.ALGORITHM
    assert issuer.requests[KEYS] == 1


def test_without_a_key_id_the_only_key_that_fits_is_taken(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (FIRST, CURVE)
    assert found(keys, None) == "first"
    assert found(keys, None, Algorithm.ES256) == "curve"


def test_members_that_are_null_are_absent(issuer: TokenIssuer, keys: SigningKeys) -> None:
    absent = {"use": None, "alg": None, "key_ops": None, "x5c": None, "x5t": None}
    issuer.key_set = {"keys": [{**FIRST.jwk(), **absent}, {**SECOND.jwk(), **absent, "kid": None}]}
    assert found(keys) == "first"
    assert public_keys(keys, None) == [FIRST.private_key.public_key(), SECOND.private_key.public_key()]


def test_without_a_key_id_each_of_several_may_be_the_one(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.signers = (FIRST, CURVE, SECOND)
    assert public_keys(keys, None) == [FIRST.private_key.public_key(), SECOND.private_key.public_key()]


def test_of_two_keys_with_one_id_each_may_be_the_one(issuer: TokenIssuer, keys: SigningKeys) -> None:
    issuer.key_set = {"keys": [FIRST.jwk(), SECOND.jwk(kid="first"), CURVE.jwk(kid="first")]}
    assert public_keys(keys, "first") == [FIRST.private_key.public_key(), SECOND.private_key.public_key()]
    assert public_keys(keys, "first", Algorithm.ES256) == [CURVE.private_key.public_key()]


@pytest.mark.parametrize("key_id", ["first", None])
def test_a_key_that_is_listed_again_counts_once(
    issuer: TokenIssuer, keys: SigningKeys, key_id: str | None
) -> None:
    listed = [FIRST.jwk(alg=algorithm) for algorithm in ("RS256", "PS256", None)]
    issuer.key_set = {"keys": [*listed, FIRST.jwk(), FIRST.jwk(kid="other")]}
    for algorithm in (Algorithm.RS256, Algorithm.PS256):
        assert public_keys(keys, key_id, algorithm) == [FIRST.private_key.public_key()]


def test_no_more_keys_are_tried_than_a_rotation_has(issuer: TokenIssuer, keys: SigningKeys) -> None:
    signers = [Signer(key_id=str(number), make_key=partial(ec_key, str(number))) for number in range(50)]
    issuer.signers = signers
    assert public_keys(keys, None, Algorithm.ES256) == [one.private_key.public_key() for one in signers[:4]]


def test_without_a_key_id_an_algorithm_that_no_key_has_makes_the_issuer_be_asked_again(
    issuer: TokenIssuer, keys: SigningKeys, clock: Clock
) -> None:
    assert found(keys, None) == "first"
    issuer.signers = (FIRST, CURVE)
    clock.passes(60)
    assert found(keys, None, Algorithm.ES256) == "curve"
