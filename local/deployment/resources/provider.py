"""Finds the module that serves a resource type or a provider function, and calls it.

A type, function or property that no module serves stops the run with its name. Ignoring one would make the
local run differ from the deployed stack without saying so.
"""

import importlib
import importlib.util
import keyword
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.deployment.cloud import Cloud
from local.deployment.resources.declaration import (
    Change,
    Created,
    Existing,
    Function,
    Properties,
    ResourceError,
    ResourceType,
    changed,
    refuse_unknown,
)
from local.deployment.resources.target import Target

_TOKEN = re.compile(r"aws:(?P<package>[a-z0-9]+)/\w+:(?P<name>\w+)")
_OF_THE_ENGINE = re.compile(r"pulumi:index:(?P<name>\w+)")


class Resources:
    """Creates, changes and deletes resources one after the other, in the order of the calls.

    Raises ResourceError if a type or one of its properties is not supported, or a call fails.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        api_url: str,
        default_tags: Mapping[str, str],
        deployer: Credentials | None = None,
    ) -> None:
        self._target = Target(cloud=cloud, api_url=api_url, default_tags=default_tags, deployer=deployer)

    def change_default_tags(self, tags: Mapping[str, str]) -> None:
        """The tags of every taggable resource, from the next deployment on."""
        self._target.default_tags = tags

    def check(self, type_: str, name: str, inputs: Properties) -> Properties:
        """The inputs with the stack's default tags, where the type takes tags."""
        if "tags" not in served(type_, name).inputs:
            return inputs
        return {**inputs, "tagsAll": self._target.tags(inputs)}

    def create(self, type_: str, name: str, inputs: Properties) -> Created:
        """Create a resource; returns its id and its outputs."""
        resource_type = served(type_, name)
        with _errors_named(type_, name):
            refuse_unknown(inputs, {**resource_type.inputs, "tagsAll": None})
            return resource_type.create(self._target, name, inputs)

    def compare(self, type_: str, existing: Existing, inputs: Properties) -> Change:
        """What a change to these inputs needs."""
        if not changed(existing, inputs, *served(type_, existing.name).replaced_by):
            return Change.UPDATE
        # A name that somebody chose, and that stays, is free only once the old one is gone.
        chosen = inputs.get("name")
        return Change.DELETE_FIRST if chosen and chosen == existing.inputs.get("name") else Change.REPLACE

    def update(self, type_: str, existing: Existing, inputs: Properties) -> dict[str, Any]:
        """Update a resource in place; returns its outputs."""
        resource_type = served(type_, existing.name)
        with _errors_named(type_, existing.name):
            refuse_unknown(inputs, {**resource_type.inputs, "tagsAll": None})
            if resource_type.retag is not None and changed(existing, inputs, "tagsAll"):
                resource_type.retag(self._target, existing, inputs["tagsAll"])
            computed = {key: value for key, value in existing.outputs.items() if key not in existing.inputs}
            if not changed(existing, inputs, *resource_type.inputs.keys() - {"tags"}):
                return {**computed, **inputs}
            if resource_type.update is not None:
                return {**computed, **inputs, **(resource_type.update(self._target, existing, inputs) or {})}
            # Its own name, which `create` would otherwise make up again.
            named = {"name": existing.outputs["name"]} if "name" in existing.outputs else {}
            return resource_type.create(self._target, existing.name, {**named, **inputs})[1]

    def delete(self, type_: str, existing: Existing) -> None:
        """Delete a resource."""
        with _errors_named(type_, existing.name):
            served(type_, existing.name).delete(self._target, existing)

    def invoke(self, token: str, arguments: Properties) -> dict[str, Any]:
        """Call a provider function. Raises ResourceError if it or one of its arguments is not supported."""
        function: Function | None = _find(token, "FUNCTIONS")
        if function is None:
            raise ResourceError(f"the local run does not know the function {token}")
        try:
            refuse_unknown(arguments, function.arguments)
        except ResourceError as error:
            raise ResourceError(f"{token}: {error}") from None
        return function.call(self._target, arguments)


def served(type_: str, name: str) -> ResourceType:
    """What serves a resource's type. Raises ResourceError if nothing does."""
    found: ResourceType | None = _find(type_, "RESOURCES")
    if found is None:
        raise ResourceError(f"the local run does not know the resource type {type_} ({name})")
    return found


@contextmanager
def _errors_named(type_: str, name: str) -> Iterator[None]:
    """Errors as a ResourceError of one line that names the resource."""
    try:
        yield
    except KeyError as error:
        raise ResourceError(f"{type_} {name}: the local run needs its property {error.args[0]}") from error
    except Exception as error:
        raise ResourceError(f"{type_} {name}: {_one_line(error)}") from error


def _find(token: str, table: str) -> Any:
    """The entry of `aws:PACKAGE/…:NAME` in a table of the package's module, or None.

    `pulumi:index:NAME` is in the module `engine`.
    """
    parts = _TOKEN.fullmatch(token) or _OF_THE_ENGINE.fullmatch(token)
    if parts is None:
        return None
    package = parts.groupdict().get("package", "engine")
    module = f"{__package__}.{package}{'_' if keyword.iskeyword(package) else ''}"
    if importlib.util.find_spec(module) is None:
        return None
    return getattr(importlib.import_module(module), table, {}).get(parts["name"])


def _one_line(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return " ".join(str(error).split())
    message = str(error.response["Error"].get("Message", error))
    # moto refuses in XML even where the service speaks JSON, and S3 does not say what it refuses.
    found = re.search("<Message>(.*)</Message>", message)
    message = " ".join((found[1] if found else message).split())
    return f"{message} ({error.operation_name})" if message == "Access Denied" else message
