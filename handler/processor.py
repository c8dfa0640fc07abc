"""Entry point of the event processor: reads a batch of queue messages and records their events.

A message is done when it holds no event, or when each destination that lacked its event has it, or another
message stands in for it: a copy in the queue, for destinations that may take it later, or a dead letter.
Only what could be handed to neither queue is reported as a batch item failure (`settlement`).

Nothing here runs at import; the environment is read and clients are made at the first invocation. Log
lines hold ids of messages and requests, counts and reasons: nothing of an event.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from random import SystemRandom
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from contract.function_time import (
    CLOSING_SECONDS,
    MESSAGES_HANDED_OVER_IN_A_SECOND,
    SHORTEST_TIMEOUT_SECONDS,
)
from handler.batch_report import BatchReport
from handler.delivery.resting import Resting
from handler.delivery.retry_schedule import RetrySchedule
from handler.delivery.settlement import Delivery, Fake, Settlement, events_to_record
from handler.destinations import (
    DeadLetter,
    Destination,
    Outcome,
    Recorded,
    Retry,
    is_destination,
    make_destination,
)
from handler.environment import Environment, read_environment
from handler.events import Event, Rejection, parse_event
from handler.message_queue import CALL_LIMITS, MessageQueue
from handler.queue_message import (
    OutgoingMessage,
    QueuedMessage,
    UnreadableMessageError,
    UnreadableReason,
    read_message,
    unreadable_dead_letter,
)
from handler.update_policy import Decision

# The time that is kept back from the destinations (CLOSING_SECONDS) is enough for a call to the dead-letter
# queue and two to the queue that all time out, for calls that get a response, and for the metrics.
UNANSWERED_CALLS = 3
UNANSWERED_CALLS_FOR_COPIES = 2
ANSWERED_CALLS_SECONDS = 2.0
METRICS_SECONDS = 1.0
# A function of the least memory has a fourteenth of a CPU. If writing the metrics of a large batch were cut
# off, each message would come again beside its copy.
_MESSAGES_MEASURED_IN_A_SECOND = 2_000

# Reason where this program, not a service, went wrong.
_UNEXPECTED = "unexpected_error"

_RANDOM = SystemRandom()

TimeLeft = Callable[[], float]


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
        destinations={name: make_destination(name, os.environ) for name in environment.destinations},
        queue=MessageQueue.at(environment.queue_url),
        dead_letter_queue=MessageQueue.at(environment.dead_letter_queue_url),
        logger=Logger(service=environment.service),
    )


def seconds_kept_back(messages: int) -> float:
    """The seconds at the end of an invocation in which no destination is called, for so many messages."""
    return CLOSING_SECONDS + messages // MESSAGES_HANDED_OVER_IN_A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    """A message that holds an event, and what may be recorded of it."""

    delivery: Delivery
    decision: Decision


@dataclass(slots=True)
class _Read:
    """What the messages of a batch say."""

    accepted: list[_Accepted] = field(default_factory=list[_Accepted])
    # Dead letters of messages that cannot be understood, and the reason of each.
    unreadable: list[tuple[OutgoingMessage, str]] = field(default_factory=list[tuple[OutgoingMessage, str]])
    # Messages of which not even that could be made.
    failed: list[str] = field(default_factory=list[str])


class EventProcessor:
    """Takes messages through parsing, the update policy and every destination."""

    def __init__(
        self,
        *,
        environment: Environment,
        destinations: Mapping[str, Destination],
        queue: MessageQueue,
        dead_letter_queue: MessageQueue,
        logger: Logger,
        choose_delay: Callable[[int, int], int] = _RANDOM.randint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`choose_delay` draws a whole number of seconds between two, these included; `clock` counts them."""
        self._environment = environment
        self._destinations = destinations
        self._queue = queue
        self._dead_letter_queue = dead_letter_queue
        self._logger = logger
        self._choose_delay = choose_delay
        self._resting = Resting(clock)
        self._schedule = RetrySchedule.lasting(environment.retry_hours)

    def process(self, records: Sequence[SQSRecord], *, time_left: TimeLeft) -> list[str]:
        """Process a batch; the ids of the messages to deliver again. `time_left` is in seconds."""
        if not all(record.message_id for record in records):
            # It could not be named in the answer, and an answer without it would lose the message.
            raise ValueError("a record has no messageId")
        report = BatchReport(received=len(records))
        read = self._read(records, report)
        deliveries = [one.delivery for one in read.accepted]
        # However large the batch, the destinations get what the shortest timeout leaves them.
        for_destinations = SHORTEST_TIMEOUT_SECONDS - CLOSING_SECONDS
        kept_back = min(seconds_kept_back(len(records)), max(CLOSING_SECONDS, time_left() - for_destinations))
        outcomes = self._record(events_to_record(deliveries), lambda: time_left() - kept_back)
        recorded_at_ms = time.time_ns() // 1_000_000
        settlement = Settlement(
            deliveries,
            outcomes,
            schedule=self._schedule,
            max_receives=self._environment.max_receive_count,
        )
        closing = METRICS_SECONDS + len(records) / _MESSAGES_MEASURED_IN_A_SECOND
        unreadable = self._hand_over(settlement, read.unreadable, report, lambda: time_left() - closing)
        left = settlement.left | unreadable | set(read.failed)
        report.left_in_queue = len(left)
        for one in read.accepted:
            _count(report, one, settlement, recorded_at_ms)
        report.retried += len(unreadable) + len(read.failed)
        self._log_retries(outcomes, report)
        self._logger.info("batch processed", extra=report.summary())
        report.publish(namespace=self._environment.metrics_namespace, service=self._environment.service)
        return [record.message_id for record in records if record.message_id in left]

    def _read(self, records: Sequence[SQSRecord], report: BatchReport) -> _Read:
        """The messages that hold an event. Logs and counts those that hold none."""
        read = _Read()
        for record in records:
            try:
                reason = self._read_one(record, read, report)
            except UnreadableMessageError as error:
                reason = error.reason
            except Exception as error:  # one message that nobody thought of must not fail the others
                self._log_unexpected("message unreadable", error, message_id=record.message_id)
                reason = _UNEXPECTED
            if reason is None:
                continue
            try:
                read.unreadable.append((unreadable_dead_letter(record, reason), reason))
            except Exception as error:
                self._log_unexpected("message cannot be kept", error, message_id=record.message_id)
                read.failed.append(record.message_id)
        return read

    def _read_one(self, record: SQSRecord, read: _Read, report: BatchReport) -> str | None:
        """Read a message; the reason why it cannot be understood, if so."""
        queued = read_message(record)
        message = queued.message
        pending = self._pending(queued, report)
        if pending is None:
            return UnreadableReason.PENDING
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
        elif pending:
            decision = self._environment.update_policy.apply(parsed)
            delivery = Delivery(queued=queued, event=decision.event, pending=pending)
            read.accepted.append(_Accepted(delivery=delivery, decision=decision))
        return None

    def _pending(self, queued: QueuedMessage, report: BatchReport) -> tuple[str, ...] | None:
        """The destinations that lack the event; None where one of them is none that there could be.

        One that the stack has no longer lacks nothing: whoever took it away wants no events there.
        """
        if queued.pending is None:
            return tuple(self._destinations)
        unknown = set(queued.pending) - self._destinations.keys()
        if not all(map(is_destination, unknown)):
            return None
        if unknown:
            report.destinations_removed += len(unknown)
            self._logger.warning(
                "destination removed",
                extra={"destinations": sorted(unknown), "message_id": queued.message.message_id},
            )
        return tuple(name for name in self._destinations if name in queued.pending)

    def _record(
        self, events: Mapping[str, Sequence[Event]], time_left: TimeLeft
    ) -> Mapping[str, Mapping[str, Outcome]]:
        """Record events, by destination, at the same time in all; outcomes by destination and message id."""
        if not events:
            return {}

        def record_in(name: str) -> Mapping[str, Outcome]:
            if outcome := self._resting.outcome(name):
                return dict.fromkeys((event.message_id for event in events[name]), outcome)
            answered: Mapping[str, Outcome] = {}
            try:
                answered = self._destinations[name].record(events[name], time_left=time_left)
            except Exception as error:  # other destinations still get the events
                self._log_unexpected("destination failed", error, destination=name)
            outcomes = {
                event.message_id: answered.get(event.message_id, Retry(_UNEXPECTED)) for event in events[name]
            }
            self._resting.learn(name, outcomes)
            return outcomes

        # At the same time, so that a slow destination leaves the others the time they need.
        with ThreadPoolExecutor(len(events)) as threads:
            return dict(zip(events, threads.map(record_in, events), strict=True))

    def _hand_over(
        self,
        settlement: Settlement,
        unreadable: Sequence[tuple[OutgoingMessage, str]],
        report: BatchReport,
        time_left: TimeLeft,
    ) -> set[str]:
        """Send dead letters and copies; the unreadable messages that the dead-letter queue has not taken."""
        letters = settlement.dead_letters()
        outgoing = [*(letter.outgoing for letter in letters), *(letter for letter, _ in unreadable)]
        # A dead-letter queue that does not answer must not take the time of the copies.
        of_copies = UNANSWERED_CALLS_FOR_COPIES * CALL_LIMITS.worst_case_seconds * settlement.may_need_copies
        taken = self._dead_letter_queue.send(outgoing, time_left=lambda: time_left() - of_copies)
        settlement.dead_letters_sent(letters, taken)
        self._tell_of_dead_letters(letters, taken, report)
        for letter, reason in unreadable:
            self._tell_of_dead_letter(letter, reason, taken, report)
        copies = settlement.copies(self._choose_delay)
        copied = self._queue.send([copy.outgoing for copy in copies], time_left=time_left)
        settlement.copies_sent(copies, copied)
        report.attempt = max(
            (copy.attempt for copy in copies if copy.delivery.message_id in copied), default=0
        )
        last = settlement.last_dead_letters()
        taken_at_last = self._dead_letter_queue.send([one.outgoing for one in last], time_left=time_left)
        settlement.last_dead_letters_sent(last, taken_at_last)
        self._tell_of_dead_letters(last, taken_at_last, report)
        return {letter.message_id for letter, _ in unreadable} - taken

    def _tell_of_dead_letters(
        self, letters: Sequence[Fake], taken: frozenset[str], report: BatchReport
    ) -> None:
        for letter in letters:
            self._tell_of_dead_letter(letter.outgoing, letter.reason, taken, report, letter.delivery)

    def _tell_of_dead_letter(
        self,
        letter: OutgoingMessage,
        reason: str,
        taken: frozenset[str],
        report: BatchReport,
        delivery: Delivery | None = None,
    ) -> None:
        is_taken = letter.message_id in taken
        if is_taken:
            report.dead_lettered += 1
            report.dead_letter_reasons[reason] += 1
        self._logger.error(
            "message dead-lettered" if is_taken else "message not dead-lettered",
            extra={
                "reason": reason,
                "message_id": letter.message_id,
                "request_id": delivery.queued.message.request_id if delivery else None,
                "attempt": delivery.queued.attempt if delivery else None,
            },
        )

    def _log_retries(self, outcomes: Mapping[str, Mapping[str, Outcome]], report: BatchReport) -> None:
        """One line for each destination to which events come again; an error where a person has to look."""
        for name, reasons in report.retried_in.items():
            not_set_up = any(
                isinstance(outcome, Retry) and outcome.not_set_up for outcome in outcomes[name].values()
            )
            log = self._logger.error if not_set_up else self._logger.warning
            log(
                "destination is not set up" if not_set_up else "events retried",
                extra={"destination": name, "reasons": dict(reasons), "events": reasons.total()},
            )

    def _log_unexpected(self, message: str, error: Exception, **ids: str) -> None:
        # The type only: an exception's text may quote the value that it is about.
        self._logger.error(message, extra={"error": type(error).__name__, **ids})


def _count(report: BatchReport, accepted: _Accepted, settlement: Settlement, now_ms: int) -> None:
    delivery, decision = accepted.delivery, accepted.decision
    is_left = delivery.message_id in settlement.left
    outcomes = settlement.own_outcomes(delivery)
    is_retried = is_left
    dropped: Counter[str] = Counter()
    for name, outcome in outcomes.items():
        match outcome:
            case Recorded():
                report.recorded_in[name] += 1
                dropped.update(outcome.dropped)
            case Retry(reason):
                report.count_retry(name, reason)
                is_retried = True
            case DeadLetter():
                pass
    recorded = [outcome for outcome in outcomes.values() if isinstance(outcome, Recorded)]
    report.retried += is_retried
    report.attributes_dropped.update(dropped)
    # An update counts once, in however many destinations it is.
    report.profile_updates_applied += max((one.profile_updates for one in recorded), default=0)
    if is_left:
        return
    if not outcomes:
        report.duplicates += 1
    elif len(recorded) == len(outcomes):
        report.recorded += 1
        report.profile_updates_denied += decision.denied
        report.attributes_dropped.update(decision.event.dropped)
        report.escaped_names += decision.event.escaped_names
        report.ages_ms.append(max(0, now_ms - decision.event.received_ms))
