"""The program's API over HTTP, in front of moto's SQS with IAM enforcement."""

import copy
import http.client
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count, product
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from moto.sqs.models import sqs_backends

from components.openapi import PIXEL, REQUEST_CONTENT_TYPES, api_document
from local.apigateway.gateway import MAX_BODY_BYTES, MAX_REQUEST_HEAD_BYTES, Gateway
from local.apigateway.openapi_import import import_openapi
from local.apigateway.responses import UnservedPart
from local.apigateway.velocity import MappingTemplateError
from local.deployment.cloud import Cloud
from local.functions.lambda_runtime import FunctionError, Invocation
from local.web.http_server import HttpServer, WsgiApplication
from tests.hostile import HOSTILE_VALUES, PRINTABLE_ASCII
from tests.patience import PATIENCE_SECONDS
from tests.ports import NOBODY

METHODS = ["GET", "POST"]
"""Either may send an event. Browsers send no body with GET, but other clients can."""

FORGED = urlencode(
    {
        "Action": "SendMessage",
        "Version": "2012-11-05",
        "MessageBody": "event=forged&endpoint_id=forged&usat_plan=forged",
        "MessageAttribute.1.Name": "proven_endpoint",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "forged",
        "MessageAttribute.2.Name": "request_id",
        "MessageAttribute.2.Value.DataType": "String",
        "MessageAttribute.2.Value.StringValue": "forged",
    }
).encode()
"""A body that is itself a request to the queue, with a forged proof."""

OTHER_CONTENT_TYPES = [
    "text/xml",
    "text/html",
    "text/plainer",
    "application/octet-stream",
    "application/x-amz-json-1.0",
    "application/x-www-form-urlencoded2",
    "multipart/mixed; boundary=x",
    "text/plain, application/json",
    "*/*",
    "nothing",
]

ORIGINS = ["https://shop.example", "https://blog.example"]
EVENT = "/dev/events?event=purchase&endpoint_id=e1"

AUTHORIZER_URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:authorizer/invocations"
)

Edit = Callable[[dict[str, Any]], None]


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: str


class Site:
    """One HTTP server for all tests: starting and stopping one takes longer than a test."""

    def __init__(self) -> None:
        self.application: WsgiApplication = lambda _environ, _start_response: []
        self._server = HttpServer(lambda environ, start: self.application(environ, start)).start()
        self.stop = self._server.stop

    def call(
        self, path: str, *, method: str = "GET", headers: Headers | None = None, body: bytes | None = None
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE_SECONDS)
        pairs = headers.items() if isinstance(headers, Mapping) else headers or []
        with closing(connection):
            connection.putrequest(method, path)
            for name, value in pairs:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            got = connection.getresponse()
            return Response(got.status, dict(got.getheaders()), got.read().decode())


class Pixel:
    """A deployed API with its queue and role, and a way to call it over HTTP."""

    def __init__(
        self,
        cloud: Cloud,
        site: Site,
        *,
        name: str,
        origins: list[str],
        credentials: bool,
        edit: Edit,
        limits: dict[str, str],
        sends: bool,
        trusts: str,
        authorizer: bool,
    ) -> None:
        self.cloud = cloud
        self.site = site
        self.call = site.call
        self.sqs = cloud.client("sqs")
        self._name = name
        self.queue_url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.role_arn = self._role(sends=sends, trusts=trusts)
        document = api_document(
            title="t",
            queue_integration_uri=f"arn:aws:apigateway:{cloud.region}:sqs:path/{cloud.account_id}/{name}",
            integration_role_arn=self.role_arn,
            allowed_origins=origins,
            allow_credentials=credentials,
            authorizer_uri=AUTHORIZER_URI if authorizer else None,
        )
        document = copy.deepcopy(document)
        edit(document)
        client = cloud.client("apigateway")
        self.rest_api_id = client.create_rest_api(name="test")["id"]
        import_openapi(client, self.rest_api_id, document)
        client.create_deployment(restApiId=self.rest_api_id, stageName="dev")
        if limits:
            client.update_stage(
                restApiId=self.rest_api_id,
                stageName="dev",
                patchOperations=[
                    {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
                    for name, value in limits.items()
                ],
            )
        self.now = 0.0
        # The events that the authorizer's function received, and its response.
        self.asked: list[Mapping[str, Any]] = []
        self.says: Callable[[Mapping[str, Any]], Invocation] = says(proof="none")
        self.serve()

    def serve(self) -> None:
        """Read the API from moto and serve it."""
        self._gateway = Gateway(
            self.cloud, self.rest_api_id, "dev", invoke=self._invoke, clock=lambda: self.now
        )
        self.site.application = self._gateway

    def use_again(self) -> None:
        """Reset it for the next test."""
        self.asked, self.says = [], says(proof="none")
        # PurgeQueue is allowed once a minute.
        sqs_backends[self.cloud.account_id][self.cloud.region].get_queue(self._name)._messages.clear()
        self.site.application = self._gateway

    def _invoke(self, function_name: str, event: Mapping[str, Any]) -> Invocation:
        assert function_name == "authorizer"
        self.asked.append(event)
        return self.says(event)

    def _role(self, *, sends: bool, trusts: str) -> str:
        iam = self.cloud.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": trusts}, "Action": "sts:AssumeRole"}
        role = iam.create_role(
            RoleName=self._name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]
        if sends:
            arn = f"arn:aws:sqs:{self.cloud.region}:{self.cloud.account_id}:{self._name}"
            allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
            iam.put_role_policy(
                RoleName=self._name,
                PolicyName="send",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            )
        return role["Arn"]

    def messages(self) -> list[dict[str, Any]]:
        response = self.sqs.receive_message(
            QueueUrl=self.queue_url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        return response.get("Messages", [])


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def deploy(cloud: Cloud, site: Site) -> Callable[..., Pixel]:
    """Deploys an API. Tests that want the same share it, but those that edit it or want their `own`."""
    shared: dict[str, Pixel] = {}
    numbers = count()

    def deploy_one(
        *,
        origins: list[str] | None = None,
        credentials: bool = False,
        edit: Edit | None = None,
        limits: dict[str, str] | None = None,
        sends: bool = True,
        trusts: str = "apigateway.amazonaws.com",
        authorizer: bool = False,
        own: bool = False,
    ) -> Pixel:
        wanted = repr((origins, credentials, sends, trusts, authorizer))
        is_shared = not (edit or limits or own)
        if is_shared and wanted in shared:
            shared[wanted].use_again()
            return shared[wanted]
        pixel = Pixel(
            cloud,
            site,
            name=f"pixel-{next(numbers)}",
            origins=origins or [],
            credentials=credentials,
            edit=edit or (lambda _: None),
            limits=limits or {},
            sends=sends,
            trusts=trusts,
            authorizer=authorizer,
        )
        if is_shared:
            shared[wanted] = pixel
        return pixel

    return deploy_one


PERMISSION = {
    "FunctionName": "authorizer",
    "StatementId": "api",
    "Action": "lambda:InvokeFunction",
    "Principal": "apigateway.amazonaws.com",
}


@pytest.fixture(scope="module")
def permitted(cloud: Cloud) -> None:
    """The authorizer's function, which API Gateway may invoke."""
    iam, client = cloud.client("iam"), cloud.client("lambda")
    role = iam.create_role(RoleName="authorizer", AssumeRolePolicyDocument="{}")["Role"]
    archive = io.BytesIO()
    zipfile.ZipFile(archive, "w").close()
    client.create_function(
        FunctionName="authorizer",
        Role=role["Arn"],
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    client.add_permission(**PERMISSION)


@pytest.fixture
def guarded(deploy: Callable[..., Pixel], permitted: None) -> Pixel:  # noqa: ARG001 - has to be there
    """The API of the authenticated scenario."""
    return deploy(authorizer=True)


def says(effect: str = "Allow", **context: Any) -> Callable[[Mapping[str, Any]], Invocation]:
    """A function that returns the same for every method."""

    def invoke(event: Mapping[str, Any]) -> Invocation:
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        return Invocation(payload={"principalId": "p", "policyDocument": policy, "context": context})

    return invoke


@pytest.fixture
def pixel(deploy: Callable[..., Pixel]) -> Pixel:
    """The API of the open scenario."""
    return deploy()


@pytest.fixture
def own_pixel(deploy: Callable[..., Pixel]) -> Pixel:
    """The same, for tests that break it."""
    return deploy(own=True)


def integration_of(document: dict[str, Any]) -> dict[str, Any]:
    return document["paths"]["/events"]["get"]["x-amazon-apigateway-integration"]


# ---- An event that is queued -------------------------------------------------------------------------


def test_the_response_to_an_event_is_an_image_that_is_never_stored(pixel: Pixel) -> None:
    response = pixel.call(EVENT)

    assert (response.status, response.headers["Content-Type"], response.body) == (200, "image/svg+xml", PIXEL)
    assert response.headers["Cache-Control"] == "no-store"


def test_the_message_holds_the_query_and_the_gateways_own_values(pixel: Pixel) -> None:
    response = pixel.call(EVENT + "&evat_value=12.50")

    (message,) = pixel.messages()
    assert parse_qsl(message["Body"]) == [
        ("event", "purchase"),
        ("endpoint_id", "e1"),
        ("evat_value", "12.50"),
    ]
    attributes = message["MessageAttributes"]
    assert attributes["request_id"] == {
        "DataType": "String",
        "StringValue": response.headers["x-amz-apigw-id"],
    }
    assert attributes["request_time"]["DataType"] == "Number"
    assert re.fullmatch("[0-9]{13}", attributes["request_time"]["StringValue"])
    assert set(attributes) == {"request_id", "request_time"}


def test_values_arrive_in_the_queue_as_they_were_sent(pixel: Pixel) -> None:
    hostile = (*HOSTILE_VALUES, *PRINTABLE_ASCII)
    values = {f"evat_{number}": value for number, value in enumerate(hostile)}
    sent = {"event": "purchase", "endpoint_id": "e1", **values}

    assert pixel.call("/dev/events?" + urlencode(sent, quote_via=quote)).status == 200

    (message,) = pixel.messages()
    assert parse_qsl(message["Body"]) == list(sent.items())


def test_the_message_contains_no_header_cookie_or_address(pixel: Pixel) -> None:
    secrets = {
        "Cookie": "session=secret-cookie",
        "User-Agent": "secret-agent",
        "Referer": "https://secret.example/",
        "X-Forwarded-For": "203.0.113.7",
        "Authorization": "Bearer secret-bearer",
    }

    assert pixel.call(EVENT + "&token=secret-token", headers=secrets).status == 200

    (message,) = pixel.messages()
    text = json.dumps([message["Body"], message["MessageAttributes"]])
    assert "secret" not in text
    assert "203.0.113.7" not in text
    assert "127.0.0.1" not in text


def test_the_last_value_of_a_repeated_parameter_counts(pixel: Pixel) -> None:
    pixel.call("/dev/events?event=first&endpoint_id=e1&event=last")

    (message,) = pixel.messages()
    assert dict(parse_qsl(message["Body"]))["event"] == "last"


@pytest.mark.parametrize("name", ["event", "endpoint_id"])
def test_a_header_cannot_supply_a_parameter(pixel: Pixel, name: str) -> None:
    query = "&".join(part for part in ("event=purchase", "endpoint_id=e1") if not part.startswith(name))

    assert pixel.call(f"/dev/events?{query}", headers={name: "forged"}).status == 400


def test_extra_slashes_make_no_difference(pixel: Pixel) -> None:
    for path in (
        "//dev/events",
        "///dev/events",
        "/dev//events",
        "/dev///events",
        "/dev/events/",
        "/dev//events/",
    ):
        assert pixel.call(f"{path}?event=purchase&endpoint_id=e1").status == 200, path

        (message,) = pixel.messages()
        assert parse_qsl(message["Body"]) == [("event", "purchase"), ("endpoint_id", "e1")]


def test_a_query_is_read_as_a_form(pixel: Pixel) -> None:
    for sent, arrived in {
        "evat_a=1+2": ("evat_a", "1 2"),
        "evat_a=1%2B2": ("evat_a", "1+2"),
        "evat_a=1%3Bevat_b=2": ("evat_a", "1;evat_b=2"),
        "evat_a": ("evat_a", ""),
        "evat_a=b=c": ("evat_a", "b=c"),
        "evat_a+b=c": ("evat_a b", "c"),
        "%65vat_%61=b": ("evat_a", "b"),
        "=a": ("", "a"),
        "&&evat_a=b": ("evat_a", "b"),
        "amp%3Bevat_a=b": ("amp;evat_a", "b"),
    }.items():
        assert pixel.call(f"{EVENT}&{sent}").status == 200, sent

        (message,) = pixel.messages()
        assert parse_qsl(message["Body"], keep_blank_values=True)[2:] == [arrived]


def test_a_query_is_divided_at_semicolons_too(pixel: Pixel) -> None:
    query = "event=purchase&amp;endpoint_id=e1&evat_a=1;evat_b=2"
    assert pixel.call(f"/dev/events?{query}").status == 200

    (message,) = pixel.messages()
    assert parse_qsl(message["Body"], keep_blank_values=True) == [
        ("event", "purchase"),
        ("amp", ""),
        ("endpoint_id", "e1"),
        ("evat_a", "1"),
        ("evat_b", "2"),
    ]


@pytest.mark.parametrize("character", ["|", "{", "}"])
def test_an_unencoded_pipe_or_brace_gets_400_and_queues_nothing(guarded: Pixel, character: str) -> None:
    for pair in (f"evat_a={character}", f"evat_{character}=a"):
        assert guarded.call(f"{EVENT}&{pair}").status == 400, pair
    assert (guarded.asked, guarded.messages()) == ([], [])


# ---- An event that is posted ---------------------------------------------------------------------------


CONTENT_TYPES = [
    None,
    *REQUEST_CONTENT_TYPES,
    # The types that browsers send for strings, URLSearchParams and FormData.
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded;charset=UTF-8",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "application/json; charset=utf-8",
    "Text/Plain ; charset=utf-16",
]


@pytest.mark.parametrize("scenario", ["open", "authenticated"])
def test_nothing_of_a_body_reaches_the_queue(
    deploy: Callable[..., Pixel],
    permitted: None,  # noqa: ARG001 - has to be there
    scenario: str,
) -> None:
    pixel = deploy(authorizer=scenario == "authenticated")

    for method, content_type in product(METHODS, CONTENT_TYPES):
        headers = {"Content-Type": content_type} if content_type else {}
        response = pixel.call(EVENT, method=method, headers=headers, body=FORGED)

        assert (response.status, response.body) == (200, PIXEL), (method, content_type)
        (message,) = pixel.messages()
        assert parse_qsl(message["Body"]) == [("event", "purchase"), ("endpoint_id", "e1")]
        assert set(message["MessageAttributes"]) == {"request_id", "request_time"}
        assert "forged" not in json.dumps(message["MessageAttributes"])


def test_a_body_of_any_kind_does_no_harm(pixel: Pixel) -> None:
    for body in (None, b"", b"\xff\xfe\0", b"{not json"):
        response = pixel.call(EVENT, method="POST", headers={"Content-Type": "application/json"}, body=body)

        assert response.status == 200, body
    assert len(pixel.messages()) == 4


def test_parameters_in_a_body_are_missing(pixel: Pixel) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert (
        pixel.call("/dev/events", method="POST", headers=form, body=b"event=e&endpoint_id=e1").status == 400
    )


def test_a_post_passes_the_authorizer_too(guarded: Pixel) -> None:
    guarded.says = says(proof="proven", proven_endpoint="e1")

    assert guarded.call(EVENT, method="POST").status == 200

    (event,) = guarded.asked
    assert event["methodArn"].endswith("/dev/POST/events")
    assert attributes_of(guarded)["proven_endpoint"] == "e1"


# ---- A request that API Gateway refuses ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("endpoint_id=e1", "event"),
        ("event=purchase", "endpoint_id"),
        ("event=&endpoint_id=e1", "event"),
        ("event=purchase&endpoint_id=%20", "endpoint_id"),
        ("", "endpoint_id, event"),
    ],
)
def test_a_missing_or_blank_parameter_gets_400_and_queues_nothing(
    pixel: Pixel, query: str, missing: str
) -> None:
    response = pixel.call("/dev/events?" + query)

    assert response.status == 400
    assert json.loads(response.body) == {"message": f"Missing required request parameters: [{missing}]"}
    assert pixel.messages() == []


@pytest.mark.parametrize("method", METHODS)
def test_another_content_type_gets_415_and_queues_nothing(pixel: Pixel, method: str) -> None:
    for content_type in OTHER_CONTENT_TYPES:
        response = pixel.call(EVENT, method=method, headers={"Content-Type": content_type}, body=FORGED)

        assert response.status == 415, content_type
        assert json.loads(response.body) == {"message": "Unsupported Media Type"}
    assert pixel.messages() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[("GET", path) for path in ("/dev", "/dev/nothing", "/dev/events/more", "/dev/more//events")],
        *[(method, EVENT) for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")],
        ("POST", "/dev/nothing"),
    ],
)
def test_an_unknown_path_or_method_gets_403(pixel: Pixel, method: str, path: str) -> None:
    response = pixel.call(path, method=method)

    assert response.status == 403
    assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_an_unknown_path_gets_api_gateways_own_message(pixel: Pixel) -> None:
    assert json.loads(pixel.call("/dev/nothing").body) == {"message": "Missing Authentication Token"}


def test_another_stage_is_forbidden(pixel: Pixel) -> None:
    assert pixel.call("/prod/events?event=a&endpoint_id=b").status == 403


def test_a_request_line_with_headers_over_the_limit_is_refused(pixel: Pixel) -> None:
    query = "&evat_long=" + "x" * (MAX_REQUEST_HEAD_BYTES // 2)
    cookies = {"Cookie": "c" * (MAX_REQUEST_HEAD_BYTES // 2)}

    assert pixel.call(EVENT + query).status == 200
    assert pixel.call(EVENT + query, headers=cookies).status == 413
    assert len(pixel.messages()) == 1


def test_a_body_over_the_limit_is_refused(pixel: Pixel) -> None:
    announced = {"Content-Type": "text/plain", "Content-Length": str(MAX_BODY_BYTES + 1)}

    assert pixel.call(EVENT, method="POST", headers=announced).status == 413
    assert pixel.messages() == []


def test_a_page_of_any_site_may_embed_every_response(pixel: Pixel) -> None:
    responses = [pixel.call(path) for path in (EVENT, "/dev/events", "/dev/nothing")]

    assert [response.status for response in responses] == [200, 400, 403]
    assert {response.headers["Cross-Origin-Resource-Policy"] for response in responses} == {"cross-origin"}


def test_api_gateways_own_responses_are_not_stored_either(pixel: Pixel) -> None:
    assert pixel.call("/dev/events").headers["Cache-Control"] == "no-store"


def test_each_method_has_the_stages_limits_for_itself(deploy: Callable[..., Pixel]) -> None:
    pixel = deploy(limits={"rateLimit": "1", "burstLimit": "1"}, origins=["*"])

    statuses = {
        method: [pixel.call(EVENT, method=method).status for _ in range(2)]
        for method in ("GET", "POST", "OPTIONS")
    }

    assert statuses == {"GET": [200, 429], "POST": [200, 429], "OPTIONS": [204, 429]}


def test_a_throttled_request_gets_429_until_the_bucket_fills(
    deploy: Callable[..., Pixel],
) -> None:
    pixel = deploy(limits={"rateLimit": "2", "burstLimit": "2"})

    statuses = [pixel.call(EVENT).status for _ in range(3)]
    pixel.now += 0.5

    assert statuses == [200, 200, 429]
    assert [pixel.call(EVENT).status for _ in range(2)] == [200, 429]
    assert len(pixel.messages()) == 3


def test_a_throttled_request_says_so(deploy: Callable[..., Pixel]) -> None:
    response = deploy(limits={"rateLimit": "0", "burstLimit": "0"}).call(EVENT)

    assert (response.status, json.loads(response.body)) == (429, {"message": "Too Many Requests"})


def test_a_gateway_response_substitutes_variables_and_renders_no_template(
    deploy: Callable[..., Pixel],
) -> None:
    def customize(document: dict[str, Any]) -> None:
        document["x-amazon-apigateway-gateway-responses"]["BAD_REQUEST_PARAMETERS"] = {
            "statusCode": "422",
            "responseParameters": {"gatewayresponse.header.X-Why": "'parameters'"},
            "responseTemplates": {
                "text/plain": "#set($x = 1) $context.error.responseType: $context.error.messageString"
            },
        }

    response = deploy(edit=customize).call("/dev/events?event=a")

    assert response.status == 422
    assert response.headers["X-Why"] == "parameters"
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.body == (
        '#set($x = 1) BAD_REQUEST_PARAMETERS: "Missing required request parameters: [endpoint_id]"'
    )


# ---- The authenticated scenario -------------------------------------------------------------------------


def attributes_of(pixel: Pixel) -> dict[str, str]:
    (message,) = pixel.messages()
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


@pytest.mark.parametrize("endpoint", ["a&b=日本 %", "*", "".join(PRINTABLE_ASCII)])
def test_the_proven_endpoint_becomes_a_message_attribute(guarded: Pixel, endpoint: str) -> None:
    guarded.says = says(proof="proven", proven_endpoint=endpoint)

    assert guarded.call(EVENT).status == 200
    assert attributes_of(guarded)["proven_endpoint"] == endpoint


def test_without_a_proven_endpoint_there_is_no_such_attribute(guarded: Pixel) -> None:
    guarded.says = says(proof="none")

    assert guarded.call(EVENT).status == 200
    assert set(attributes_of(guarded)) == {"request_id", "request_time"}


def test_a_template_that_reads_a_missing_authorizer_value_fails(guarded: Pixel) -> None:
    # Velocity would write the reference itself, which is not a proven endpoint.
    guarded.says = says(proof="proven")

    assert guarded.call(EVENT).status == 500
    assert guarded.messages() == []


def test_the_authorizer_is_called_for_every_request(guarded: Pixel) -> None:
    for endpoint in ("e1", "e2"):
        guarded.says = says(proof="proven", proven_endpoint=endpoint)
        guarded.call(EVENT)

    proven = [
        message["MessageAttributes"]["proven_endpoint"]["StringValue"] for message in guarded.messages()
    ]
    assert sorted(proven) == ["e1", "e2"]


def test_the_authorizer_sees_every_value_of_the_request_decoded(guarded: Pixel) -> None:
    guarded.call(
        "/dev/events?event=a&event=b%20c&endpoint_id=e%2B1",
        headers=[("Authorization", "Bearer 1"), ("Authorization", "Bearer 2"), ("x_y", "z")],
    )

    (event,) = guarded.asked
    assert event["queryStringParameters"] == {"event": "b c", "endpoint_id": "e+1"}
    assert event["multiValueQueryStringParameters"] == {"event": ["a", "b c"], "endpoint_id": ["e+1"]}
    assert event["headers"]["Authorization"] == "Bearer 2"
    assert event["multiValueHeaders"]["Authorization"] == ["Bearer 1", "Bearer 2"]
    assert event["headers"]["x_y"] == "z"


def test_the_authorizer_sees_the_method_and_the_request_id_of_the_message(guarded: Pixel) -> None:
    guarded.call(EVENT)

    (event,) = guarded.asked
    api = f"arn:aws:execute-api:us-east-1:123456789012:{guarded.rest_api_id}"
    assert (event["type"], event["methodArn"]) == ("REQUEST", f"{api}/dev/GET/events")
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/events", "/events", "GET")
    context = event["requestContext"]
    assert (context["stage"], context["path"]) == ("dev", "/dev/events")
    assert context["extendedRequestId"] == attributes_of(guarded)["request_id"]


def test_a_request_that_the_authorizer_denies_gets_403_and_queues_nothing(guarded: Pixel) -> None:
    guarded.says = says("Deny")

    response = guarded.call(EVENT)

    assert (response.status, json.loads(response.body)["message"]) == (
        403,
        "User is not authorized to access this resource with an explicit deny",
    )
    assert guarded.messages() == []


def test_a_failing_authorizer_gives_a_500_without_a_message_and_queues_nothing(
    guarded: Pixel, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.says = lambda _: Invocation(error=FunctionError(error_type="ValueError", message="of a visitor"))

    response = guarded.call(EVENT)

    assert (response.status, json.loads(response.body)) == (500, {"message": None})
    assert response.headers["x-amzn-ErrorType"] == "AuthorizerConfigurationException"
    assert guarded.messages() == []
    assert "authorizer token: its function failed with ValueError" in caplog.text
    assert "of a visitor" not in caplog.text


def test_an_authorizer_that_says_unauthorized_gives_a_401(guarded: Pixel) -> None:
    guarded.says = lambda _: Invocation(error=FunctionError(error_type="Exception", message="Unauthorized"))

    assert guarded.call(EVENT).status == 401


def test_a_function_that_the_api_may_not_invoke_gives_a_500(guarded: Pixel) -> None:
    functions = guarded.cloud.client("lambda")
    functions.remove_permission(FunctionName="authorizer", StatementId=PERMISSION["StatementId"])

    status = guarded.call(EVENT).status
    functions.add_permission(**PERMISSION)

    assert status == 500
    assert (guarded.asked, guarded.messages()) == ([], [])


def test_a_throttled_request_does_not_reach_the_authorizer(
    deploy: Callable[..., Pixel],
    permitted: None,  # noqa: ARG001 - has to be there
) -> None:
    pixel = deploy(authorizer=True, limits={"rateLimit": "0", "burstLimit": "0"})

    assert pixel.call(EVENT).status == 429
    assert pixel.asked == []


def test_the_authorizer_is_called_before_the_parameters_are_validated(guarded: Pixel) -> None:
    assert guarded.call("/dev/events").status == 400
    assert len(guarded.asked) == 1


def test_a_preflight_request_needs_no_authorizer(
    deploy: Callable[..., Pixel],
    permitted: None,  # noqa: ARG001 - has to be there
) -> None:
    pixel = deploy(authorizer=True, origins=["*"])

    assert pixel.call(EVENT, method="OPTIONS", headers={"Origin": "https://any.example"}).status == 204
    assert pixel.asked == []


# ---- A queue that refuses ------------------------------------------------------------------------------


def test_a_deleted_queue_gives_a_502(own_pixel: Pixel) -> None:
    own_pixel.sqs.delete_queue(QueueUrl=own_pixel.queue_url)

    assert own_pixel.call(EVENT).status == 502


def test_a_role_that_may_not_send_yields_502(deploy: Callable[..., Pixel]) -> None:
    pixel = deploy(sends=False)

    response = pixel.call(EVENT)

    assert (response.status, response.headers["Content-Type"]) == (502, "application/json")
    assert pixel.messages() == []


def test_a_role_that_trusts_another_service_only_yields_500(deploy: Callable[..., Pixel]) -> None:
    pixel = deploy(trusts="lambda.amazonaws.com")

    response = pixel.call(EVENT)

    assert (response.status, json.loads(response.body)) == (500, {"message": "Internal server error"})
    assert pixel.messages() == []


def test_a_queue_that_cannot_be_reached_yields_504(own_pixel: Pixel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_pixel.cloud, "endpoint_url", NOBODY)
    own_pixel.serve()

    assert own_pixel.call(EVENT).status == 504


@pytest.mark.parametrize(("status", "expected"), [(500, 503), (503, 503), (302, 503), (429, 502), (201, 200)])
def test_each_class_of_sqs_responses_has_its_own_response(
    own_pixel: Pixel, monkeypatch: pytest.MonkeyPatch, status: int, expected: int
) -> None:
    def response(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response(f"{status} -", [("Content-Length", "0")])
        return []

    sqs = HttpServer(response).start()
    monkeypatch.setattr(own_pixel.cloud, "endpoint_url", sqs.url)
    own_pixel.serve()

    got = own_pixel.call(EVENT).status
    sqs.stop()

    assert got == expected


def test_without_a_matching_integration_response_the_response_is_500(deploy: Callable[..., Pixel]) -> None:
    def only_success(document: dict[str, Any]) -> None:
        responses = integration_of(document)["responses"]
        del responses["default"], responses[r"4\d{2}"]

    assert deploy(edit=only_success, sends=False).call(EVENT).status == 500


# ---- CORS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_listed_origin_is_echoed(deploy: Callable[..., Pixel], origin: str, method: str) -> None:
    response = deploy(origins=ORIGINS).call(EVENT, method=method, headers={"Origin": origin})

    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_origin_gets_only_vary(
    deploy: Callable[..., Pixel], headers: dict[str, str], method: str
) -> None:
    response = deploy(origins=ORIGINS).call(EVENT, method=method, headers=headers)

    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


def test_a_listed_origin_may_read_the_error_when_the_queue_refuses(deploy: Callable[..., Pixel]) -> None:
    response = deploy(origins=ORIGINS, sends=False).call(EVENT, headers={"Origin": ORIGINS[1]})

    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (502, ORIGINS[1])


def test_a_preflight_request_gets_a_response_and_queues_nothing(deploy: Callable[..., Pixel]) -> None:
    pixel = deploy(origins=["*"])

    response = pixel.call(EVENT, method="OPTIONS", headers={"Origin": "https://any.example"})

    assert (response.status, response.body) == (204, "")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS"
    assert pixel.messages() == []


@pytest.mark.parametrize("method", [*METHODS, "OPTIONS"])
def test_a_listed_origin_may_send_cookies_and_read_the_response(
    deploy: Callable[..., Pixel], method: str
) -> None:
    pixel = deploy(origins=ORIGINS, credentials=True)
    listed, other = (
        pixel.call(EVENT, method=method, headers={"Origin": origin}).headers
        for origin in (ORIGINS[1], "https://evil.example")
    )

    assert listed["Access-Control-Allow-Origin"] == ORIGINS[1]
    assert listed["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in other


def test_api_gateways_own_errors_name_a_fixed_origin(deploy: Callable[..., Pixel]) -> None:
    assert deploy(origins=["*"]).call("/dev/events").headers["Access-Control-Allow-Origin"] == "*"


# ---- What is not served --------------------------------------------------------------------------------


def test_a_template_that_cannot_be_trusted_stops_the_gateway(deploy: Callable[..., Pixel]) -> None:
    def break_template(document: dict[str, Any]) -> None:
        integration_of(document)["requestTemplates"]["application/json"] = "#foreach($a in ['b'])\n#end"

    with pytest.raises(MappingTemplateError):
        deploy(edit=break_template)


def test_a_template_that_fails_while_rendering_yields_500_and_says_where(
    deploy: Callable[..., Pixel], caplog: pytest.LogCaptureFixture
) -> None:
    def break_template(document: dict[str, Any]) -> None:
        integration_of(document)["requestTemplates"]["application/json"] = "Action=SendMessage&${nobody}"

    pixel = deploy(edit=break_template)

    assert pixel.call(EVENT).status == 500
    assert pixel.messages() == []
    assert "GET /events: mapping template, line 1, at '${nobody}': $nobody was never set" in caplog.text


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("uri", "arn:aws:apigateway:us-east-1:s3:path/bucket", "s3:path/bucket"),
        ("requestParameters", {"integration.request.querystring.a": "'b'"}, "querystring.a"),
        ("requestParameters", {"integration.request.header.a": "context.stage"}, "context.stage"),
        (
            "requestParameters",
            {"integration.request.header.a": "method.request.header.b"},
            "method.request.header.b",
        ),
    ],
)
def test_an_integration_that_is_not_served_stops_the_gateway(
    deploy: Callable[..., Pixel], key: str, value: object, named: str
) -> None:
    with pytest.raises(UnservedPart, match=re.escape(named)):
        deploy(edit=lambda document: integration_of(document).update({key: value}))


def test_an_integration_that_passes_bodies_through_stops_the_gateway(own_pixel: Pixel) -> None:
    # The body of a request with another Content-Type would be the request to SQS, sent as the API's role.
    client = own_pixel.cloud.client("apigateway")
    root = client.get_resources(restApiId=own_pixel.rest_api_id)["items"][0]["id"]
    key = {"restApiId": own_pixel.rest_api_id, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**key, authorizationType="NONE")
    client.put_integration(
        **key,
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:sqs:path/123456789012/events",
        credentials=own_pixel.role_arn,
        passthroughBehavior="WHEN_NO_MATCH",
    )

    with pytest.raises(UnservedPart, match="GET /: passthrough behavior WHEN_NO_MATCH is not served"):
        own_pixel.serve()


def test_a_method_with_another_authorization_stops_the_gateway(own_pixel: Pixel) -> None:
    client = own_pixel.cloud.client("apigateway")
    root = client.get_resources(restApiId=own_pixel.rest_api_id)["items"][0]["id"]
    client.put_method(
        restApiId=own_pixel.rest_api_id, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM"
    )

    with pytest.raises(UnservedPart, match="AWS_IAM"):
        own_pixel.serve()
