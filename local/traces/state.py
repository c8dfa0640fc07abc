"""Says in one word what became of a request so far. Pure."""

from local.traces.store import FunctionRun, Journey, QueuedMessage


def state(journey: Journey) -> str:
    """One of refused, queued, retried, dead_lettered, rejected and recorded."""
    if journey.exchange is None or not journey.exchange.is_success:
        return "refused"
    messages = _Messages()
    for entry in journey.entries:
        if isinstance(entry, QueuedMessage):
            messages.arrive(entry)
        elif entry.invocation is not None:
            messages.process(entry)
    return messages.state


class _Messages:
    """The messages of a request: where they are, and what has become of those that are gone."""

    def __init__(self) -> None:
        self._waiting: dict[str, QueuedMessage] = {}
        self._dead: list[QueuedMessage] = []
        self._is_left = self._is_rejected = self._is_done = False

    def arrive(self, message: QueuedMessage) -> None:
        if message.is_dead_letter:
            self._waiting.pop(message.message_id, None)  # the queue itself may have moved it
            self._dead.append(message)
        else:
            self._waiting[message.message_id] = message
            # A redrive changes nothing but the message id.
            self._dead = [one for one in self._dead if one.attributes != message.attributes]

    def process(self, run: FunctionRun) -> None:
        for message_id in run.message_ids & self._waiting.keys():
            if message_id in run.left:
                self._is_left = True
            else:
                del self._waiting[message_id]
                self._is_done = True
                self._is_rejected |= message_id in run.rejected

    @property
    def state(self) -> str:
        if self._waiting:
            retries = any("attempt" in message.attributes for message in self._waiting.values())
            return "retried" if retries or self._is_left else "queued"
        if self._dead:
            return "dead_lettered"
        if self._is_rejected:
            return "rejected"
        return "recorded" if self._is_done else "queued"
