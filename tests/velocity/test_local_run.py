"""The authenticated scenario with Apache Velocity as the engine of API Gateway's mapping templates.

Everything else is the local run's: the authorizer and the event processor from their archives, the API as it
was deployed, the queue.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from local.apigateway.velocity import Parameters, Rendered
from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.hostile import HOSTILE_VALUES, PRINTABLE_ASCII
from tests.patience import PATIENCE_SECONDS
from tests.runs import AT_ONCE, new_endpoint, send, the_event_of
from tests.token_issuer import TokenIssuer
from tests.velocity.engine import Velocity

AUDIENCE: Final = "site"
HOSTILE: Final = (*HOSTILE_VALUES, *PRINTABLE_ASCII)
ORIGINS: Final = ("https://www.example.com", "https://shop.example.com")


class VelocityTemplate:
    """A MappingTemplate that Apache Velocity renders."""

    def __init__(self, velocity: Velocity, rendered: list[str], text: str) -> None:
        self._velocity = velocity
        self._rendered = rendered
        self._text = text

    def render(self, *, body: str, parameters: Parameters, context: Mapping[str, Any]) -> Rendered:
        rendered = self._velocity.mapping_template(
            self._text,
            body=body,
            context=context,
            path=parameters.path,
            querystring=parameters.querystring,
            header=parameters.header,
        )
        assert rendered.text is not None, rendered.error
        self._rendered.append(rendered.text)
        return Rendered(text=rendered.text, headers=rendered.headers, status=rendered.status)


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def rendered() -> list[str]:
    """Everything that Velocity has written."""
    return []


@pytest.fixture(scope="module")
def run(velocity: Velocity, issuer: TokenIssuer, rendered: list[str]) -> Iterator[LocalRun]:
    settings = (
        *("authMode=authenticated", f"oidcIssuer={issuer.url}", f"oidcAudiences={AUDIENCE}"),
        f"allowedOrigins={','.join(ORIGINS)}",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "local.apigateway.gateway.MappingTemplate",
            lambda text: VelocityTemplate(velocity, rendered, text),
        )
        run = LocalRun.start(overrides=(*settings, *AT_ONCE))
        yield run
        run.stop()


def token(issuer: TokenIssuer, endpoint_id: str) -> str:
    """A token that proves the endpoint."""
    signer = issuer.signers[0]
    return Forger(signer=signer, issuer=issuer.url, audience=AUDIENCE, endpoint_id=endpoint_id).token()


def test_an_event_with_a_token_is_recorded_and_updates_its_profile(
    run: LocalRun, issuer: TokenIssuer, rendered: list[str]
) -> None:
    endpoint_id = new_endpoint()
    jwt = token(issuer, endpoint_id)
    before = datetime.now(UTC)

    response = send(
        run, event="purchase", endpoint_id=endpoint_id, evat_value="1", usat_plan="gold", Token=jwt
    )
    after = datetime.now(UTC)

    event = the_event_of(run, endpoint_id)
    assert (response.status, response.headers["Content-Type"]) == (200, "image/svg+xml")
    assert (event.attributes, event.user_attributes) == ({"value": "1"}, {"plan": ["gold"]})
    # It has milliseconds.
    assert before - timedelta(milliseconds=1) <= datetime.fromisoformat(event.timestamp) <= after
    assert any(endpoint_id in text for text in rendered)
    assert not any(jwt in text for text in rendered)


def test_an_event_without_a_token_is_recorded_and_updates_nothing(run: LocalRun) -> None:
    endpoint_id = new_endpoint()

    assert (
        send(run, event="purchase", endpoint_id=endpoint_id, evat_value="1", usat_plan="gold").status == 200
    )

    event = the_event_of(run, endpoint_id)
    assert (event.attributes, event.user_attributes) == ({"value": "1"}, {})


@pytest.mark.parametrize("values", [HOSTILE[start : start + 30] for start in range(0, len(HOSTILE), 30)])
def test_hostile_values_are_recorded_as_they_were_sent(run: LocalRun, values: tuple[str, ...]) -> None:
    attributes = {str(number): value for number, value in enumerate(values)}
    endpoint_id = new_endpoint()

    send(run, event="e", endpoint_id=endpoint_id, **{f"evat_{name}": v for name, v in attributes.items()})

    assert the_event_of(run, endpoint_id).attributes == attributes


@pytest.mark.parametrize(
    "endpoint_id", ["*~ -._", "日本語 🎉", "a##", "${context.requestId}", "".join(PRINTABLE_ASCII)]
)
def test_a_hostile_endpoint_can_be_proven(run: LocalRun, issuer: TokenIssuer, endpoint_id: str) -> None:
    send(run, event="e", endpoint_id=endpoint_id, usat_plan="gold", token=token(issuer, endpoint_id))

    assert the_event_of(run, endpoint_id).user_attributes == {"plan": ["gold"]}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", [*ORIGINS, "https://evil.example"])
def test_a_listed_origin_and_no_other_is_echoed(run: LocalRun, method: str, origin: str) -> None:
    url = urlsplit(run.outputs["events_url"])
    connection = HTTPConnection(url.netloc, timeout=PATIENCE_SECONDS)
    connection.request(method, f"{url.path}?event=e&endpoint_id=e1", headers={"Origin": origin})
    response = connection.getresponse()
    connection.close()

    assert response.status == (204 if method == "OPTIONS" else 200)
    assert response.getheader("Access-Control-Allow-Origin") == (origin if origin in ORIGINS else None)
