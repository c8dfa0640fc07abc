"""What becomes of the messages of one batch, by what each destination has said of its events.

A message is done once each destination that lacked its event has it, or another message stands in for it: a
copy that comes again to those that may take it later, a dead letter for those that will not. It may need
both. Until the queues have taken these, nothing is settled: what is not stays in the queue, and comes again
after the visibility timeout.

Messages that are one event are recorded once in each destination; the others are done with the one that
counts. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from handler.delivery.retry_schedule import RetrySchedule
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.event_identity import EventKey, first_of_each
from handler.events import Event
from handler.queue_message import OutgoingMessage, QueuedMessage, dead_letter, retry_copy

# Retry reason where an earlier update of the same attribute has to come again.
AFTER_EARLIER_UPDATE = "after_earlier_update"
# Retry reason where a refused message could not be put into the dead-letter queue.
DEAD_LETTER_FAILED = "dead_letter_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that holds an event, and the destinations that lack it."""

    queued: QueuedMessage
    event: Event
    pending: tuple[str, ...]

    @property
    def message_id(self) -> str:
        return self.queued.message.message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    """A message that stands in for a delivery in some destinations, and why."""

    delivery: Delivery
    pending: tuple[str, ...]
    reason: str
    # Which retry it is; 0 for a dead letter.
    attempt: int
    outgoing: OutgoingMessage


def events_to_record(deliveries: Sequence[Delivery]) -> Mapping[str, Sequence[Event]]:
    """By destination: the events to record there, each once, in their order."""
    by_destination: dict[str, list[Event]] = {}
    for delivery in deliveries:
        for name in delivery.pending:
            by_destination.setdefault(name, []).append(delivery.event)
    return {name: list(first_of_each(events).values()) for name, events in by_destination.items()}


class Settlement:
    """Of one batch. `outcomes` are by destination and message id, of the events to record.

    First the dead letters are sent, then the copies, then dead letters of what the queue would move by
    itself, because it has handed it out `max_receives` times; each time it is said which of them a queue has
    taken.
    """

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        outcomes: Mapping[str, Mapping[str, Outcome]],
        *,
        schedule: RetrySchedule,
        max_receives: int,
    ) -> None:
        self._deliveries = sorted(deliveries, key=lambda one: (one.event.received_ms, one.message_id))
        self._schedule = schedule
        self._max_receives = max_receives
        # By destination: the outcomes of the messages that count there.
        self._outcomes = {name: dict(of_destination) for name, of_destination in outcomes.items()}
        # By message and destination: the message that counts there for the event.
        self._counting = _counting(self._deliveries)
        # By message and destination: the reason of the dead letter that keeps the event.
        self._kept: dict[tuple[str, str], str] = {}
        self._copied: frozenset[str] = frozenset()
        self._left: set[str] = set()

    def dead_letters(self) -> list[Fake]:
        """For what a destination will never take, or has not taken at the last retry."""
        return [
            _dead_letter(delivery, failed)
            for delivery in self._deliveries
            if (
                failed := {
                    name: outcome
                    for name, outcome in self._own(delivery).items()
                    if isinstance(outcome, DeadLetter)
                    or (isinstance(outcome, Retry) and self._is_last_retry(delivery))
                }
            )
        ]

    @property
    def may_need_copies(self) -> bool:
        """Also of what is to be dead-lettered, if it cannot be."""
        return any(
            isinstance(outcome, Retry | DeadLetter) and not self._is_last_retry(delivery)
            for delivery in self._deliveries
            for outcome in self._own(delivery).values()
        )

    def dead_letters_sent(self, letters: Sequence[Fake], taken: frozenset[str]) -> None:
        for letter in letters:
            id_ = letter.delivery.message_id
            if id_ in taken:
                self._keep(letter)
            elif self._is_last_retry(letter.delivery):
                self._left.add(id_)
            else:
                for name in letter.pending:
                    self._outcomes[name][id_] = Retry(DEAD_LETTER_FAILED)

    def copies(self, choose: Callable[[int, int], int]) -> list[Fake]:
        """For what may succeed later. `choose` draws a delay between two (see `retry_schedule`)."""
        self._keep_together()
        planned = {
            delivery.message_id: (delivery, retries)
            for delivery in self._deliveries
            if delivery.message_id not in self._left and (retries := self._retries(delivery))
        }
        # A later update goes on as long as the earlier one does, whatever its own retries.
        attempts = {
            id_: min(delivery.queued.attempt + 1, self._schedule.retries)
            for id_, (delivery, _) in planned.items()
        }
        delays = {id_: self._schedule.delay_before(attempt, choose) for id_, attempt in attempts.items()}
        for group in _to_arrive_together([delivery for delivery, _ in planned.values()]):
            delays.update(dict.fromkeys(group, max(delays[id_] for id_ in group)))
        return [
            _copy(delivery, retries, attempt=attempts[id_], delay_seconds=delays[id_])
            for id_, (delivery, retries) in planned.items()
        ]

    def copies_sent(self, copies: Sequence[Fake], taken: frozenset[str]) -> None:
        self._copied = taken
        self._left.update(
            copy.delivery.message_id for copy in copies if copy.delivery.message_id not in taken
        )
        self._keep_together()

    def last_dead_letters(self) -> list[Fake]:
        """For what is left, where the queue would now move it to the dead-letter queue without a reason."""
        return [
            _dead_letter(delivery, missing)
            for delivery in self._deliveries
            if delivery.message_id in self._left
            and self._is_last_receive(delivery)
            and (missing := self._missing(delivery))
        ]

    def last_dead_letters_sent(self, letters: Sequence[Fake], taken: frozenset[str]) -> None:
        for letter in letters:
            if letter.delivery.message_id in taken:
                self._keep(letter)
                self._left.discard(letter.delivery.message_id)

    @property
    def left(self) -> frozenset[str]:
        """The messages that the queue itself has to deliver again."""
        return frozenset(self._left)

    def own_outcomes(self, delivery: Delivery) -> Mapping[str, Outcome]:
        """By destination, what became of a message's event where the message counts.

        DeadLetter is what a dead letter keeps. There is nothing for a message in whose place others count.
        """
        return {
            name: DeadLetter(kept) if (kept := self._kept.get((delivery.message_id, name))) else outcome
            for name, outcome in self._own(delivery).items()
        }

    def _is_last_retry(self, delivery: Delivery) -> bool:
        return delivery.queued.attempt >= self._schedule.retries

    def _is_last_receive(self, delivery: Delivery) -> bool:
        return delivery.queued.receives >= self._max_receives

    def _own(self, delivery: Delivery) -> dict[str, Outcome]:
        id_ = delivery.message_id
        return {
            name: self._outcomes[name][id_]
            for name, counting in self._counting[id_].items()
            if counting == id_
        }

    def _retries(self, delivery: Delivery) -> dict[str, Retry]:
        return {
            name: outcome
            for name, outcome in self._own(delivery).items()
            if isinstance(outcome, Retry) and (delivery.message_id, name) not in self._kept
        }

    def _missing(self, delivery: Delivery) -> dict[str, Retry | DeadLetter]:
        """The destinations that lack the event, and have no dead letter of it, and why."""
        return {
            name: outcome
            for name, counting in self._counting[delivery.message_id].items()
            if (counting, name) not in self._kept
            and isinstance(outcome := self._outcomes[name][counting], Retry | DeadLetter)
        }

    def _keep(self, letter: Fake) -> None:
        for name in letter.pending:
            self._kept[letter.delivery.message_id, name] = letter.reason

    def _keep_together(self) -> None:
        """Let come again together what must not come alone, until nothing more has to be left for that."""
        left = -1
        while left != len(self._left):
            left = len(self._left)
            self._keep_updates_in_order()
            for delivery in self._deliveries:
                if not self._left.isdisjoint(self._counting[delivery.message_id].values()):
                    self._left.add(delivery.message_id)

    def _keep_updates_in_order(self) -> None:
        """Let later updates of a profile come again with an earlier one that has to, and in the same way.

        An event that comes again writes its user attributes again. Alone, it would set those back that a
        later event of its endpoint has written meanwhile; together, the later one wins. What the queue
        delivers again comes to each destination again, also to one that has the event.
        """
        for name, outcomes in self._outcomes.items():
            again: dict[str, set[str]] = {}  # by endpoint: the user attributes that will be written again
            left: dict[str, set[str]] = {}  # by endpoint: those of messages that the queue delivers again
            for delivery in self._deliveries:
                id_, updates = delivery.message_id, delivery.event.user_attributes.keys()
                if not updates or self._counting[id_].get(name) != id_ or (id_, name) in self._kept:
                    continue
                names = again.setdefault(delivery.event.endpoint_id, set())
                names_left = left.setdefault(delivery.event.endpoint_id, set())
                outcome = outcomes[id_]
                if isinstance(outcome, Recorded) and outcome.profile_updates and updates & names:
                    outcome = outcomes[id_] = Retry(AFTER_EARLIER_UPDATE)
                if isinstance(outcome, Retry):
                    if updates & names_left and not (id_ in self._copied and self._is_last_receive(delivery)):
                        self._left.add(id_)
                    names.update(updates)
                if id_ in self._left:
                    names.update(updates)
                    names_left.update(updates)


def _counting(deliveries: Sequence[Delivery]) -> Mapping[str, Mapping[str, str]]:
    firsts = {
        name: {EventKey.of(event): event.message_id for event in events}
        for name, events in events_to_record(deliveries).items()
    }
    return {
        delivery.message_id: {name: firsts[name][EventKey.of(delivery.event)] for name in delivery.pending}
        for delivery in deliveries
    }


def _to_arrive_together(deliveries: Sequence[Delivery]) -> list[list[str]]:
    """Message ids by what shares user attributes of an endpoint, directly or through others."""
    by_endpoint: dict[str, list[tuple[set[str], list[str]]]] = {}
    for delivery in deliveries:
        if not delivery.event.user_attributes:
            continue
        groups = by_endpoint.setdefault(delivery.event.endpoint_id, [])
        names = set(delivery.event.user_attributes)
        sharing = [group for group in groups if not group[0].isdisjoint(names)]
        groups[:] = [group for group in groups if group[0].isdisjoint(names)]
        ids = [*chain.from_iterable(ids for _, ids in sharing), delivery.message_id]
        groups.append((names.union(*(of_group for of_group, _ in sharing)), ids))
    return [ids for groups in by_endpoint.values() for _, ids in groups]


def _copy(delivery: Delivery, retries: Mapping[str, Retry], *, attempt: int, delay_seconds: int) -> Fake:
    pending, reason = tuple(retries), _reason(retries)
    outgoing = retry_copy(
        delivery.queued, attempt=attempt, pending=pending, reason=reason, delay_seconds=delay_seconds
    )
    return Fake(delivery=delivery, pending=pending, reason=reason, attempt=attempt, outgoing=outgoing)


def _dead_letter(delivery: Delivery, failed: Mapping[str, Retry | DeadLetter]) -> Fake:
    pending, reason = tuple(failed), _reason(failed)
    outgoing = dead_letter(delivery.queued, pending=pending, reason=reason)
    return Fake(delivery=delivery, pending=pending, reason=reason, attempt=0, outgoing=outgoing)


def _reason(outcomes: Mapping[str, Retry | DeadLetter]) -> str:
    """The reasons of all destinations, each once: they begin with the name of theirs."""
    return ",".join(dict.fromkeys(outcome.reason for outcome in outcomes.values()))
