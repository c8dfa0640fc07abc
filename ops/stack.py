"""A deployed stack, as its outputs describe it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from cli.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The parts of a stack by the names that AWS knows them by. None: the stack has no such part."""

    # PROJECT-STACK, which is the dimension `service` of its metrics.
    name: str
    region: str
    auth_mode: str
    destinations: tuple[str, ...]

    events_url: str
    api_name: str

    queue_url: str
    dead_letter_queue_url: str

    function_name: str
    log_group: str
    event_source_id: str

    authorizer_function_name: str | None = None
    authorizer_log_group: str | None = None

    customer_profiles_domain: str | None = None
    customer_profiles_object_type: str | None = None
    customer_profiles_endpoints_type: str | None = None
    # Of a domain that the stack made.
    customer_profiles_dead_letter_queue_url: str | None = None
    event_bucket: str | None = None
    eventbridge_bus: str | None = None
    eventbridge_archive: str | None = None

    # None: an older stack. The stage is the one of events_url; there may be a former one, too.
    api_id: str | None = None
    stage_name: str | None = None

    dashboard_url: str | None = None
    alarm_topic_arn: str | None = None
    kms_key_arn: str | None = None
    # The web ACL in front of the API, and the rule in it that blocks addresses, if the stack made it.
    web_acl_arn: str | None = None
    web_acl_rule: str | None = None

    @property
    def queue_name(self) -> str:
        return self.queue_url.rpartition("/")[2]

    @property
    def account(self) -> str:
        return self.queue_url.split("/")[-2]

    @property
    def dead_letter_queue_name(self) -> str:
        return self.dead_letter_queue_url.rpartition("/")[2]

    @property
    def functions(self) -> Mapping[str, str]:
        """The functions' names, by what they are for."""
        authorizer = self.authorizer_function_name
        return {"processor": self.function_name, **({"authorizer": authorizer} if authorizer else {})}

    @property
    def log_groups(self) -> Mapping[str, str]:
        """The log groups, by the function's purpose."""
        authorizer = self.authorizer_log_group
        return {"processor": self.log_group, **({"authorizer": authorizer} if authorizer else {})}


_QUEUE_URL = re.compile(r"https?://[^/\s]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}")

_REQUIRED = {
    "name": "project_stack",
    **{
        name: name
        for name in (
            *("region", "auth_mode", "events_url", "api_name", "queue_url"),
            *("dead_letter_queue_url", "function_name", "log_group", "event_source_id"),
        )
    },
}
_OPTIONAL = (
    *("api_id", "stage_name", "authorizer_function_name", "authorizer_log_group", "customer_profiles_domain"),
    *("customer_profiles_object_type", "customer_profiles_endpoints_type", "event_bucket"),
    *("customer_profiles_dead_letter_queue_url", "eventbridge_bus", "eventbridge_archive", "dashboard_url"),
    *("alarm_topic_arn", "kms_key_arn", "web_acl_arn", "web_acl_rule"),
)


def stack_of(outputs: Mapping[str, Any]) -> Stack:
    """Raises UsageError for outputs that are not those of a stack of this program, as it is now."""
    missing = [output for output in _REQUIRED.values() if not isinstance(outputs.get(output), str)]
    destinations = outputs.get("destinations")
    if missing or not isinstance(destinations, list):
        raise UsageError(
            f"these outputs have no {(missing or ['destinations'])[0]}: select the stack of gtm-pixel "
            "(--stack NAME), and run pulumi up if it is older than these commands"
        )
    for output in ("queue_url", "dead_letter_queue_url"):
        if not _QUEUE_URL.fullmatch(outputs[output]):
            raise UsageError(f"the output {output} is no URL of a queue: give the output of this stack")
    required: dict[str, str] = {name: outputs[output] for name, output in _REQUIRED.items()}
    optional = {name: outputs[name] for name in _OPTIONAL if isinstance(outputs.get(name), str)}
    return Stack(**required, destinations=tuple(map(str, cast("list[object]", destinations))), **optional)
