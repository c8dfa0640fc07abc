"""`ops pause` and `ops resume` of an event source that takes its time."""

from typing import Any

import pytest

from cli.errors import FailedError
from tests.ops.dead_letter_queue import DeadLetterQueue
from tests.ops.running import result, run


class SlowEventSource(DeadLetterQueue):
    """Changes its state some calls after it was asked to. Meanwhile it refuses, as Lambda does."""

    def __init__(self, state: str, *, then: str = "") -> None:
        super().__init__([])
        self.state = state
        self.updates = 0
        self._then = then
        self._calls_left = 3

    def _get_event_source_mapping(self, **_: Any) -> dict[str, Any]:
        self._calls_left -= 1
        if self._then and self._calls_left < 0:
            self.state, self._then = self._then, ""
        return {"State": self.state}

    def _update_event_source_mapping(self, **parameters: Any) -> dict[str, Any]:
        assert self.state in ("Enabled", "Disabled"), "ResourceInUseException"
        self.updates += 1
        self.state, self._then, self._calls_left = (
            ("Enabling", "Enabled", 3) if parameters["Enabled"] else ("Disabling", "Disabled", 3)
        )
        return {}


@pytest.mark.parametrize(
    ("state", "then", "command", "after", "updates"),
    [
        ("Enabled", "", "pause", "Disabled", 1),
        ("Disabled", "", "resume", "Enabled", 1),
        ("Disabled", "", "pause", "Disabled", 0),
        ("Enabling", "Enabled", "pause", "Disabled", 1),
        ("Disabling", "Disabled", "pause", "Disabled", 0),
        ("Updating", "Enabled", "resume", "Enabled", 0),
    ],
)
def test_it_waits_for_its_own_change_and_for_those_of_others(
    state: str, then: str, command: str, after: str, updates: int, capsys: pytest.CaptureFixture[str]
) -> None:
    source = SlowEventSource(state, then=then)

    assert run(source, command) == 0

    said = result(capsys)
    assert (said["before"], said["after"], source.state, source.updates) == (state, after, after, updates)


def test_a_dry_run_asks_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    source = SlowEventSource("Enabled")

    assert run(source, "pause", "--dry-run") == 0

    assert (result(capsys)["after"], source.updates) == ("Enabled", 0)


def test_one_that_stays_on_the_way_is_told() -> None:
    with pytest.raises(FailedError, match="still Updating after 120 s; look again: python -m ops status"):
        run(SlowEventSource("Updating"), "pause")
