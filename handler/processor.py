"""Entry point of the event processor: records the events of a batch of queue messages.

For each batch: read the messages, record their events in every destination at the same time, replace the
messages that are not done by copies and dead letters (`delivery.settlement`), count and log. A batch item
failure is only a message that no queue could take.

Lambda's init reads the environment and makes the clients (the end of this module). Log lines hold ids of
messages and requests, counts and reasons, and nothing of an event.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from random import SystemRandom
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from contract.function_time import (
    CLOSING_SECONDS,
    MESSAGES_HANDED_OVER_IN_A_SECOND,
    SHORTEST_TIMEOUT_SECONDS,
)
from handler.aws_calls import AwsService
from handler.batch_report import BatchReport
from handler.delivery.concurrency import map_concurrently
from handler.delivery.resting import Resting
from handler.delivery.retry_schedule import RetrySchedule
from handler.delivery.settlement import Delivery, Replacement, Settlement, events_to_record
from handler.destinations import (
    DeadLetter,
    Destination,
    Outcome,
    Recorded,
    Retry,
    is_destination,
    make_destination,
    same_outcome,
)
from handler.environment import Environment, read_environment
from handler.events import Event, Rejection, parse_event
from handler.message_queue import CALL_LIMITS, MessageQueue, Sent
from handler.queue_message import (
    OutgoingMessage,
    QueuedMessage,
    Record,
    UnreadableMessageError,
    UnreadableReason,
    read_message,
    unreadable_dead_letter,
)
from handler.update_policy import Decision
from handler.variables import InvalidEnvironmentError

# The time that is kept back from the destinations (CLOSING_SECONDS) is enough for a call to the dead-letter
# queue and two to the queue that all time out, for calls that get a response, and for the metrics.
UNANSWERED_CALLS = 3
UNANSWERED_CALLS_FOR_COPIES = 2
ANSWERED_CALLS_SECONDS = 2.0
METRICS_SECONDS = 1.0
# Metrics of a large batch take longer: a function with the least memory has a fourteenth of a CPU. If Lambda
# stopped the function there, every message would be delivered again beside its copy.
_MESSAGES_MEASURED_IN_A_SECOND = 2_000

# The reason if this program failed, not a service.
_UNEXPECTED = "unexpected_error"

_RANDOM = SystemRandom()

TimeLeft = Callable[[], float]


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Process the records of an SQS event; returns the messages that the queue has to deliver again."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    failed = _processor().process(event["Records"], time_left=time_left)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@cache
def _processor() -> "EventProcessor":
    """The container's processor, made once with its clients."""
    environment = read_environment(os.environ)
    sqs = AwsService("sqs", region=None, limits=CALL_LIMITS)
    return EventProcessor(
        environment=environment,
        destinations={name: make_destination(name, os.environ) for name in environment.destinations},
        queue=MessageQueue(queue_url=environment.queue_url, service=sqs),
        dead_letter_queue=MessageQueue(queue_url=environment.dead_letter_queue_url, service=sqs),
        logger=Logger(service=environment.service),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    """A message's event, without the updates that the update policy denied."""

    delivery: Delivery
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unreadable:
    """The dead letter of a message that cannot be read."""

    letter: OutgoingMessage
    reason: str


@dataclass(slots=True)
class _Batch:
    """The messages of a batch, by content. Rejected messages are finished and not included."""

    accepted: list[_Accepted] = field(default_factory=list[_Accepted])
    unreadable: list[_Unreadable] = field(default_factory=list[_Unreadable])
    # Ids of messages of which not even a dead letter could be made.
    failed: list[str] = field(default_factory=list[str])


class EventProcessor:
    """Processes batches of messages."""

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
        """`choose_delay` draws whole seconds between two, both included. `clock` counts seconds."""
        self._environment = environment
        self._destinations = destinations
        self._queue = queue
        self._dead_letter_queue = dead_letter_queue
        self._logger = logger
        self._choose_delay = choose_delay
        self._resting = Resting(clock)
        self._schedule = RetrySchedule.lasting(environment.retry_hours)

    def process(self, records: Sequence[Record], *, time_left: TimeLeft) -> list[str]:
        """Process a batch; returns the ids of the messages to deliver again. `time_left` is in seconds."""
        if not all(record.get("messageId") for record in records):
            # The response could not name it, and a response without it would lose the message.
            raise ValueError("a record has no messageId")
        report = BatchReport(received=len(records))
        batch = self._read(records, report)
        deliveries = [one.delivery for one in batch.accepted]

        kept_back = _seconds_kept_back(len(records), time_left())
        outcomes = self._record(events_to_record(deliveries), lambda: time_left() - kept_back)
        recorded_at_ms = time.time_ns() // 1_000_000

        settlement = Settlement(
            deliveries,
            outcomes,
            schedule=self._schedule,
            max_receives=self._environment.max_receive_count,
        )
        for_metrics = METRICS_SECONDS + len(records) / _MESSAGES_MEASURED_IN_A_SECOND
        unreadable = self._hand_over(settlement, batch, report, lambda: time_left() - for_metrics)
        left = settlement.left | unreadable | set(batch.failed)

        report.left_in_queue = len(left)
        report.retried = len(unreadable) + len(batch.failed)
        for one in batch.accepted:
            _count(report, one, settlement, recorded_at_ms)
        self._log_retries(outcomes, report)
        self._logger.info("batch processed", extra=report.summary())
        report.publish(namespace=self._environment.metrics_namespace, service=self._environment.service)
        return [record["messageId"] for record in records if record["messageId"] in left]

    # Reading

    def _read(self, records: Sequence[Record], report: BatchReport) -> _Batch:
        """Read the messages. One that cannot be read must not fail the others."""
        batch = _Batch()
        for record in records:
            try:
                accepted = self._read_one(record, report)
                batch.accepted += [accepted] if accepted else []
            except UnreadableMessageError as error:
                self._give_up(record, error.reason, batch)
            except Exception as error:
                self._log_unexpected("message unreadable", error, message_id=record["messageId"])
                self._give_up(record, _UNEXPECTED, batch)
        return batch

    def _read_one(self, record: Record, report: BatchReport) -> _Accepted | None:
        """Read a message; None if there is nothing to record. Raises UnreadableMessageError."""
        queued = read_message(record)
        message = queued.message
        pending = self._pending(queued, report)
        parsed = parse_event(
            message,
            timestamp_source=self._environment.timestamp_source,
            ignored_endpoint_ids=self._environment.ignored_endpoint_ids,
        )
        if isinstance(parsed, Rejection):
            report.rejected[parsed.reason] += 1
            ids = {"message_id": message.message_id, "request_id": message.request_id}
            self._logger.warning("message rejected", extra={"reason": parsed.reason, **ids})
            return None
        if not pending:
            return None
        decision = self._environment.update_policy.apply(parsed)
        delivery = Delivery(queued=queued, event=decision.event, pending=pending)
        return _Accepted(delivery=delivery, decision=decision)

    def _pending(self, queued: QueuedMessage, report: BatchReport) -> tuple[str, ...]:
        """The destinations that lack the event. Raises UnreadableMessageError for a name of no destination.

        A destination that was removed from the stack needs no more events.
        """
        if queued.pending is None:
            return tuple(self._destinations)
        unknown = set(queued.pending) - self._destinations.keys()
        if not all(map(is_destination, unknown)):
            raise UnreadableMessageError(UnreadableReason.PENDING)
        if unknown:
            report.destinations_removed += len(unknown)
            self._logger.warning(
                "destination removed",
                extra={"destinations": sorted(unknown), "message_id": queued.message.message_id},
            )
        return tuple(name for name in self._destinations if name in queued.pending)

    def _give_up(self, record: Record, reason: str, batch: _Batch) -> None:
        """Prepare the dead letter of a message that cannot be read."""
        try:
            letter = unreadable_dead_letter(record, reason)
            batch.unreadable.append(_Unreadable(letter=letter, reason=reason))
        except Exception as error:
            self._log_unexpected("message left in queue", error, message_id=record["messageId"])
            batch.failed.append(record["messageId"])

    # Recording

    def _record(
        self, events: Mapping[str, Sequence[Event]], time_left: TimeLeft
    ) -> Mapping[str, Mapping[str, Outcome]]:
        """Record events, given by destination; returns outcomes by destination and message id."""

        def record_in(name: str) -> Mapping[str, Outcome]:
            return self._record_in(name, events[name], time_left)

        # All destinations at the same time, so that a slow one leaves the others the time they need.
        names = list(events)
        return dict(zip(names, map_concurrently(record_in, names, at_once=len(names)), strict=True))

    def _record_in(self, name: str, events: Sequence[Event], time_left: TimeLeft) -> Mapping[str, Outcome]:
        if resting := self._resting.outcome(name):
            return same_outcome(events, resting)
        outcomes = same_outcome(events, Retry(_UNEXPECTED))
        try:
            outcomes.update(self._destinations[name].record(events, time_left=time_left))
        except Exception as error:
            self._log_unexpected("destination failed", error, destination=name)
        self._resting.learn(name, outcomes)
        return outcomes

    # Handing over

    def _hand_over(
        self, settlement: Settlement, batch: _Batch, report: BatchReport, time_left: TimeLeft
    ) -> set[str]:
        """Send dead letters and copies; returns the unreadable messages that stay in the queue."""
        # A dead-letter queue that does not respond must not use up the time for copies.
        for_copies = UNANSWERED_CALLS_FOR_COPIES * CALL_LIMITS.worst_case_seconds * settlement.may_need_copies
        letters = settlement.dead_letters()
        sent = self._dead_letter_queue.send(
            [*(one.outgoing for one in letters), *(one.letter for one in batch.unreadable)],
            time_left=lambda: time_left() - for_copies,
        )
        taken = self._taken("dead-letter queue", sent)
        settlement.dead_letters_sent(letters, taken)
        self._report_dead_letters(letters, taken, report)
        for one in batch.unreadable:
            self._report_dead_letter(one.letter, one.reason, taken, report)

        copies = settlement.copies(self._choose_delay)
        sent = self._queue.send([copy.outgoing for copy in copies], time_left=time_left)
        copied = self._taken("queue", sent)
        settlement.copies_sent(copies, copied)
        attempts = [copy.attempt for copy in copies if copy.delivery.message_id in copied]
        report.attempt = max(attempts, default=0)

        last = settlement.last_dead_letters()
        sent = self._dead_letter_queue.send([one.outgoing for one in last], time_left=time_left)
        taken_last = self._taken("dead-letter queue", sent)
        settlement.last_dead_letters_sent(last, taken_last)
        self._report_dead_letters(last, taken_last, report)
        return {one.letter.message_id for one in batch.unreadable} - taken

    def _taken(self, queue: str, sent: Sent) -> frozenset[str]:
        """The messages that a queue has taken. Log why it has not taken the others."""
        if sent.refused:
            codes = Counter(code for code in sent.refused.values() if code)
            self._logger.error(
                "messages not taken",
                extra={"queue": queue, "code": ",".join(codes) or None, "messages": len(sent.refused)},
            )
        return sent.taken

    def _report_dead_letters(
        self, letters: Sequence[Replacement], taken: frozenset[str], report: BatchReport
    ) -> None:
        for one in letters:
            self._report_dead_letter(
                one.outgoing, one.reason, taken, report, queued=one.delivery.queued, code=one.code
            )

    def _report_dead_letter(
        self,
        letter: OutgoingMessage,
        reason: str,
        taken: frozenset[str],
        report: BatchReport,
        *,
        queued: QueuedMessage | None = None,
        code: str | None = None,
    ) -> None:
        """Count and log a dead letter. `queued` is None if the message could not be read."""
        is_taken = letter.message_id in taken
        if is_taken:
            report.dead_lettered += 1
            report.dead_letter_reasons[reason] += 1
        self._logger.error(
            "message dead-lettered" if is_taken else "message not dead-lettered",
            extra={
                "reason": reason,
                "code": code,
                "message_id": letter.message_id,
                "request_id": queued.message.request_id if queued else None,
                "attempt": queued.attempt if queued else None,
            },
        )

    # Reporting

    def _log_retries(self, outcomes: Mapping[str, Mapping[str, Outcome]], report: BatchReport) -> None:
        """Log one line for each destination with retried events: an error if a person has to act."""
        for name, reasons in report.retried_in.items():
            retries = [outcome for outcome in outcomes[name].values() if isinstance(outcome, Retry)]
            not_set_up = any(outcome.not_set_up for outcome in retries)
            codes = Counter(outcome.code for outcome in retries if outcome.code)
            log = self._logger.error if not_set_up else self._logger.warning
            log(
                "destination is not set up" if not_set_up else "events retried",
                extra={
                    "destination": name,
                    "reasons": dict(reasons),
                    "codes": dict(codes),
                    "events": reasons.total(),
                },
            )

    def _log_unexpected(self, message: str, error: Exception, **ids: str) -> None:
        # Only the type: the text of an exception may quote the value that caused it.
        self._logger.error(message, extra={"error": type(error).__name__, **ids})


def _seconds_kept_back(messages: int, seconds_left: float) -> float:
    """The seconds at the end of an invocation in which no destination is called.

    A large batch needs more, but the destinations always get the time that the shortest timeout leaves.
    """
    needed = CLOSING_SECONDS + messages // MESSAGES_HANDED_OVER_IN_A_SECOND
    for_destinations = SHORTEST_TIMEOUT_SECONDS - CLOSING_SECONDS
    return min(needed, max(CLOSING_SECONDS, seconds_left - for_destinations))


def _count(report: BatchReport, accepted: _Accepted, settlement: Settlement, now_ms: int) -> None:
    """Count the outcome of one message."""
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
                pass  # counted when the dead-letter queue took it
    recorded = [outcome for outcome in outcomes.values() if isinstance(outcome, Recorded)]
    report.retried += is_retried
    report.attributes_dropped.update(dropped)
    # An update counts once, however many destinations have it.
    report.profile_updates_applied += max((one.profile_updates for one in recorded), default=0)
    if is_left:
        return
    if not outcomes:
        report.duplicates += 1
    elif len(recorded) == len(outcomes):
        report.recorded += 1
        report.profile_updates_denied.update(decision.denied)
        report.attributes_dropped.update(decision.event.dropped)
        report.escaped_names += decision.event.escaped_names
        report.ages_ms.append(max(0, now_ms - decision.event.received_ms))


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:  # Lambda imports this module (docs/adr/0031)
    with suppress(InvalidEnvironmentError):  # the first invocation raises it again
        _processor()
