"""Redrives of dead-letter queues, which moto's SQS lacks: StartMessageMoveTask and its two companions.

A task runs in a thread of its own, as SQS's does, at the rate that the request names. A moved message is a
new message with the same body and attributes. The caller needs the permissions that SQS documents: to start
the task, to receive and delete from the source, and to send to the destination.
"""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMRequest
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

_NEEDED = {
    "source": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "destination": ("sqs:SendMessage",),
}
_MAX_RESULTS = 10


class UnsupportedOperation(ServiceException):
    code = "AWS.SimpleQueueService.UnsupportedOperation"


class ResourceNotFound(ServiceException):
    code = "ResourceNotFoundException"


class MessageMoves:
    """The tasks of one run; `operations` are the methods that moto's SQSResponse gets."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End every task, and wait until none moves a message any more."""
        self._stopping.set()
        for task in self._tasks:
            task.thread.join()

    @property
    def operations(self) -> dict[str, Callable[[SQSResponse], ActionResult]]:
        return {
            "start_message_move_task": self._start,
            "list_message_move_tasks": self._list,
            "cancel_message_move_task": self._cancel,
        }

    def _start(self, response: SQSResponse) -> ActionResult:
        backend = response.sqs_backend
        source = _queue(backend, response._get_param("SourceArn"))  # noqa: SLF001
        sources = backend.list_dead_letter_source_queues(source.name)
        if not sources:
            raise UnsupportedOperation("The source queue is not the dead-letter queue of a queue")
        arn = response._get_param("DestinationArn")  # noqa: SLF001
        # Without a destination, SQS returns each message to the queue that it came from.
        destination = _queue(backend, arn) if arn else sources[0]
        for action in _NEEDED["source"]:
            _check_permission(response, action, source)
        for action in _NEEDED["destination"]:
            _check_permission(response, action, destination)
        rate = response._get_param("MaxNumberOfMessagesPerSecond")  # noqa: SLF001
        with self._lock:
            if any(task.is_running and task.source is source for task in self._tasks):
                raise UnsupportedOperation("There is already a task running")
            task = _Task(backend, source, destination, rate=rate, stopping=self._stopping)
            self._tasks.append(task)
        task.thread.start()
        return ActionResult({"TaskHandle": task.handle})

    def _list(self, response: SQSResponse) -> ActionResult:
        source = _queue(response.sqs_backend, response._get_param("SourceArn"))  # noqa: SLF001
        count = min(response._get_param("MaxResults") or 1, _MAX_RESULTS)  # noqa: SLF001
        with self._lock:
            found = [task for task in reversed(self._tasks) if task.source is source]
        return ActionResult({"Results": [task.description for task in found[:count]]})

    def _cancel(self, response: SQSResponse) -> ActionResult:
        handle = response._get_param("TaskHandle")  # noqa: SLF001
        with self._lock:
            task = next((one for one in self._tasks if one.handle == handle and one.is_running), None)
        if task is None:
            raise ResourceNotFound("There is no running task with this handle")
        task.cancelled.set()
        task.thread.join()
        return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})


class _Task:
    """One redrive, in its own thread."""

    def __init__(
        self,
        backend: SQSBackend,
        source: Queue,
        destination: Queue,
        *,
        rate: int | None,
        stopping: threading.Event,
    ) -> None:
        self.handle = uuid.uuid4().hex
        self.source = source
        self.moved = 0
        self.cancelled = threading.Event()
        self.thread = threading.Thread(target=self._run, name="message-move", daemon=True)
        self._backend = backend
        self._destination = destination
        self._rate = rate
        self._stopping = stopping
        self._started_at = int(time.time() * 1000)
        self._to_move = len(source.messages)
        self._status = "RUNNING"

    @property
    def is_running(self) -> bool:
        return self._status == "RUNNING"

    @property
    def description(self) -> dict[str, Any]:
        """An entry of ListMessageMoveTasks. Only a running task has a handle."""
        rate = {} if self._rate is None else {"MaxNumberOfMessagesPerSecond": self._rate}
        return {
            **({"TaskHandle": self.handle} if self.is_running else {}),
            "Status": self._status,
            "SourceArn": self.source.queue_arn,
            "DestinationArn": self._destination.queue_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self._to_move,
            "StartedTimestamp": self._started_at,
            **rate,
        }

    def _run(self) -> None:
        while not (self.cancelled.is_set() or self._stopping.is_set()):
            if not self._move_one():
                self._status = "COMPLETED"
                return
            if self._rate:
                self.cancelled.wait(1 / self._rate)
        self._status = "CANCELLED"

    def _move_one(self) -> bool:
        """Move the oldest visible message; whether there was one."""
        is_moved = move_message(self._backend, self.source, self._destination)
        self.moved += is_moved
        return is_moved


def move_message(
    backend: SQSBackend,
    source: Queue,
    destination: Queue,
    *,
    is_wanted: Callable[[Message], bool] = lambda _: True,
) -> bool:
    """Move the oldest visible message that is wanted; whether there was one."""
    with source._messages_lock:  # noqa: SLF001
        message = next((one for one in source.messages if is_wanted(one)), None)
        if message is None:
            return False
        source._messages.remove(message)  # noqa: SLF001
    backend.send_message(
        destination.name,
        message.body,
        message_attributes=message.message_attributes,
        system_attributes=message.system_attributes,
    )
    return True


def _queue(backend: SQSBackend, arn: str) -> Queue:
    try:
        return backend.get_queue(arn.rpartition(":")[2])
    except QueueDoesNotExist:
        raise ResourceNotFound(
            "The resource that you specified for the SourceArn parameter does not exist"
        ) from None


def _check_permission(response: SQSResponse, action: str, queue: Queue) -> None:
    """Refuse a caller who may not do with the queue what the task will do."""

    class Check(IAMRequest):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._action = action

        def check_signature(self) -> None:
            """The request itself was checked before."""

    response._authenticate_and_authorize_action(Check, queue.queue_arn)  # noqa: SLF001
