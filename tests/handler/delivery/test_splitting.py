"""A request that is refused as a whole is halved until only the bad item is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from handler.aws_calls import CallError
from handler.delivery.failures import call_failure
from handler.delivery.splitting import send_or_split
from handler.destinations import DeadLetter, Outcome, Recorded, Retry


@dataclass(frozen=True)
class Letter:
    message_id: str


class Service:
    """Refuses every request that holds one of the bad items."""

    def __init__(self, bad: str, error: CallError) -> None:
        self.requests: list[str] = []
        self._bad = bad
        self._error = error

    def put(self, items: Sequence[Letter]) -> Mapping[str, Outcome]:
        ids = "".join(item.message_id for item in items)
        self.requests.append(ids)
        if set(ids) & set(self._bad):
            raise self._error
        return dict.fromkeys(ids, Recorded())


def outcomes_of(service: Service, ids: str) -> dict[str, Outcome]:
    return send_or_split(
        [Letter(id_) for id_ in ids], service.put, failure_of=lambda error: call_failure("bus", error)
    )


@pytest.mark.parametrize("status", [400, 413])
def test_only_the_bad_items_are_dead_lettered(status: int) -> None:
    service = Service(bad="bf", error=CallError(status))

    outcomes = outcomes_of(service, "abcdef")

    bad = DeadLetter(f"bus_{status}")
    assert outcomes == {
        "a": Recorded(),
        "b": bad,
        "c": Recorded(),
        "d": Recorded(),
        "e": Recorded(),
        "f": bad,
    }
    assert service.requests == ["abcdef", "abc", "a", "bc", "b", "c", "def", "d", "ef", "e", "f"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (CallError(405), DeadLetter("bus_405")),
        (CallError(403), Retry("bus_403", not_set_up=True)),
        (CallError(503), Retry("bus_503")),
        (CallError(400, code="ThrottlingException"), Retry("bus_throttled")),
        (CallError(None), Retry("bus_no_response")),
    ],
)
def test_a_failure_that_no_item_can_be_the_cause_of_is_that_of_all(
    error: CallError, outcome: Outcome
) -> None:
    service = Service(bad="b", error=error)

    assert outcomes_of(service, "abc") == dict.fromkeys("abc", outcome)
    assert service.requests == ["abc"]
