"""Each test has one kind, and a unit test fails if it needs a cloud or the network."""

import socket
from itertools import pairwise
from pathlib import Path

import pytest

import local.deployment.cloud
from tests.kinds import KINDS, LOCAL_FILES, SLOWEST_FILES, file_of, in_order

PROJECT = Path(__file__).parents[1]


def test_each_test_has_one_kind(request: pytest.FixtureRequest) -> None:
    kinds = {
        item.nodeid: {mark.name for mark in item.iter_markers()} & set(KINDS)
        for item in request.session.items
    }

    assert kinds[request.node.nodeid] == {"unit"}
    assert {test: kind for test, kind in kinds.items() if len(kind) != 1} == {}


def test_the_kinds_are_registered(pytestconfig: pytest.Config) -> None:
    registered = {line.partition(":")[0] for line in pytestconfig.getini("markers")}

    assert set(KINDS) <= registered


def test_each_file_named_here_exists() -> None:
    assert [name for name in (*LOCAL_FILES, *SLOWEST_FILES) if not (PROJECT / name).exists()] == []


def test_a_unit_test_cannot_start_a_cloud() -> None:
    with pytest.raises(pytest.fail.Exception, match="starts a cloud: it is no unit test"):
        local.deployment.cloud.Cloud().start()


def test_a_unit_test_cannot_reach_the_network() -> None:
    with socket.socket() as one, pytest.raises(pytest.fail.Exception, match="uses the network"):
        one.connect(("192.0.2.1", 80))


class TestTheOrder:
    def test_files_stay_together_whatever_the_seed(self, request: pytest.FixtureRequest) -> None:
        for seed in (None, "1", "2"):
            files = [file_of(item) for item in in_order(request.session.items, seed)]
            changes = [a for a, b in pairwise(files) if a != b]
            assert len(changes) == len(set(files)) - 1

    def test_no_test_is_lost_and_a_seed_gives_one_order(self, request: pytest.FixtureRequest) -> None:
        items = request.session.items
        first, again = in_order(items, "1"), in_order(items, "1")

        assert first == again
        assert sorted(map(id, first)) == sorted(map(id, items))
