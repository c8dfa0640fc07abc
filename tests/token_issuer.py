"""An OpenID Connect issuer on loopback, whose documents can change, arrive late, or fail."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from werkzeug import Request, Response

from handler.tokens.keys import SigningKeys
from local.web.http_server import HttpServer
from tests.forged_tokens import Signer, rsa_signer
from tests.patience import PATIENCE_SECONDS
from tests.ports import hold

_DISCOVERY = "/.well-known/openid-configuration"
_KEYS = "/keys"


class TokenIssuer:
    """Serves the public keys of its signers until `stop`. The first signer signs what Forger makes."""

    def __init__(self, *signers: Signer) -> None:
        self.signers: Sequence[Signer] = signers or (rsa_signer("first"),)
        self.requests: Counter[str] = Counter()
        # Served in place of the documents, or of parts of them.
        self.status = 200
        self.discovery: dict[str, Any] = {}
        self.key_set: Any = None
        # The delay of each response. It ends when the issuer stops.
        self.delay_seconds = 0.0
        # The pause after each byte of a response.
        self.drip_seconds = 0.0
        self._stopped = threading.Event()
        self._held: socket.socket | None = None
        self._server = HttpServer(self._serve).start()
        self.url = self._server.url

    @property
    def jwks_uri(self) -> str:
        return self.url + _KEYS

    def stop(self) -> None:
        self._stopped.set()
        self._server.stop()
        if self._held is not None:
            self._held.close()

    def refuse_connections(self) -> None:
        """From now on, until `stop`."""
        self._stopped.set()
        self._server.stop()
        self._held = hold(self._server.port)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        self.requests[request.path] += 1
        if self.delay_seconds:
            self._stopped.wait(self.delay_seconds)
        documents = {
            _DISCOVERY: {"issuer": self.url, "jwks_uri": self.jwks_uri, **self.discovery},
            _KEYS: self.key_set or {"keys": [signer.jwk() for signer in self.signers]},
        }
        document = documents.get(request.path)
        text = document if isinstance(document, str) else json.dumps(document)
        status = 404 if document is None else self.status
        headers = {"Location": self.jwks_uri} if 300 <= status < 400 else {}
        response = Response(text, status=status, headers=headers, content_type="application/json")
        if self.drip_seconds:
            response.response = self._drip(text.encode())
        return response(environ, start_response)

    def _drip(self, body: bytes) -> Iterable[bytes]:
        for byte in body:
            if self._stopped.wait(self.drip_seconds):
                return
            yield bytes([byte])


def patient_keys(issuer: str, jwks_uri: str | None = None, **arguments: Any) -> SigningKeys:
    """The keys of an issuer on loopback. A fetch may take as long as a busy machine needs."""
    defaults = {"loopback_http": True, "timeout_seconds": PATIENCE_SECONDS}
    return SigningKeys(issuer=issuer, jwks_uri=jwks_uri, **{**defaults, **arguments})


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds
