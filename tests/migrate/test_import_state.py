"""The state of an import: its content, and when it is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.import_state import NEW_SUFFIX, ImportState, Progress, StateError, locked

TARGET = {
    "domain": "amazon-connect-example",
    "object type": "t",
    "set of attributes": ["plan"],
    "key": "user-id",
}
FILES = {"a.gz": 10, "b.gz": 20}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@given(st.permutations(range(1, 30)), st.integers(0, 29))
def test_customers_are_settled_in_any_order(order: list[int], count: int) -> None:
    progress = Progress()
    for number in order[:count]:
        progress.settle([number])

    assert [number for number in range(1, 30) if progress.is_settled(number)] == sorted(order[:count])
    assert progress.position + 1 not in progress.beyond
    assert progress.last == max(order[:count], default=0)


def test_without_a_file_an_import_begins(path: Path) -> None:
    state = ImportState.load(path, TARGET)

    assert (state.resumed, state.progress, path.exists()) == (False, Progress(), False)


def test_content_that_has_changed_is_an_error_though_the_files_are_as_long(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.check_content("a1")
    state.save()

    ImportState.load(path, TARGET).check_content("a1")
    with pytest.raises(StateError, match=r"have changed since .* delete"):
        ImportState.load(path, TARGET).check_content("b2")


def test_a_saved_state_is_read_back(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.check_files(FILES)
    state.progress.settle([1, 2, 5])
    state.refused[2] = 400
    state.address_kept[5] = 503
    state.removed, state.seconds = 7, 1.5
    state.save()

    again = ImportState.load(path, TARGET)
    again.check_files(FILES)

    assert again.resumed
    assert again.progress == Progress(position=2, beyond={5})
    assert (again.refused, again.address_kept) == ({2: 400}, {5: 503})
    assert (again.removed, again.seconds) == (7, 1.5)


def test_saving_leaves_nothing_beside_the_file(path: Path) -> None:
    ImportState.load(path, TARGET).save()

    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("leftover", [False, True])
def test_only_its_owner_can_read_the_state(path: Path, *, leftover: bool) -> None:
    if leftover:
        path.with_name(path.name + NEW_SUFFIX).touch(mode=0o644)
    ImportState.load(path, TARGET).save()

    assert path.stat().st_mode & 0o777 == 0o600


def test_one_import_at_a_time_uses_a_state(path: Path) -> None:
    with locked(path), pytest.raises(StateError, match="another import is using"), locked(path):
        pass
    with locked(path):
        pass


def test_a_state_that_cannot_be_locked_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"), locked(tmp_path / "missing" / "state.json"):
        pass


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.gz": 11, "b.gz": 20}, r"a\.gz has changed .*\(10 bytes, now 11 bytes\).*--state"),
        ({"a.gz": 10}, r"b\.gz has changed .*\(20 bytes, now missing\)"),
        ({**FILES, "c.gz": 1}, r"c\.gz has changed .*\(missing, now 1 bytes\)"),
    ],
)
def test_an_export_that_has_changed_is_an_error_that_says_what_to_do(
    path: Path, files: dict[str, int], expected: str
) -> None:
    state = ImportState.load(path, TARGET)
    state.check_files(FILES)
    state.save()

    with pytest.raises(StateError, match=expected):
        ImportState.load(path, TARGET).check_files(files)


@pytest.mark.parametrize("name", sorted(TARGET))
def test_another_target_is_an_error_that_names_the_difference(path: Path, name: str) -> None:
    ImportState.load(path, TARGET).save()

    with pytest.raises(StateError, match=f"another {name}"):
        ImportState.load(path, {**TARGET, name: "other"})


@pytest.mark.parametrize("text", ["", "null", "{}", "[1]", '{"version": 1, "target": {}}', '{"version": 3}'])
def test_a_file_that_is_not_a_state_is_an_error_and_is_kept(path: Path, text: str) -> None:
    path.write_text(text)

    with pytest.raises(StateError, match="is not a state of this import"):
        ImportState.load(path, TARGET)
    assert path.read_text() == text


def test_a_state_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        ImportState.load(tmp_path / "missing" / "state.json", TARGET).save()


def test_a_state_has_names_numbers_and_counts_only(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.check_files(FILES)
    state.save()

    assert json.loads(path.read_text()) == {
        "version": 3,
        "target": TARGET,
        "files": FILES,
        "content": None,
        "position": 0,
        "beyond": [],
        "refused": {},
        "address_kept": {},
        "removed": 0,
        "seconds": 0.0,
    }
