"""A fake of Customer Profiles on loopback, with the object types of a stack."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from components.profile_template import ProfileTemplateArgs, profile_template
from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import Recorder
from tests.patience import PATIENCE_SECONDS

DOMAIN = "amazon-connect-example"
ENDPOINTS_TYPE = "gtm-pixel-prod-endpoints"
REGION = "eu-central-1"

TEMPLATE_ARGS = ProfileTemplateArgs(
    domain_name=DOMAIN,
    new_domain=True,
    object_type_name=ENDPOINTS_TYPE.removesuffix("-endpoints"),
    expiration_days=366,
    max_events_per_profile=500,
    create_profiles=True,
    profile_attributes=["plan", "loyalty_tier"],
)
TEMPLATE = profile_template(TEMPLATE_ARGS)


class Service:
    """The fake. A test can wait for a number of requests that put objects, and hold the import there.

    `regions` are the Regions for which requests were signed.
    """

    def __init__(self, **args: Any) -> None:
        template = profile_template(replace(TEMPLATE_ARGS, **args))
        self.fake = CustomerProfilesFake(Recorder(), templates=[template])
        self.regions: set[str] = set()
        self._seen = threading.Condition()
        self._held_from: int | None = None

    @contextmanager
    def holding(self, count: int) -> Iterator[None]:
        """Within, nothing is responded from this request that puts objects on: no import goes further."""
        self._held_from = count
        try:
            yield
        finally:
            with self._seen:
                self._held_from = None
                self._seen.notify_all()

    def wait_for_requests(self, count: int) -> None:
        with self._seen:
            assert self._seen.wait_for(lambda: len(self.put_sizes) >= count, PATIENCE_SECONDS)

    def wait_for_any_request(self) -> None:
        with self._seen:
            assert self._seen.wait_for(lambda: bool(self.fake.requests), PATIENCE_SECONDS)

    @property
    def put_sizes(self) -> list[int]:
        """Number of objects in each request that put objects."""
        return [
            len(request.parameters["Items"])
            for request in self.fake.requests
            if request.operation == "BatchPutProfileObject"
        ]

    def count(self, operation: str) -> int:
        return sum(request.operation == operation for request in self.fake.requests)

    def puts(self, key: str) -> int:
        """How often the object with this key was put."""
        return sum(stored.puts for stored in self.fake.objects(key))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Credential=KEY/DATE/REGION/SERVICE/aws4_request
        self.regions.add(environ["HTTP_AUTHORIZATION"].split("/")[2])
        response = list(self.fake(environ, start_response))
        with self._seen:
            self._seen.notify_all()
            self._seen.wait_for(
                lambda: self._held_from is None or len(self.put_sizes) < self._held_from, PATIENCE_SECONDS
            )
        return response
