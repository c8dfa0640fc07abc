"""Decides what happens to each message of a batch, from the outcomes of its event in every destination.

A message is done when every destination that lacked its event has it, or another message replaces it: a copy
in the queue for the destinations to retry, a dead letter for those that will never take the event. It may
need both. A message whose replacement no queue has taken stays in the queue, which delivers it again after
the visibility timeout.

Messages that hold the same event are duplicates. Each destination records the first of them; the others are
done when the first one is. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from handler.delivery.retry_schedule import RetrySchedule
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.event_identity import EventKey, first_of_each
from handler.events import Event
from handler.queue_message import OutgoingMessage, QueuedMessage, dead_letter, retry_copy

# Retry reason: an earlier update of the same attribute is retried.
AFTER_EARLIER_UPDATE = "after_earlier_update"
# Retry reason: the dead-letter queue did not take the message.
DEAD_LETTER_FAILED = "dead_letter_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that holds an event, and the destinations that lack the event."""

    queued: QueuedMessage
    event: Event
    pending: tuple[str, ...]

    @property
    def message_id(self) -> str:
        return self.queued.message.message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A copy or a dead letter that replaces a message for some destinations, and why."""

    delivery: Delivery
    pending: tuple[str, ...]
    reason: str
    # The services' error codes, joined as the reasons are; None if they gave none.
    code: str | None
    # The number of the retry; 0 for a dead letter.
    attempt: int
    outgoing: OutgoingMessage


def events_to_record(deliveries: Sequence[Delivery]) -> Mapping[str, Sequence[Event]]:
    """The events to record, by destination: each event once, the oldest first."""
    by_destination: dict[str, list[Event]] = {}
    for delivery in deliveries:
        for name in delivery.pending:
            by_destination.setdefault(name, []).append(delivery.event)
    return {name: list(first_of_each(events).values()) for name, events in by_destination.items()}


class Settlement:
    """The settlement of one batch. `outcomes` are those of `events_to_record`, by destination and message id.

    The caller sends the dead letters, then the copies, then the last dead letters: those of messages that the
    queue has delivered `max_receives` times and would now move itself, without a reason. After each step the
    caller reports which ones the queue has taken.
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
        # By destination and message: the outcomes of the events recorded there.
        self._outcomes = {name: dict(of_destination) for name, of_destination in outcomes.items()}
        # By message and destination: the first message with the same event. Its outcome counts.
        self._firsts = _firsts(self._deliveries)
        # By message and destination: the reason of the dead letter.
        self._dead_lettered: dict[tuple[str, str], str] = {}
        self._copied: frozenset[str] = frozenset()
        self._left: set[str] = set()

    def dead_letters(self) -> list[Replacement]:
        """For events that a destination will never take, or has not taken at the last retry."""
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
        """Whether `copies` may have any. A message that cannot be dead-lettered is retried, too."""
        return any(
            isinstance(outcome, Retry | DeadLetter) and not self._is_last_retry(delivery)
            for delivery in self._deliveries
            for outcome in self._own(delivery).values()
        )

    def dead_letters_sent(self, letters: Sequence[Replacement], taken: frozenset[str]) -> None:
        for letter in letters:
            id_ = letter.delivery.message_id
            if id_ in taken:
                self._note_dead_letter(letter)
            elif self._is_last_retry(letter.delivery):
                self._left.add(id_)
            else:
                for name in letter.pending:
                    self._outcomes[name][id_] = Retry(DEAD_LETTER_FAILED)

    def copies(self, choose: Callable[[int, int], int]) -> list[Replacement]:
        """For events to retry. `choose` draws a delay between two, in seconds (see `RetrySchedule`)."""
        self._keep_together()
        planned = {
            delivery.message_id: (delivery, retries)
            for delivery in self._deliveries
            if delivery.message_id not in self._left and (retries := self._retries(delivery))
        }
        # An update that is retried for the sake of an earlier one may be past its own last retry.
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

    def copies_sent(self, copies: Sequence[Replacement], taken: frozenset[str]) -> None:
        self._copied = taken
        self._left.update(
            copy.delivery.message_id for copy in copies if copy.delivery.message_id not in taken
        )
        self._keep_together()

    def last_dead_letters(self) -> list[Replacement]:
        """For messages left in the queue that it would now move to the dead-letter queue itself."""
        return [
            _dead_letter(delivery, missing)
            for delivery in self._deliveries
            if delivery.message_id in self._left
            and self._is_last_receive(delivery)
            and (missing := self._missing(delivery))
        ]

    def last_dead_letters_sent(self, letters: Sequence[Replacement], taken: frozenset[str]) -> None:
        for letter in letters:
            if letter.delivery.message_id in taken:
                self._note_dead_letter(letter)
                self._left.discard(letter.delivery.message_id)

    @property
    def left(self) -> frozenset[str]:
        """The messages that the queue has to deliver again."""
        return frozenset(self._left)

    def own_outcomes(self, delivery: Delivery) -> Mapping[str, Outcome]:
        """The final outcomes of a message's event, by destination. Empty if the message is a duplicate."""
        return {
            name: DeadLetter(reason)
            if (reason := self._dead_lettered.get((delivery.message_id, name)))
            else outcome
            for name, outcome in self._own(delivery).items()
        }

    def _is_last_retry(self, delivery: Delivery) -> bool:
        return delivery.queued.attempt >= self._schedule.retries

    def _is_last_receive(self, delivery: Delivery) -> bool:
        return delivery.queued.receives >= self._max_receives

    def _own(self, delivery: Delivery) -> dict[str, Outcome]:
        id_ = delivery.message_id
        return {name: self._outcomes[name][id_] for name, first in self._firsts[id_].items() if first == id_}

    def _retries(self, delivery: Delivery) -> dict[str, Retry]:
        return {
            name: outcome
            for name, outcome in self._own(delivery).items()
            if isinstance(outcome, Retry) and (delivery.message_id, name) not in self._dead_lettered
        }

    def _missing(self, delivery: Delivery) -> dict[str, Retry | DeadLetter]:
        """The destinations that neither have the event nor a dead letter of it, and why."""
        return {
            name: outcome
            for name, first in self._firsts[delivery.message_id].items()
            if (first, name) not in self._dead_lettered
            and isinstance(outcome := self._outcomes[name][first], Retry | DeadLetter)
        }

    def _note_dead_letter(self, letter: Replacement) -> None:
        for name in letter.pending:
            self._dead_lettered[letter.delivery.message_id, name] = letter.reason

    def _keep_together(self) -> None:
        """Retry together what must not be retried alone: updates of one profile, and duplicates.

        Each message left in the queue may hold back others, so this repeats until there are no more.
        """
        left = -1
        while left != len(self._left):
            left = len(self._left)
            self._keep_updates_in_order()
            for delivery in self._deliveries:
                if not self._left.isdisjoint(self._firsts[delivery.message_id].values()):
                    self._left.add(delivery.message_id)

    def _keep_updates_in_order(self) -> None:
        """Retry a newer update of a user attribute together with an older one, and in the same way.

        A retried event would overwrite newer values. Retried together, the newer one wins again. A message
        left in the queue is recorded again in every destination, so it holds back newer updates in all.
        """
        for name, outcomes in self._outcomes.items():
            # User attributes that will be written again, by endpoint: all, and those of messages left in the
            # queue.
            again: dict[str, set[str]] = {}
            left: dict[str, set[str]] = {}
            for delivery in self._deliveries:
                id_, updates = delivery.message_id, delivery.event.user_attributes.keys()
                if not updates or self._firsts[id_].get(name) != id_ or (id_, name) in self._dead_lettered:
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


def _firsts(deliveries: Sequence[Delivery]) -> Mapping[str, Mapping[str, str]]:
    firsts = {
        name: {EventKey.of(event): event.message_id for event in events}
        for name, events in events_to_record(deliveries).items()
    }
    return {
        delivery.message_id: {name: firsts[name][EventKey.of(delivery.event)] for name in delivery.pending}
        for delivery in deliveries
    }


def _to_arrive_together(deliveries: Sequence[Delivery]) -> list[list[str]]:
    """Groups of message ids. Those of a group share user attributes of an endpoint, maybe through others."""
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


def _copy(
    delivery: Delivery, retries: Mapping[str, Retry], *, attempt: int, delay_seconds: int
) -> Replacement:
    pending, reason = tuple(retries), _reason(retries)
    outgoing = retry_copy(
        delivery.queued, attempt=attempt, pending=pending, reason=reason, delay_seconds=delay_seconds
    )
    return Replacement(
        delivery=delivery,
        pending=pending,
        reason=reason,
        code=_code(retries),
        attempt=attempt,
        outgoing=outgoing,
    )


def _dead_letter(delivery: Delivery, failed: Mapping[str, Retry | DeadLetter]) -> Replacement:
    pending, reason, code = tuple(failed), _reason(failed), _code(failed)
    outgoing = dead_letter(delivery.queued, pending=pending, reason=reason, code=code)
    return Replacement(
        delivery=delivery, pending=pending, reason=reason, code=code, attempt=0, outgoing=outgoing
    )


def _reason(outcomes: Mapping[str, Retry | DeadLetter]) -> str:
    """The reasons of all destinations, each once. A reason begins with the name of its destination."""
    return ",".join(dict.fromkeys(outcome.reason for outcome in outcomes.values()))


def _code(outcomes: Mapping[str, Retry | DeadLetter]) -> str | None:
    """The error codes of all destinations that gave one, each once."""
    return ",".join(dict.fromkeys(one.code for one in outcomes.values() if one.code)) or None
