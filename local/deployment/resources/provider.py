"""Finds the module that serves a resource type or a provider function, and calls it.

A type, function or property that no module serves stops the run with its name. Ignoring one would make the
local run differ from the deployed stack without saying so.
"""

import importlib
import importlib.util
import keyword
import re
from collections.abc import Mapping
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.deployment.cloud import Cloud
from local.deployment.resources.declaration import (
    Created,
    Function,
    Properties,
    ResourceError,
    ResourceType,
    refuse_unknown,
)
from local.deployment.resources.target import Target

_TOKEN = re.compile(r"aws:(?P<package>[a-z0-9]+)/\w+:(?P<name>\w+)")
_OF_THE_ENGINE = re.compile(r"pulumi:index:(?P<name>\w+)")


class Resources:
    """Creates resources one after the other, in the order of the calls."""

    def __init__(
        self,
        cloud: Cloud,
        *,
        api_url: str,
        default_tags: Mapping[str, str],
        deployer: Credentials | None = None,
    ) -> None:
        self._target = Target(cloud=cloud, api_url=api_url, default_tags=default_tags, deployer=deployer)
        self.function_logging = self._target.function_logging
        self.event_sources = self._target.event_sources
        self.templates = self._target.templates

    def create(self, type_: str, name: str, inputs: Properties) -> Created:
        """Create a resource. Raises ResourceError if its type or one of its properties is not supported."""
        resource_type: ResourceType | None = _find(type_, "RESOURCES")
        if resource_type is None:
            raise ResourceError(f"the local run does not know the resource type {type_} ({name})")
        try:
            refuse_unknown(inputs, resource_type.inputs)
            return resource_type.create(self._target, name, inputs)
        except KeyError as error:
            raise ResourceError(
                f"{type_} {name}: the local run needs its property {error.args[0]}"
            ) from error
        except Exception as error:
            raise ResourceError(f"{type_} {name}: {_one_line(error)}") from error

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
