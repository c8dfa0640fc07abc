"""Follows a test event behind the queue: what the function logs, and what the destinations have."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ops import journey, logs
from ops.aws import CallError
from ops.context import Context
from ops.destinations import Reader, reader_of
from ops.journey import FunctionSays, Hop, State, TestEvent
from ops.logs import LogLine

_LOOK_AGAIN_SECONDS: Final = 2.0
_LOOK_AGAIN_LOCALLY_SECONDS: Final = 0.2
_CLOCKS_DIFFER_SECONDS: Final = 2.0


class Following:
    """Looks again and again until all that can be known of the event is known."""

    def __init__(self, context: Context, event: TestEvent, *, request_id: str, sent_at: float) -> None:
        self._context = context
        self._request_id = request_id
        self._sent_at = sent_at
        self._readers: dict[str, Reader | None] = {
            name: reader_of(
                name,
                context.aws,
                context.stack,
                endpoint_id=event.endpoint_id,
                event_id=event.event_id,
                sent_at=sent_at,
            )
            for name in context.stack.destinations
        }
        self._found: dict[str, Hop] = {}
        # Destinations whose last look failed.
        self._unreadable: set[str] = set()

    def hops(self, seconds: float, advance: Callable[[int], None]) -> list[Hop]:
        """The function and each destination, as they are at the end. Raises CallError."""
        context = self._context
        while True:
            says = self._function()
            self._look()
            if self._is_settled(says) or context.clock() >= self._sent_at + seconds:
                return [
                    journey.function_hop(says, sent_at=self._sent_at),
                    *(self._destination(name, says) for name in self._readers),
                ]
            advance(1)
            context.sleep(_LOOK_AGAIN_LOCALLY_SECONDS if context.is_local else _LOOK_AGAIN_SECONDS)

    def authorizer(self, *, has_token: bool) -> list[Hop]:
        """The authorizer, in the authenticated scenario. Raises CallError."""
        group = self._context.stack.authorizer_log_group
        if group is None:
            return []
        lines = self._lines({"authorizer": group}, containing=self._request_id)
        hop = journey.authorizer_hop(lines, self._request_id, has_token=has_token, sent_at=self._sent_at)
        return [hop]

    def _function(self) -> FunctionSays:
        return journey.function_says(
            self._lines({"processor": self._context.stack.log_group}), self._request_id
        )

    def _lines(self, groups: Mapping[str, str], *, containing: str | None = None) -> Iterator[LogLine]:
        since = self._sent_at - _CLOCKS_DIFFER_SECONDS
        return logs.lines(self._context.aws, groups, since=since, containing=containing)

    def _look(self) -> None:
        for name, reader in self._readers.items():
            place = self._place(name, reader) if reader is not None and name not in self._found else None
            if place is not None:
                seconds = self._context.clock() - self._sent_at
                self._found[name] = Hop(name=name, state=State.REACHED, seconds=seconds, detail=place)

    def _place(self, name: str, reader: Reader) -> str | None:
        """Where the event is. A destination that is down can still be followed by what the function logs."""
        try:
            place = reader()
        except CallError as error:
            if error.is_denied:
                raise
            self._unreadable.add(name)
            return None
        self._unreadable.discard(name)
        return place

    def _destination(self, name: str, says: FunctionSays) -> Hop:
        can_be_read = self._readers[name] is not None and name not in self._unreadable
        return journey.destination_hop(name, says, self._found.get(name), can_be_read=can_be_read)

    def _is_settled(self, says: FunctionSays) -> bool:
        """Whether looking again would show nothing new."""
        if says.refusal is not None:
            return True
        return says.processed_at is not None and all(
            name in self._found if reader is not None else says.recorded.get(name, 0) > 0
            for name, reader in self._readers.items()
        )
