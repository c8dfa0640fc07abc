"""Customer Profiles on loopback with the object types that the stack would make."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from components.profile_template import ProfileTemplateArgs, profile_template
from local.customer_profiles import CustomerProfilesStandIn
from local.recorder import Recorder

DOMAIN = "amazon-connect-example"
ENDPOINTS_TYPE = "gtm-pixel-prod-endpoints"
REGION = "eu-central-1"

TEMPLATE = profile_template(
    ProfileTemplateArgs(
        domain_name=DOMAIN,
        new_domain=True,
        object_type_name=ENDPOINTS_TYPE.removesuffix("-endpoints"),
        expiration_days=366,
        max_events_per_profile=500,
        create_profiles=True,
        profile_attributes=["plan", "loyalty_tier"],
    )
)


class Service:
    """The stand-in, and GetProfileObjectType, which it lacks, out of the same template.

    A test can wait for a count of requests. `regions` are those that requests were signed for.
    """

    def __init__(self) -> None:
        self.stand_in = CustomerProfilesStandIn(Recorder(), templates=[TEMPLATE])
        self.regions: set[str] = set()
        self._seen = threading.Condition()
        self._count = 0

    def wait_for_requests(self, count: int, *, timeout: float) -> bool:
        with self._seen:
            return self._seen.wait_for(lambda: self._count >= count, timeout)

    @property
    def put_sizes(self) -> list[int]:
        """How many endpoints each request had."""
        return [len(request.parameters["Items"]) for request in self.stand_in.requests]

    def puts(self, endpoint_id: str) -> int:
        """How often an endpoint was put."""
        return sum(stored.puts for stored in self.stand_in.objects(endpoint_id))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Credential=KEY/DATE/REGION/SERVICE/aws4_request
        self.regions.add(environ["HTTP_AUTHORIZATION"].split("/")[2])
        if environ["REQUEST_METHOD"] == "GET":
            return _describe(environ["PATH_INFO"], start_response)
        answer = list(self.stand_in(environ, start_response))
        with self._seen:
            self._count += 1
            self._seen.notify_all()
        return answer


def _describe(path: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    for resource in TEMPLATE["Resources"].values():
        properties = resource["Properties"]
        if path == f"/domains/{DOMAIN}/object-types/{properties.get('ObjectTypeName')}":
            fields = {field["Name"]: field["ObjectTypeField"] for field in properties["Fields"]}
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"ObjectTypeName": properties["ObjectTypeName"], "Fields": fields}).encode()]
    start_response("404 Not Found", [("x-amzn-ErrorType", "ResourceNotFoundException")])
    return [b"{}"]
