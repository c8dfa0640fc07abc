"""What of a customer no command deletes, where it is, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops import durations, queues
from ops.aws import Aws, CallError
from ops.stack import Stack

_NO_LIFECYCLE: Final = "NoSuchLifecycleConfiguration"
_EVENTS_PREFIX: Final = "events/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """`until` is in words: a duration, or who decides."""

    place: str
    what: str
    until: str


def remains(aws: Aws, stack: Stack) -> list[Remainder]:
    """Raises CallError."""
    return [*_in_queues(aws, stack), *(one for name in stack.destinations for one in _in(name, aws, stack))]


def _in_queues(aws: Aws, stack: Stack) -> list[Remainder]:
    kept = [
        durations.words(int(queues.attribute(aws, url, "MessageRetentionPeriod") or 0))
        for url in (stack.queue_url, stack.dead_letter_queue_url)
    ]
    return [
        Remainder(
            place=f"queue {stack.queue_name}",
            what="events that wait, and delayed retries: recording one makes a new profile",
            until=f"recorded or dead-lettered, at most {kept[0]}",
        ),
        Remainder(
            place=f"dead-letter queue {stack.dead_letter_queue_name}",
            what="dead letters with another spelling of the id",
            until=f"at most {kept[1]}",
        ),
    ]


def _in(destination: str, aws: Aws, stack: Stack) -> list[Remainder]:
    match destination:
        case "customer-profiles":
            return [
                Remainder(
                    place=f"domain {stack.customer_profiles_domain}",
                    what="exports, segments and campaign journeys that were made before",
                    until="their owner deletes them",
                ),
                *_in_the_domains_queue(aws, stack.customer_profiles_dead_letter_queue_url),
            ]
        case "firehose" if stack.event_bucket:
            return [
                Remainder(
                    place=f"bucket {stack.event_bucket}",
                    what="events as lines of files, and what queries wrote elsewhere",
                    until=_bucket_days(aws, stack.event_bucket),
                )
            ]
        case "firehose":
            return [
                Remainder(
                    place="the target of your delivery stream",
                    what="events, each with its endpoint_id",
                    until="its owner deletes them",
                )
            ]
        case "eventbridge":
            return _in_eventbridge(aws, stack)
        case "pinpoint":
            return [
                Remainder(
                    place="Amazon Pinpoint",
                    what="the endpoint, and events in its event stream",
                    until="you call DeleteEndpoint, or DeleteUserEndpoints for all of a user's",
                )
            ]
        case _:
            return [Remainder(place=destination, what="events", until="its owner deletes them")]


def _in_the_domains_queue(aws: Aws, url: str | None) -> list[Remainder]:
    if url is None:
        return []
    kept = durations.words(int(queues.attribute(aws, url, "MessageRetentionPeriod") or 0))
    return [
        Remainder(
            place=f"the domain's dead-letter queue {url.rpartition('/')[2]}",
            what="objects that the domain accepted and could not process",
            until=f"at most {kept}",
        )
    ]


def _in_eventbridge(aws: Aws, stack: Stack) -> list[Remainder]:
    targets = Remainder(
        place=f"targets of the rules of {stack.eventbridge_bus}",
        what="what rules have sent on, other archives included",
        until="their owners delete it",
    )
    if stack.eventbridge_archive is None:
        return [targets]
    found = aws.call("events", "describe_archive", ArchiveName=stack.eventbridge_archive)
    days = int(found.get("RetentionDays", 0))
    archive = Remainder(
        place=f"archive {stack.eventbridge_archive}",
        what="events; single ones cannot be deleted, and a replay sends them again",
        until=f"{days} d after each was sent" if days else "the archive is deleted",
    )
    return [archive, targets]


def _bucket_days(aws: Aws, bucket: str) -> str:
    rules: list[dict[str, Any]] = []
    try:
        rules = aws.call("s3", "get_bucket_lifecycle_configuration", Bucket=bucket)["Rules"]
    except CallError as error:
        if error.code != _NO_LIFECYCLE:
            raise
    days = [rule["Expiration"]["Days"] for rule in rules if _expires_events(rule)]
    return f"{min(days)} d after each file was written" if days else "somebody deletes the files"


def _expires_events(rule: Mapping[str, Any]) -> bool:
    """Whether a rule deletes all files of events: it may be off, or for other files."""
    chosen = rule.get("Filter", {"Prefix": rule.get("Prefix", "")})
    return (
        rule["Status"] == "Enabled"
        and "Days" in rule.get("Expiration", {})
        and chosen.keys() <= {"Prefix"}
        and _EVENTS_PREFIX.startswith(chosen.get("Prefix", ""))
    )
