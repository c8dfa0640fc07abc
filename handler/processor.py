"""Entry point of the event processor: reads a batch of queue messages and records their events.

A message is done when every destination has its event, when it holds no event, or when the dead-letter
queue has it. All others are reported as batch item failures, so that the queue delivers them again; so are
recorded ones whose profile update would otherwise be overwritten by an older one that comes again.

Nothing here runs at import; the environment is read and clients are made at the first invocation. Log
lines hold ids of messages and requests, counts and reasons: nothing of an event.
"""

import base64
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSMessageAttribute, SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handler.batch_report import BatchReport
from handler.dead_letters import ORIGINAL_MESSAGE_ID, DeadLetter, DeadLetterQueue, MessageAttribute
from handler.destinations import Destination, Outcome, Recorded, Refused, Retry, make_destination
from handler.environment import Environment, read_environment
from handler.event_identity import EventKey, first_of_each
from handler.events import Event, Message, Rejection, parse_event
from handler.update_policy import Decision

# Kept back for writing metrics and answering.
_CLOSING_SECONDS = 1.0

# Retry reason where this program, not a service, went wrong.
_UNEXPECTED = "unexpected_error"
# Retry reason where an earlier update of the same attribute has to come again.
_AFTER_EARLIER_UPDATE = "after_earlier_update"
# Retry reason where a refused message could not be put into the dead-letter queue.
_DEAD_LETTER_FAILED = "dead_letter_failed"


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Process the records of an SQS event; answers which messages the queue shall deliver again."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    failed = _processor().process(list(SQSEvent(event).records), time_left=time_left)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@cache
def _processor() -> "EventProcessor":
    """The container's processor: made once, with its clients."""
    environment = read_environment(os.environ)
    return EventProcessor(
        environment=environment,
        destinations=[make_destination(name, os.environ) for name in environment.destinations],
        dead_letter_queue=DeadLetterQueue.at(environment.dead_letter_queue_url),
        logger=Logger(service=environment.service),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    """A message that holds an event, and what may be recorded of it."""

    record: SQSRecord
    message: Message
    decision: Decision


class EventProcessor:
    """Takes messages through parsing, the update policy and every destination."""

    def __init__(
        self,
        *,
        environment: Environment,
        destinations: Sequence[Destination],
        dead_letter_queue: DeadLetterQueue,
        logger: Logger,
    ) -> None:
        self._environment = environment
        self._destinations = destinations
        self._dead_letter_queue = dead_letter_queue
        self._logger = logger

    def process(self, records: Sequence[SQSRecord], *, time_left: Callable[[], float]) -> list[str]:
        """Process a batch; the ids of the messages to deliver again. `time_left` is in seconds."""
        if not all(record.message_id for record in records):
            # It could not be named in the answer, and an answer without it would lose the message.
            raise ValueError("a record has no messageId")
        report = BatchReport(received=len(records))
        failed: list[str] = []
        accepted = self._accept(records, report, failed)
        firsts = first_of_each(one.decision.event for one in accepted)
        recorded = self._record(list(firsts.values()), time_left)
        recorded_at_ms = time.time_ns() // 1_000_000
        # By message id: those that hold the same event have the same outcome, until they have to wait.
        outcomes = {
            one.message.message_id: recorded[firsts[EventKey.of(one.decision.event)].message_id]
            for one in accepted
        }
        outcomes = _keep_updates_in_order(accepted, outcomes, can_wait=(Recorded, Refused))
        outcomes.update(self._dead_letter(accepted, outcomes, time_left))
        # What the dead-letter queue has stays there.
        outcomes = _keep_updates_in_order(accepted, outcomes, can_wait=(Recorded,))
        for one in accepted:
            match outcomes[one.message.message_id]:
                case Retry(reason):
                    report.retried[reason] += 1
                    failed.append(one.message.message_id)
                case Refused(reason):
                    report.refused[reason] += 1
                case Recorded() if one.decision.event is not firsts[EventKey.of(one.decision.event)]:
                    report.duplicates += 1
                case Recorded() as settled:
                    _count_recorded(report, one.decision, settled, recorded_at_ms)
        self._logger.info("batch processed", extra=report.summary())
        report.publish(namespace=self._environment.metrics_namespace, service=self._environment.service)
        return failed

    def _accept(
        self, records: Sequence[SQSRecord], report: BatchReport, failed: list[str]
    ) -> list[_Accepted]:
        """The messages that hold an event. Logs and counts those that hold none."""
        accepted: list[_Accepted] = []
        for record in records:
            try:
                message = _read_message(record)
                parsed = parse_event(
                    message,
                    timestamp_source=self._environment.timestamp_source,
                    ignored_endpoint_ids=self._environment.ignored_endpoint_ids,
                )
                if isinstance(parsed, Rejection):
                    report.rejected[parsed.reason] += 1
                    self._logger.warning(
                        "message rejected",
                        extra={
                            "reason": parsed.reason,
                            "message_id": message.message_id,
                            "request_id": message.request_id,
                        },
                    )
                else:
                    decision = self._environment.update_policy.apply(parsed)
                    accepted.append(_Accepted(record=record, message=message, decision=decision))
            except Exception as error:  # one message that nobody thought of must not fail the others
                self._log_unexpected("message unreadable", error, message_id=record.message_id)
                report.retried[_UNEXPECTED] += 1
                failed.append(record.message_id)
        return accepted

    def _record(self, events: Sequence[Event], time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record events in every destination at the same time; one outcome for each, by message id."""
        if not events:
            return {}
        reserve = self._dead_letter_queue.worst_case_seconds + _CLOSING_SECONDS

        def record_in(destination: Destination) -> Mapping[str, Outcome]:
            try:
                return destination.record(events, time_left=lambda: time_left() - reserve)
            except Exception as error:  # other destinations still get the events
                self._log_unexpected("destination failed", error)
                return {}

        # At the same time, so that a slow destination leaves the others the time they need.
        with ThreadPoolExecutor(len(self._destinations)) as threads:
            answers = list(threads.map(record_in, self._destinations))
        return {
            event.message_id: _settle(
                [answer.get(event.message_id, Retry(_UNEXPECTED)) for answer in answers]
            )
            for event in events
        }

    def _dead_letter(
        self,
        accepted: Sequence[_Accepted],
        outcomes: Mapping[str, Outcome],
        time_left: Callable[[], float],
    ) -> Mapping[str, Retry]:
        """Send refused messages to the dead-letter queue; those that it has not taken come again."""
        letters = [
            _dead_letter(one, outcome.reason)
            for one in accepted
            if isinstance(outcome := outcomes[one.message.message_id], Refused)
        ]
        taken = self._dead_letter_queue.send(letters, time_left=lambda: time_left() - _CLOSING_SECONDS)
        for letter in letters:
            self._logger.error(
                "message refused",
                extra={
                    "reason": letter.reason,
                    "message_id": letter.message_id,
                    "request_id": letter.request_id,
                    "dead_lettered": letter.message_id in taken,
                },
            )
        return {
            letter.message_id: Retry(_DEAD_LETTER_FAILED)
            for letter in letters
            if letter.message_id not in taken
        }

    def _log_unexpected(self, message: str, error: Exception, **ids: str) -> None:
        # The type only: an exception's text may quote the value that it is about.
        self._logger.error(message, extra={"error": type(error).__name__, **ids})


def _settle(outcomes: Sequence[Outcome]) -> Outcome:
    """What becomes of a message with one outcome a destination: done only when all have recorded it.

    One that may still succeed somewhere stays in the queue before one that was refused leaves it.
    """
    for kind in (Retry, Refused):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    recorded = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    dropped: Counter[str] = Counter()
    for one in recorded:
        dropped.update(one.dropped)
    return Recorded(
        dropped=dropped,
        # An update counts once, in however many destinations it is.
        profile_updates=max(one.profile_updates for one in recorded),
    )


def _keep_updates_in_order(
    accepted: Sequence[_Accepted],
    outcomes: Mapping[str, Outcome],
    *,
    can_wait: tuple[type[Outcome], ...],
) -> dict[str, Outcome]:
    """Let later updates of a profile come again with an earlier one that has to; those that can.

    An event that comes again writes its user attributes again. Alone, it would set those back that a later
    event of its endpoint has written meanwhile, be it in one destination only; together, the later one wins.
    """
    settled = dict(outcomes)
    waiting: dict[str, set[str]] = {}  # by endpoint: the user attributes that will be written again
    for event in sorted((one.decision.event for one in accepted), key=attrgetter("received_ms")):
        names = waiting.setdefault(event.endpoint_id, set())
        outcome = settled[event.message_id]
        if isinstance(outcome, can_wait) and not names.isdisjoint(event.user_attributes):
            outcome = settled[event.message_id] = Retry(_AFTER_EARLIER_UPDATE)
        if isinstance(outcome, Retry):
            names.update(event.user_attributes)
    return settled


def _count_recorded(report: BatchReport, decision: Decision, recorded: Recorded, now_ms: int) -> None:
    report.recorded += 1
    report.profile_updates_applied += recorded.profile_updates
    report.profile_updates_refused += decision.refused
    report.attributes_dropped.update(decision.event.dropped)
    report.escaped_names += decision.event.escaped_names
    report.attributes_dropped.update(recorded.dropped)
    report.ages_ms.append(max(0, now_ms - decision.event.received_ms))


def _read_message(record: SQSRecord) -> Message:
    return Message(
        message_id=record.message_id,
        body=record.body,
        sent_at_ms=int(record.attributes.sent_timestamp),
        request_id=_text(record, "request_id"),
        request_time=_text(record, "request_time"),
        proven_endpoint=_text(record, "proven_endpoint"),
        original_message_id=_text(record, ORIGINAL_MESSAGE_ID),
    )


def _text(record: SQSRecord, name: str) -> str | None:
    attribute = record.message_attributes[name]
    return None if attribute is None else attribute.string_value


def _dead_letter(accepted: _Accepted, reason: str) -> DeadLetter:
    message = accepted.message
    attributes = accepted.record.message_attributes
    return DeadLetter(
        message_id=message.message_id,
        original_message_id=message.original_message_id or message.message_id,
        request_id=message.request_id,
        reason=reason,
        body=message.body,
        attributes={name: _api_attribute(attribute) for name, attribute in attributes.items()},
    )


def _api_attribute(attribute: SQSMessageAttribute) -> MessageAttribute:
    """A message attribute as the SQS API takes it, from the form in which Lambda delivers it."""
    if attribute.data_type.startswith("Binary"):
        return {
            "DataType": attribute.data_type,
            "BinaryValue": base64.b64decode(attribute.binary_value or ""),
        }
    return {"DataType": attribute.data_type, "StringValue": attribute.string_value or ""}
