"""Routes, validation and errors for fakes of services with a REST-JSON protocol.

All of it comes from botocore's model of the service. A limit in "characters" is read strictly.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import botocore.session
from werkzeug import Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from local.fakes.access_control import AccessDenied

# (request, action as in a policy, last part of the ARN of the resource); raises AccessDenied.
Authorize = Callable[[Request, str, str], None]


class ServiceError(Exception):
    """An error response for the whole request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Operations:
    """Some operations of a service: their routes, inputs and error names."""

    def __init__(self, service: str, names: Collection[str]) -> None:
        model = _service_model(service)
        self._models: dict[str, Any] = {name: model.operation_model(name) for name in names}
        self._routes = Map(
            [
                Rule(_rule(operation.http["requestUri"]), methods=[operation.http["method"]], endpoint=name)
                for name, operation in self._models.items()
            ]
        )

    def match(self, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation that a request calls, and its path parameters; raises ServiceError."""
        try:
            name, arguments = self._routes.bind_to_environ(request.environ).match()
        except MethodNotAllowed as error:
            raise ServiceError(405, "Method not allowed") from error
        except HTTPException as error:
            raise ServiceError(404, "Resource not found") from error
        return name, dict(arguments)

    def input_shape(self, name: str) -> Any:
        """The input shape of an operation in botocore's model."""
        return self._models[name].input_shape

    def error_name(self, status: int) -> str:
        """The service's name for an error with this status, or the name of the status if it has none."""
        for operation in self._models.values():
            for shape in operation.error_shapes:
                if shape.metadata["error"]["httpStatusCode"] == status:
                    return shape.name
        return f"{HTTPStatus(status).phrase.replace(' ', '')}Exception"


@cache
def _service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _rule(request_uri: str) -> str:
    """A werkzeug route; its parameters cannot contain a hyphen."""
    return re.sub(r"\{([^}]+)\}", lambda match: f"<{match[1].replace('-', '_')}>", request_uri)


def check_permission(authorize: Authorize | None, request: Request, action: str, resource: str) -> None:
    """Raises ServiceError if the caller lacks the permission. Without `authorize`, nothing is checked."""
    if authorize is not None:
        try:
            authorize(request, action, resource)
        except AccessDenied as denied:
            raise ServiceError(403, str(denied)) from denied


def check_shape(shape: Any, value: Any, name: str = "request") -> None:
    """Raises ServiceError 400 for the first thing that the model does not allow."""
    for problem in _problems(shape, value, name):
        raise ServiceError(400, problem)


def _problems(shape: Any, value: Any, name: str) -> Iterator[str]:
    if not _is_of_type(shape.type_name, value):
        yield f"{name} is not a {shape.type_name}"
        return
    yield from _own_problems(shape, value, name)
    match shape.type_name:
        case "structure":
            yield from (
                f"{name}.{member} is missing" for member in shape.required_members if member not in value
            )
            for member, member_shape in shape.members.items():
                if member in value:
                    yield from _problems(member_shape, value[member], f"{name}.{member}")
        case "list":
            for position, element in enumerate(value):
                yield from _problems(shape.member, element, f"{name}[{position}]")
        case "map":
            for key, element in value.items():
                yield from _problems(shape.key, key, f"a key of {name}")
                yield from _problems(shape.value, element, f"{name}.{key}")
        case _:
            pass


_TYPES: Mapping[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}


def _is_of_type(type_name: str, value: Any) -> bool:
    if type_name not in _TYPES:
        raise NotImplementedError(f"shapes of type {type_name} are not checked here")
    return isinstance(value, _TYPES[type_name]) and isinstance(value, bool) == (type_name == "boolean")


def _own_problems(shape: Any, value: Any, name: str) -> Iterator[str]:
    """Violations of a shape's size, pattern and enumeration."""
    limits = shape.metadata
    size = value if isinstance(value, int) else length(value) if isinstance(value, str) else len(value)
    if not limits.get("min", size) <= size <= limits.get("max", size):
        yield f"{name} must be from {limits.get('min', 0)} to {limits.get('max', 'any')} in size"
    pattern = limits.get("pattern") if isinstance(value, str) else None
    if pattern is not None and re.search(pattern.removesuffix("$") + r"\Z", str(value)) is None:
        yield f"{name} does not match {pattern}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"{name} is not one of {', '.join(limits['enum'])}"


def length(text: str) -> int:
    """UTF-16 code units: the stricter reading of "characters"."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
