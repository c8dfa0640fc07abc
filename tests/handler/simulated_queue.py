"""Amazon SQS in simulated time, with the processor as its consumer.

The processor and its MessageQueue are the real ones. A message is in flight from its receipt until it is
deleted or its visibility timeout ends. A delayed message is not in flight.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools import Logger

from contract.missing_values import IgnoredIds
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from handler.aws_calls import CallLimits
from handler.batch_report import BatchReport
from handler.destinations import Destination
from handler.environment import Environment
from handler.message_queue import CALL_LIMITS, MessageQueue
from handler.processor import EventProcessor
from handler.update_policy import UpdatePolicy

START_MS = 1_790_000_000_000
VISIBILITY_SECONDS = 361


class Clock:
    """Seconds since the start."""

    def __init__(self) -> None:
        self.now = 0.0


@dataclass(slots=True)
class SimulatedQueue:
    """A standard queue. If `works` is false, it accepts no message."""

    clock: Clock
    works: bool = True
    in_flight: int = 0
    most_in_flight: int = 0
    _waiting: list[tuple[float, int, dict[str, Any]]] = field(
        default_factory=list[tuple[float, int, dict[str, Any]]]
    )
    _numbers: Any = field(default_factory=count)
    # This and `call` are what MessageQueue needs of an AWS service.
    limits: CallLimits = field(default=CALL_LIMITS)

    def call(self, operation: str, **parameters: Any) -> Any:
        entries: Sequence[Mapping[str, Any]] = parameters["Entries"]
        assert (operation, len(entries) <= 10) == ("send_message_batch", True)
        if not self.works:
            return {"Failed": [{"Id": entry["Id"]} for entry in entries]}
        for entry in entries:
            assert 0 <= entry["DelaySeconds"] <= 900
            assert len(entry["MessageAttributes"]) <= 10
            assert all(value["StringValue"] for value in entry["MessageAttributes"].values())
            attributes = {name: value["StringValue"] for name, value in entry["MessageAttributes"].items()}
            self.send(entry["MessageBody"], attributes, delay=entry["DelaySeconds"])
        return {"Successful": [{"Id": entry["Id"]} for entry in entries]}

    def send(self, body: str, attributes: Mapping[str, str] | None = None, *, delay: float = 0.0) -> str:
        number = next(self._numbers)
        record = {
            "messageId": f"m{number}",
            "body": body,
            "attributes": {
                "SentTimestamp": str(START_MS + int(self.clock.now * 1000)),
                "ApproximateReceiveCount": "0",
            },
            "messageAttributes": {
                name: {"dataType": "String", "stringValue": text} for name, text in (attributes or {}).items()
            },
        }
        heapq.heappush(self._waiting, (self.clock.now + delay, number, record))
        return record["messageId"]

    def receive(self, most: int) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = []
        while self._waiting and self._waiting[0][0] <= self.clock.now and len(received) < most:
            record = heapq.heappop(self._waiting)[2]
            attributes = record["attributes"]
            attributes["ApproximateReceiveCount"] = str(int(attributes["ApproximateReceiveCount"]) + 1)
            received.append(record)
        self.in_flight += len(received)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return received

    def hide_again(self, record: dict[str, Any]) -> None:
        """Leave a message in flight until its visibility timeout is over."""
        heapq.heappush(self._waiting, (self.clock.now + VISIBILITY_SECONDS, next(self._numbers), record))

    @property
    def next_due(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None

    def messages(self) -> list[dict[str, Any]]:
        return [record for _, _, record in self._waiting]


def make_processor(
    destinations: Mapping[str, Destination],
    queue: SimulatedQueue,
    dead_letters: SimulatedQueue,
    *,
    retry_hours: int = 6,
    choose_delay: Callable[[int, int], int] | None = None,
) -> EventProcessor:
    def sending_to(service: Any) -> MessageQueue:
        return MessageQueue(queue_url="simulated", service=service)

    return EventProcessor(
        environment=Environment(
            destinations=tuple(destinations),
            update_policy=UpdatePolicy(auth_mode=AuthMode.OPEN, profile_updates=ProfileUpdates.ALL),
            timestamp_source=TimestampSource.GATEWAY,
            ignored_endpoint_ids=IgnoredIds.of([]),
            queue_url="simulated",
            dead_letter_queue_url="simulated",
            retry_hours=retry_hours,
            max_receive_count=5,
            service="simulation",
            metrics_namespace="simulation",
        ),
        destinations=destinations,
        queue=sending_to(queue),
        dead_letter_queue=sending_to(dead_letters),
        logger=Logger(service="simulation", level="CRITICAL"),
        clock=lambda: queue.clock.now,
        **({"choose_delay": choose_delay} if choose_delay else {}),
    )


def _publish_nothing(*_: object, **__: object) -> None:
    """A function, because each patch would otherwise make a mock, which takes longer than the invocation."""


def process(
    processor: EventProcessor,
    records: Sequence[Mapping[str, Any]],
    *,
    time_left: Callable[[], float] = lambda: 60.0,
) -> set[str]:
    """One invocation; the ids that it reports as batch item failures."""
    with patch.object(BatchReport, "publish", _publish_nothing):  # a quarter of the time
        return set(processor.process(records, time_left=time_left))
