"""Amazon Connect Customer Profiles: the service's limits, and the names that this project uses in a domain.

The limits come from the service's API model and its quotas.
"""

from typing import Final

OBJECTS_IN_REQUEST: Final = 10
"""Items of BatchPutProfileObject."""

OBJECT_CHARACTERS: Final = 256_000
"""Longest Object of PutProfileObject, a JSON string."""

VALUE_CHARACTERS: Final = 255
"""The longest value of a key or a field."""

FIELDS: Final = 250
"""Fields of an object type."""

KEYS: Final = 10
"""Keys of an object type."""

DIMENSIONS: Final = 10
"""Dimensions of an event trigger's condition. The event type uses one."""

OBJECTS_OF_PROFILE: Final = 1_000
"""Objects of all types that one profile keeps."""

EXPIRATION_DAYS: Final = 1_098
"""The most days for which a domain keeps objects."""

TRIGGER_NAME_CHARACTERS: Final = 64
TRIGGER_VALUES: Final = 10
TRIGGER_VALUE_CHARACTERS: Final = 255
TRIGGER_EXPIRATION_MINUTES: Final = 15
TRIGGER_INVOCATIONS_PER_DAY: Final = 1_000

USER_ATTRIBUTE_NAME: Final = r"[A-Za-z0-9_.-]{1,59}"
"""Names of user attributes that a profile can have: a field is named usat_NAME and has at most 64 characters
(PutProfileObjectType in the service's model)."""

ENDPOINT_KEY: Final = "gtm_pixel_endpoint_id"
"""The key that finds a customer's profile: SearchProfiles(KeyName=ENDPOINT_KEY, Values=[endpoint id])."""

EVENT_KEY: Final = "gtm_pixel_event_key"
"""The key that identifies an event: putting the same event again replaces its object."""

ENDPOINT_ATTRIBUTE: Final = "gtm_pixel_endpoint_id"
"""The profile attribute that holds the endpoint id, for people and segments."""

OPT_OUT_ATTRIBUTE: Final = "gtm_pixel_opt_out"
"""The profile attribute that says on which channels a customer opted out in Amazon Pinpoint, for segments:
NONE, or names of channels joined by commas. Only the import writes it."""

EMAIL_KEY: Final = "_email"
PHONE_KEY: Final = "_phone"
"""The domain's standard keys, by which agents search. Without a standard identifier they are search-only and
do not match an object to a profile ("Search-only keys", Amazon Connect administrator guide)."""

ENDPOINTS_TYPE_SUFFIX: Final = "-endpoints"
"""Suffix of the object type of imported endpoints, after the name of the events' object type."""

CLOUDFORMATION_REGIONS: Final = frozenset(
    {
        *("af-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2"),
        *("ca-central-1", "eu-central-1", "eu-west-2", "us-east-1", "us-west-2"),
    }
)
"""The Regions in which CloudFormation has AWS::CustomerProfiles::ObjectType and ::EventTrigger (its resource
specification of 2026-11)."""
