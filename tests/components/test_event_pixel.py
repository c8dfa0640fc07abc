"""EventPixel by itself, apart from the stack settings that tests/test_program.py covers."""

import pulumi
import pytest

from components.destinations.firehose import FirehoseArgs
from components.event_pixel import EventPixel, EventPixelArgs
from components.safeguards import NO_SAFEGUARDS
from components.tls_policy import TlsPolicy
from components.token_authorizer import OidcArgs
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from tests.recording import Recording, record

OIDC = OidcArgs(issuer="https://issuer.example", audiences=("client-1",))


def args(oidc: OidcArgs | None) -> EventPixelArgs:
    return EventPixelArgs(
        oidc=oidc,
        stack_name="gtm-pixel-test",
        region=None,
        stage_name="v1",
        previous_stage_name=None,
        allowed_origins=(),
        throttling_rate_limit=1000,
        throttling_burst_limit=2000,
        method_throttles=(),
        domain=None,
        execute_api_endpoint=True,
        tls_policy=TlsPolicy.TLS_1_2,
        web_acl=None,
        safeguards=NO_SAFEGUARDS,
        destinations=[FirehoseArgs(stream="events", app_id="gtm-pixel-test")],
        profile_updates=ProfileUpdates.NONE,
        profile_attributes=(),
        timestamp_source=TimestampSource.GATEWAY,
        ignored_endpoint_ids=(),
        retry_hours=6,
        max_receive_count=5,
        batch_size=100,
        batch_window_seconds=1,
        maximum_concurrency=5,
        function_timeout_seconds=60,
        function_memory_mb=512,
        processor_version=None,
        authorizer_version=None,
        access_logs=False,
        log_retention_days=30,
        tracing=False,
        alarms=None,
        dashboard=False,
        protect=False,
    )


@pytest.fixture(scope="module")
def two_pixels() -> Recording:
    """A program with an open pixel and an authenticated one."""

    def program() -> None:
        for name, oidc in (("shop", None), ("blog", OIDC)):
            pixel = EventPixel(name, args(oidc))
            pulumi.export(f"{name}_url", pixel.gtm_image_url)

    return record(program)


def test_the_scenario_follows_from_the_issuer() -> None:
    assert [args(oidc).auth_mode for oidc in (None, OIDC)] == [AuthMode.OPEN, AuthMode.AUTHENTICATED]


def test_a_program_can_have_two(two_pixels: Recording) -> None:
    assert len(two_pixels.urns()) == len(two_pixels.resources)
    assert {one.name.partition("-")[0] for one in two_pixels.resources} == {"shop", "blog"}


def test_its_parts_belong_to_it(two_pixels: Recording) -> None:
    parts = {one.name: one.parent for one in two_pixels.resources if one.parent in ("shop", "blog")}

    assert parts == {
        "shop-events": "shop",
        "shop-processor": "shop",
        "shop-api": "shop",
        "blog-events": "blog",
        "blog-authorizer": "blog",
        "blog-processor": "blog",
        "blog-api": "blog",
    }


def test_its_image_url_is_ready_for_gtm(two_pixels: Recording) -> None:
    """`endpoint_id` comes first (docs/browsers.md, Ad blockers)."""
    assert two_pixels.outputs == dict.fromkeys(
        ("shop_url", "blog_url"), "https://api.test/v1/events?endpoint_id={{endpoint_id}}&event={{Event}}"
    )
