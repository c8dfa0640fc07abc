"""The state of an import: what it keeps, and when it does not fit."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.import_state import FileProgress, ImportState, StateError, Summary

TARGET = {"domain": "amazon-connect-example", "object type": "t", "set of attributes": ["plan"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@settings(deadline=None)
@given(st.permutations(range(1, 30)), st.integers(0, 29))
def test_lines_are_settled_in_any_order(order: list[int], count: int) -> None:
    progress = FileProgress(size=1)
    for number in order[:count]:
        progress.settle([number])

    assert [number for number in range(1, 30) if progress.is_settled(number)] == sorted(order[:count])
    assert progress.position + 1 not in progress.beyond


def test_without_a_file_an_import_begins(path: Path) -> None:
    state = ImportState.load(path, TARGET)

    assert (state.resumed, state.summary, path.exists()) == (False, Summary(), False)


def test_a_saved_state_comes_back(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.file("part.gz", 10).settle([1, 2, 5])
    state.summary.imported = 2
    state.summary.skipped["inactive"] += 1
    state.summary.refused["400"] += 1
    state.save()

    again = ImportState.load(path, TARGET)

    assert again.resumed
    assert again.file("part.gz", 10) == FileProgress(size=10, position=2, beyond={5})
    assert again.summary == Summary(imported=2, skipped=Counter(inactive=1), refused=Counter({"400": 1}))


def test_saving_leaves_nothing_beside_the_file(path: Path) -> None:
    ImportState.load(path, TARGET).save()

    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_has_changed_is_an_error_that_says_what_to_do(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.file("part.gz", 10)
    state.save()

    with pytest.raises(StateError, match=r"part\.gz has changed .*10 bytes, now 11.*--state"):
        ImportState.load(path, TARGET).file("part.gz", 11)


def test_a_file_that_was_cut_off_may_have_another_size_once(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    progress = state.file("part.gz", 10)
    progress.settle([1, 2])
    progress.cut_off = True
    state.save()

    again = ImportState.load(path, TARGET)
    assert again.file("part.gz", 30) == FileProgress(size=30, position=2)
    again.save()
    with pytest.raises(StateError, match=r"part\.gz has changed"):
        ImportState.load(path, TARGET).file("part.gz", 31)


def test_a_file_that_was_cut_off_stays_so_until_its_size_is_another(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.file("part.gz", 10).cut_off = True
    state.save()

    again = ImportState.load(path, TARGET)
    again.file("part.gz", 10)
    again.save()

    assert ImportState.load(path, TARGET).file("part.gz", 30).size == 30


def test_a_state_from_before_files_could_be_cut_off_is_read(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.file("part.gz", 10).settle([1])
    state.save()
    kept = json.loads(path.read_text())
    del kept["files"]["part.gz"]["cut_off"]
    path.write_text(json.dumps(kept))

    assert ImportState.load(path, TARGET).file("part.gz", 10) == FileProgress(size=10, position=1)


@pytest.mark.parametrize("name", sorted(TARGET))
def test_another_target_is_an_error_that_names_the_difference(path: Path, name: str) -> None:
    ImportState.load(path, TARGET).save()

    with pytest.raises(StateError, match=f"another {name}"):
        ImportState.load(path, {**TARGET, name: "other"})


@pytest.mark.parametrize("text", ["", "null", "{}", "[1]", '{"version": 2, "target": {}}', '{"version": 1}'])
def test_a_file_that_is_no_state_is_an_error_and_stays(path: Path, text: str) -> None:
    path.write_text(text)

    with pytest.raises(StateError, match="holds no state"):
        ImportState.load(path, TARGET)
    assert path.read_text() == text


def test_a_state_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        ImportState.load(tmp_path / "missing" / "state.json", TARGET).save()


def test_a_state_has_names_numbers_and_counts_only(path: Path) -> None:
    state = ImportState.load(path, TARGET)
    state.file("part.gz", 10).settle([1])
    state.save()

    kept = json.loads(path.read_text())

    assert kept.keys() == {"version", "target", "summary", "files"}
    assert kept["files"] == {"part.gz": {"size": 10, "position": 1, "beyond": [], "cut_off": False}}
