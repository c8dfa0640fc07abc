"""The event processor's environment as one typed model, set by components/event_processor.py.

The variables of a destination are read by its module in `destinations/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.missing_values import IgnoredIds
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from handler.update_policy import UpdatePolicy
from handler.variables import read_choice, read_names, read_positive_integer, read_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The configuration of the event processor."""

    # Names as in the settings: `customer-profiles`.
    destinations: tuple[str, ...]
    update_policy: UpdatePolicy
    timestamp_source: TimestampSource
    # Endpoint ids that the site sends for unknown visitors.
    ignored_endpoint_ids: IgnoredIds
    # Where messages come from, and where copies to retry go.
    queue_url: str
    dead_letter_queue_url: str
    # How long a message is retried, at least.
    retry_hours: int
    # How often the queue delivers a message before it moves it to the dead-letter queue itself.
    max_receive_count: int
    service: str
    metrics_namespace: str


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Read the variables, such as os.environ; raises InvalidEnvironmentError."""
    return Environment(
        destinations=_destinations(variables),
        update_policy=UpdatePolicy(
            auth_mode=read_choice(variables, "AUTH_MODE", AuthMode),
            profile_updates=read_choice(variables, "PROFILE_UPDATES", ProfileUpdates),
            allowed_names=read_names(variables, "PROFILE_ATTRIBUTES"),
        ),
        timestamp_source=read_choice(variables, "TIMESTAMP_SOURCE", TimestampSource),
        ignored_endpoint_ids=IgnoredIds.of(read_names(variables, "IGNORED_ENDPOINT_IDS")),
        queue_url=read_string(variables, "QUEUE_URL"),
        dead_letter_queue_url=read_string(variables, "DEAD_LETTER_QUEUE_URL"),
        retry_hours=read_positive_integer(variables, "RETRY_HOURS"),
        max_receive_count=read_positive_integer(variables, "MAX_RECEIVE_COUNT"),
        service=read_string(variables, "POWERTOOLS_SERVICE_NAME"),
        metrics_namespace=read_string(variables, "POWERTOOLS_METRICS_NAMESPACE"),
    )


def _destinations(variables: Mapping[str, str]) -> tuple[str, ...]:
    names = read_string(variables, "DESTINATIONS").split(",")
    # Each name once: a destination that is listed twice must not record every event twice.
    return tuple(dict.fromkeys(name.strip() for name in names))
