"""What becomes of the resources of a stack when its program runs again, without a cloud."""

# ruff: noqa: ARG002 - a provider's methods

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from local.deployment.resources import Change, Created, Existing
from local.deployment.stack import Registration, Stack, StackError

QUEUE = "aws:sqs/queue:Queue"


class Provider:
    """Records its calls. `name` forces a replacement; `place` also needs the old resource gone."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failing = ""

    def check(self, type_: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return inputs

    def create(self, type_: str, name: str, inputs: Mapping[str, Any]) -> Created:
        self._call(f"create {name}")
        number = sum(call.startswith("create") for call in self.calls)
        return f"{name}-{number}", {**inputs, "arn": f"arn:{name}"}

    def compare(self, type_: str, existing: Existing, inputs: Mapping[str, Any]) -> Change:
        def differs(key: str) -> bool:
            return existing.inputs.get(key) != inputs.get(key)

        if differs("place"):
            return Change.DELETE_FIRST
        return Change.REPLACE if differs("name") else Change.UPDATE

    def update(self, type_: str, existing: Existing, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self._call(f"update {existing.id}")
        return {**existing.outputs, **inputs}

    def delete(self, type_: str, existing: Existing) -> None:
        self._call(f"delete {existing.id}")

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise LookupError(token)

    def _call(self, call: str) -> None:
        if call == self.failing:
            raise RuntimeError(call)
        self.calls.append(call)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def stack(provider: Provider) -> Stack:
    return Stack(provider)


def queue(name: str, inputs: Mapping[str, Any] | None = None, **options: Any) -> Registration:
    return Registration(urn=f"urn::{name}", type=QUEUE, name=name, inputs=inputs or {}, **options)


def deploy(stack: Stack, *registrations: Registration) -> list[Created]:
    stack.begin()
    created = [stack.register(one) for one in registrations]
    stack.finish()
    return created


def test_an_unchanged_resource_keeps_its_id_and_outputs_without_a_call(
    stack: Stack, provider: Provider
) -> None:
    first = deploy(stack, queue("a", {"code": pulumi.FileArchive("a.zip")}))

    assert deploy(stack, queue("a", {"code": pulumi.FileArchive("a.zip")})) == first
    assert provider.calls == ["create a"]


def test_another_archive_is_a_change(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("a", {"code": pulumi.FileArchive("a.zip")}))
    deploy(stack, queue("a", {"code": pulumi.FileArchive("b.zip")}))

    assert provider.calls == ["create a", "update a-1"]


def test_a_changed_resource_is_updated_in_place(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("a", {"timeout": 1}))

    assert deploy(stack, queue("a", {"timeout": 2})) == [("a-1", {"timeout": 2, "arn": "arn:a"})]
    deploy(stack, queue("a", {"timeout": 2}))
    assert provider.calls == ["create a", "update a-1"]


def test_a_replacement_is_created_at_once_and_the_former_deleted_at_the_end(
    stack: Stack, provider: Provider
) -> None:
    deploy(stack, queue("a", {"name": "x"}), queue("b"))

    deploy(stack, queue("a", {"name": "y"}), queue("b", {"timeout": 2}))

    assert provider.calls[2:] == ["create a", "update b-2", "delete a-1"]


def test_what_the_program_no_longer_registers_is_deleted_at_the_end_the_last_first(
    stack: Stack, provider: Provider
) -> None:
    deploy(stack, queue("a"), queue("b"), queue("c"))

    deploy(stack, queue("d"), queue("b"))

    assert provider.calls[3:] == ["create d", "delete c-3", "delete a-1"]


def test_a_stack_is_destroyed_from_the_last_registered_to_the_first(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("b"), queue("a"))
    deploy(stack, queue("a"), queue("c"), queue("b"))

    stack.destroy()

    assert provider.calls[3:] == ["delete b-1", "delete c-3", "delete a-2"]
    assert stack.declared(QUEUE) == []


def test_a_retained_resource_is_forgotten_and_not_deleted(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("a", retain_on_delete=True))

    deploy(stack)
    deploy(stack, queue("a"))

    assert provider.calls == ["create a", "create a"]


def test_an_option_alone_is_no_change_and_counts_from_then_on(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("a", protect=True))
    deploy(stack, queue("a"))

    stack.destroy()

    assert provider.calls == ["create a", "delete a-1"]


def test_ignored_changes_are_none(stack: Stack, provider: Provider) -> None:
    deploy(stack, queue("a", {"input": 1}))

    assert deploy(stack, queue("a", {"input": 2}, ignore_changes=["input"]))[0][1]["input"] == 1
    assert provider.calls == ["create a"]


@pytest.mark.parametrize(
    ("inputs", "options"),
    [({"place": "y"}, {}), ({"place": "x", "name": "y"}, {"delete_before_replace": True})],
    ids=["by the provider", "by an option"],
)
def test_a_resource_can_be_deleted_before_it_is_replaced(
    stack: Stack, provider: Provider, inputs: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    deploy(stack, queue("a", {"place": "x"}))

    deploy(stack, queue("a", inputs, **options))

    assert provider.calls == ["create a", "delete a-1", "create a"]


def test_a_resource_that_another_depends_on_is_not_deleted_first(stack: Stack) -> None:
    deploy(stack, queue("a", {"place": "x"}), queue("b", depends_on=frozenset({"urn::a"})))

    with pytest.raises(StackError, match=r"Queue a would be deleted .* while aws:sqs/queue:Queue b depends"):
        deploy(stack, queue("a", {"place": "y"}))


class TestAProtectedResource:
    @pytest.fixture(autouse=True)
    def protected(self, stack: Stack) -> None:
        deploy(stack, queue("a", {"name": "x"}, protect=True), queue("b"))

    def test_is_updated(self, stack: Stack, provider: Provider) -> None:
        deploy(stack, queue("a", {"name": "x", "timeout": 2}, protect=True), queue("b"))

        assert provider.calls[2:] == ["update a-1"]

    def test_is_not_replaced(self, stack: Stack, provider: Provider) -> None:
        with pytest.raises(StackError, match=r"Queue a is protected .*: set protect to false"):
            deploy(stack, queue("a", {"name": "y"}, protect=True))

        assert provider.calls[2:] == []

    def test_keeps_everything_from_being_deleted(self, stack: Stack, provider: Provider) -> None:
        with pytest.raises(StackError, match=r"Queue a is protected"):
            deploy(stack)
        with pytest.raises(StackError, match=r"Queue a is protected"):
            stack.destroy()

        assert provider.calls[2:] == []


class TestAfterAFailure:
    def test_the_next_deployment_goes_on_from_what_exists(self, stack: Stack, provider: Provider) -> None:
        deploy(stack, queue("a"), queue("b"))
        provider.failing = "update b-2"
        with pytest.raises(RuntimeError):
            deploy(stack, queue("c"), queue("a", {"timeout": 2}), queue("b", {"timeout": 2}))
        provider.failing = ""

        deploy(stack, queue("c"), queue("a", {"timeout": 2}), queue("b", {"timeout": 2}))

        assert provider.calls[2:] == ["create c", "update a-1", "update b-2"]

    def test_what_could_not_be_deleted_is_deleted_by_the_next_one(
        self, stack: Stack, provider: Provider
    ) -> None:
        deploy(stack, queue("a"), queue("b"))
        provider.failing = "delete a-1"
        with pytest.raises(RuntimeError):
            deploy(stack, queue("b"))
        provider.failing = ""

        deploy(stack, queue("b"))

        assert provider.calls[2:] == ["delete a-1"]
