"""The resources of a stack, from one deployment to the next: what the Pulumi engine does with a program.

A registered resource that is new is created. One that exists is kept, updated or replaced. Once the program
has ended, what it no longer registers is deleted, the last created first, and so is what was replaced.

Unlike the engine, this has no preview, does one thing at a time, and knows no aliases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from local.deployment.resources import Change, Created, Existing, Properties
from local.deployment.resources.declaration import comparable


class StackError(Exception):
    """The engine would refuse this change. The message is one line and names the resource."""


class Provider(Protocol):
    """Creates, changes and deletes resources. An exception that it raises ends the deployment."""

    def check(self, type_: str, name: str, inputs: Properties) -> Properties:
        """The inputs with what the provider adds to them."""
        ...

    def create(self, type_: str, name: str, inputs: Properties) -> Created:
        """Create a resource; returns its id and its outputs, named as on the wire (camel case)."""
        ...

    def compare(self, type_: str, existing: Existing, inputs: Properties) -> Change:
        """What a change to these inputs needs."""
        ...

    def update(self, type_: str, existing: Existing, inputs: Properties) -> dict[str, Any]:
        """Update a resource in place; returns its outputs."""
        ...

    def delete(self, type_: str, existing: Existing) -> None: ...

    def invoke(self, token: str, arguments: Properties) -> dict[str, Any]:
        """Call a provider function, such as `aws:index/getRegion:getRegion`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A resource as the program registers it."""

    urn: str
    type: str
    name: str
    inputs: Properties
    # URNs.
    depends_on: frozenset[str] = frozenset()
    # Options.
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class _Resource:
    """What exists, and the registration that it follows."""

    registration: Registration
    existing: Existing


@dataclass(slots=True)
class Stack:
    """Takes the registrations of one run of a program after the other."""

    provider: Provider
    # In the order of their creation; a finished deployment puts them into the order of its registrations.
    _resources: list[_Resource] = field(default_factory=list[_Resource])
    # Those that this deployment has registered, by URN.
    _registered: dict[str, _Resource] = field(default_factory=dict[str, _Resource])

    def declared(self, type_: str) -> Sequence[Existing]:
        """The resources of a type that the program has registered last."""
        return [one.existing for one in self._registered.values() if one.registration.type == type_]

    def refuse_protected(self) -> None:
        """Raise StackError if a protected resource exists: `pulumi destroy` stops at its preview."""
        _refuse_protected(self._resources)

    def begin(self) -> None:
        """Begin a deployment: the program runs next."""
        self._registered.clear()

    def register(self, registration: Registration) -> Created:
        """Create, update, replace or keep the resource; returns its id and outputs."""
        inputs = self.provider.check(registration.type, registration.name, registration.inputs)
        registration = replace(registration, inputs=inputs)
        found = [one for one in self._resources if one.registration.urn == registration.urn]
        resource = self._changed(found[-1], registration) if found else self._created(registration)
        self._registered[registration.urn] = resource
        return resource.existing.id, dict(resource.existing.outputs)

    def invoke(self, token: str, arguments: Properties) -> dict[str, Any]:
        return self.provider.invoke(token, arguments)

    def finish(self) -> None:
        """End the deployment: delete what it replaced or did not register."""
        kept = list(self._registered.values())
        self._delete([one for one in self._resources if one not in kept])
        self._resources = kept

    def destroy(self) -> None:
        """Delete everything that is not retained."""
        self.begin()
        self.finish()

    def _created(self, registration: Registration) -> _Resource:
        id_, outputs = self.provider.create(registration.type, registration.name, registration.inputs)
        resource = _Resource(
            registration,
            Existing(name=registration.name, id=id_, inputs=registration.inputs, outputs=outputs),
        )
        self._resources.append(resource)
        return resource

    def _changed(self, resource: _Resource, registration: Registration) -> _Resource:
        existing = resource.existing
        ignored = {key: existing.inputs[key] for key in registration.ignore_changes if key in existing.inputs}
        inputs = {**registration.inputs, **ignored}
        if comparable(inputs) == comparable(existing.inputs):
            resource.registration = registration
            return resource
        change = self.provider.compare(registration.type, existing, inputs)
        if change is Change.UPDATE:
            outputs = self.provider.update(registration.type, existing, inputs)
            resource.registration = registration
            resource.existing = Existing(name=existing.name, id=existing.id, inputs=inputs, outputs=outputs)
            return resource
        _refuse_protected([resource])
        if change is Change.DELETE_FIRST or registration.delete_before_replace:
            self._refuse_needed(resource)
            self._delete([resource])
        return self._created(registration)

    def _delete(self, resources: Sequence[_Resource]) -> None:
        _refuse_protected(resources)
        for resource in reversed(resources):
            if not resource.registration.retain_on_delete:
                self.provider.delete(resource.registration.type, resource.existing)
            self._resources.remove(resource)

    def _refuse_needed(self, resource: _Resource) -> None:
        """The engine would replace what depends on a resource that is deleted first; this cannot."""
        urn = resource.registration.urn
        needed_by = [one for one in self._resources if urn in one.registration.depends_on]
        if needed_by:
            raise StackError(
                f"{_named(resource)} would be deleted before it is replaced: the local run cannot do that "
                f"while {_named(needed_by[0])} depends on it"
            )


def _refuse_protected(resources: Sequence[_Resource]) -> None:
    for resource in resources:
        if resource.registration.protect:
            raise StackError(
                f"{_named(resource)} is protected and would be deleted or replaced: set protect to false"
            )


def _named(resource: _Resource) -> str:
    return f"{resource.registration.type} {resource.registration.name}"
