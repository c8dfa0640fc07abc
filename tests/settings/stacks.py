"""Stacks whose settings tests read. Settings that a test does not set have their defaults."""

from typing import Any

from components.destinations.customer_profiles import CustomerProfilesArgs
from components.event_pixel import EventPixelArgs
from components.profile_template import ProfileTemplateArgs
from settings import SettingsError
from settings.groups import Stack
from settings.reading import read

DOMAIN = "amazon-connect-example"
APPLICATION_ID = "0123456789abcdef0123456789abcdef"

PINPOINT: dict[str, Any] = {"destinations": ["pinpoint"], "pinpointApplicationId": APPLICATION_ID}
FIREHOSE: dict[str, Any] = {"destinations": ["firehose"]}
AUTHENTICATED: dict[str, Any] = {
    "authMode": "authenticated",
    "oidcIssuer": "https://issuer.example/pool",
    "oidcAudiences": ["client-1"],
    "profileAttributes": ["plan"],
}

TEMPLATE = ProfileTemplateArgs(
    domain_name=DOMAIN,
    new_domain=False,
    object_type_name="gtm-pixel-test",
    expiration_days=366,
    max_events_per_profile=500,
    create_profiles=True,
)
"""The default arguments of Customer Profiles."""


def load(
    *, stack: str = "test", region: str | None = "eu-west-1", is_local_run: bool = False, **changes: Any
) -> EventPixelArgs:
    """The settings of a stack that sets `changes`, and a domain where it needs one."""
    values = changes
    if "customer-profiles" in (changes.get("destinations") or ["customer-profiles"]):
        values = {"customerProfilesDomain": DOMAIN} | changes
    return read(values, Stack(name=f"gtm-pixel-{stack}", region=region, is_local_run=is_local_run))


def problems(*, stack: str = "test", region: str | None = "eu-west-1", **changes: Any) -> list[str]:
    """The problems of a stack, one line each."""
    try:
        load(stack=stack, region=region, **changes)
    except SettingsError as error:
        return str(error).split("\n")
    return []


def customer_profiles(**changes: Any) -> CustomerProfilesArgs:
    """The component's arguments of a stack with only Customer Profiles."""
    (destination,) = load(**changes).destinations
    assert isinstance(destination, CustomerProfilesArgs)
    return destination


def names(count: int, length: int = 4, prefix: str = "a") -> list[str]:
    """Distinct names of one length."""
    return [prefix + str(number).zfill(length - 1) for number in range(count)]


def trigger(**changes: Any) -> dict[str, Any]:
    """A stack with one event trigger, and what conditions may use."""
    return {
        "customerProfilesTriggerAttributes": ["currency"],
        "customerProfilesTriggerMetrics": ["value"],
        "customerProfilesTriggers": [{"name": "purchase", "event": "purchase", **changes}],
    }


def condition(**entry: Any) -> dict[str, Any]:
    """The same with one condition."""
    return trigger(conditions=[entry])
