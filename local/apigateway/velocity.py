"""API Gateway's mapping templates, rendered as Apache Velocity 1.7 renders them.

API Gateway's engine behaves like Velocity 1.7. Velocity is lenient: it writes an unknown reference as it
stands in the template, a null in `#set` keeps the old value, and everything but null and false is true. AWS
treats unknown names differently again. A template that depends on any of this is a mistake, so it raises
MappingTemplateError: when it is parsed if possible, otherwise when it is rendered. The message quotes the
template, never a value.

AWS's reference:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from local.apigateway import java_text
from local.apigateway.velocity_syntax import (
    Assignment,
    Block,
    Call,
    Choice,
    Expression,
    Literal,
    Loop,
    MappingTemplateError,
    Not,
    Operation,
    Property,
    Reference,
    Text,
    parse,
)

__all__ = ["MappingTemplate", "MappingTemplateError", "Parameters", "Rendered"]

MAX_TEMPLATE_BYTES: Final = 300 * 1024
MAX_FOREACH_TURNS: Final = 1_000
"""Both from the quotas of REST APIs: docs.aws.amazon.com, api-gateway-execution-service-limits-table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a method request, decoded."""

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    querystring: Mapping[str, str] = field(default_factory=dict[str, str])
    header: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The output of a template, and its assignments to $context.responseOverride."""

    text: str
    headers: Mapping[str, str]
    status: int | None


class MappingTemplate:
    """A parsed template. Several threads may render it."""

    def __init__(self, text: str) -> None:
        if len(text.encode()) > MAX_TEMPLATE_BYTES:
            raise MappingTemplateError(f"a mapping template is larger than {MAX_TEMPLATE_BYTES} bytes")
        self._block = parse(text)

    def render(self, *, body: str, parameters: Parameters, context: Mapping[str, Any]) -> Rendered:
        """Render with `$input`, `$util` and `$context`; `context` is not changed."""
        rendering = _Rendering(body, parameters, context)
        rendering.write(self._block)
        override = rendering.response_override
        return Rendered(
            text="".join(rendering.written), headers=override["header"], status=override.get("status")
        )


class _Rendering:
    """One rendering: its variables, and what it has written so far."""

    def __init__(self, body: str, parameters: Parameters, context: Mapping[str, Any]) -> None:
        self.written: list[str] = []
        self.response_override: dict[str, Any] = {"header": {}}
        self._names: dict[str, Any] = {
            "input": _Input(body, parameters),
            "util": _Util(),
            "context": _Context(context),
        }

    def write(self, block: Block) -> None:
        for part in block:
            match part:
                case Text():
                    self.written.append(part.text)
                case Reference():
                    self.written.append(self._written(part))
                case Assignment():
                    self._assign(part)
                case Choice():
                    for condition, chosen in part.branches:
                        if self._truth(condition):
                            self.write(chosen)
                            break
                case Loop():
                    self._loop(part)
                case _:
                    assert_never(part)

    def _written(self, reference: Reference) -> str:
        match self._value(reference):
            case bool() as truth:
                return str(truth).lower()
            case str() | int() as value:
                return str(value)
            case _:
                raise _refused(reference, "is no string, number or boolean")

    def _assign(self, assignment: Assignment) -> None:
        target, value = assignment.target, self._value(assignment.value)
        match target.steps:
            case ():
                self._names[target.name] = value
            case (_, Property("status")):
                if not isinstance(value, int) or isinstance(value, bool):
                    raise _refused(target, "takes a number")
                self.response_override["status"] = value
            case (*_, Property(name)):
                if not isinstance(value, str):
                    raise _refused(target, "takes a string")
                self.response_override["header"][name] = value
            case _:
                raise _refused(target, "cannot be assigned to")

    def _loop(self, loop: Loop) -> None:
        items = self._value(loop.items)
        if not isinstance(items, _Keys):
            raise _refused(loop.items, "#foreach only loops over names, as in keySet()")
        if len(items.names) > MAX_FOREACH_TURNS:
            raise _refused(loop.items, f"#foreach would turn more than {MAX_FOREACH_TURNS} times")
        unset = object()
        before = self._names.get(loop.name, unset)
        for name in items.names:
            self._names[loop.name] = name
            self.write(loop.body)
        # After the loop, the name has its old value again, or none.
        if before is unset:
            self._names.pop(loop.name, None)
        else:
            self._names[loop.name] = before

    def _truth(self, condition: Expression) -> bool:
        value = self._value(condition)
        if not isinstance(value, bool):
            # Velocity takes everything but null and false for true, and AWS even unknown names.
            place = None if isinstance(condition, Literal) else condition
            raise _refused(place, "a condition must be true or false: compare the value with something")
        return value

    def _value(self, expression: Expression) -> Any:
        match expression:
            case Literal():
                return expression.value
            case Not():
                return not self._truth(expression.operand)
            case Operation():
                return self._operation(expression)
            case Reference():
                return self._referred(expression)
            case _:
                assert_never(expression)

    def _operation(self, operation: Operation) -> bool:
        match operation.operator:
            case "||":
                return self._truth(operation.left) or self._truth(operation.right)
            case "&&":
                return self._truth(operation.left) and self._truth(operation.right)
            case _:
                left, right = self._value(operation.left), self._value(operation.right)
                if type(left) is not type(right) or not isinstance(left, str | int):
                    raise _refused(operation, "only two strings, two numbers or two booleans can be compared")
                return (left == right) == (operation.operator == "==")

    def _referred(self, reference: Reference) -> Any:
        if reference.name not in self._names:
            raise _refused(reference, f"${reference.name} was never set")
        value = self._names[reference.name]
        for step in reference.steps:
            match step:
                case Property():
                    value = self._property(value, step, reference)
                case Call():
                    value = self._called(value, step, reference)
                case _:
                    assert_never(step)
        return value

    def _property(self, value: object, step: Property, reference: Reference) -> Any:
        known = value.properties if isinstance(value, _Context | _Input | _AllParameters) else {}
        # In Java, every object has the property `class`, which wins over a key of that name.
        if step.name not in known or step.name == "class":
            raise _refused(reference, f"{step.name} is not known here")
        return known[step.name]

    def _called(self, value: object, step: Call, reference: Reference) -> Any:
        function = _methods_of(value).get((step.name, len(step.arguments)))
        if function is None:
            raise _refused(
                reference, f"there is no method {step.name} with {len(step.arguments)} arguments here"
            )
        arguments = [self._value(argument) for argument in step.arguments]
        if not all(isinstance(argument, str) for argument in arguments):
            raise _refused(reference, f"{step.name} takes strings")
        try:
            result = function(*arguments)
        except java_text.UnknownPattern as error:
            raise _refused(reference, str(error)) from None
        if result is None:
            raise _refused(reference, f"{step.name} gives a null")
        return result


def _refused(place: Reference | Operation | Not | None, reason: str) -> MappingTemplateError:
    """An error with the line and the reference, if known."""
    line = "" if place is None else f", line {place.line}"
    text = f", at {place.source!r}" if isinstance(place, Reference) else ""
    return MappingTemplateError(f"mapping template{line}{text}: {reason}")


# ---- The objects that a template can reach, with the methods and properties that they have in Java ----

_Methods = Mapping[tuple[str, int], Callable[..., Any]]
"""Functions by method name and number of arguments."""


class _Context:
    """`$context` and the objects in it. They have only properties: AWS does not document their methods."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.properties: Mapping[str, Any] = {
            name: _Context(value) if isinstance(value, Mapping) else value for name, value in values.items()
        }


class _Input:
    def __init__(self, body: str, parameters: Parameters) -> None:
        self._parameters = parameters
        self.properties: Mapping[str, Any] = {"body": body}
        self.methods: _Methods = {
            ("params", 0): lambda: _AllParameters(parameters),
            ("params", 1): self._params,
        }

    def _params(self, name: str) -> str:
        # "Searches the path, query string, and header value (in that order)."
        for location in (self._parameters.path, self._parameters.querystring, self._parameters.header):
            if name in location:
                return location[name]
        return ""


class _AllParameters:
    """`$input.params()`."""

    def __init__(self, parameters: Parameters) -> None:
        self.properties: Mapping[str, Any] = {
            "path": _ParameterMap(parameters.path),
            "querystring": _ParameterMap(parameters.querystring),
            "header": _ParameterMap(parameters.header),
        }


class _ParameterMap:
    """A java.util.Map of strings. The sender chooses its keys, so `get` reads them, but no property does."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.methods: _Methods = {
            ("containsKey", 1): lambda name: name in values,
            ("get", 1): values.get,
            ("isEmpty", 0): lambda: not values,
            ("keySet", 0): lambda: _Keys(tuple(values)),
            ("size", 0): lambda: len(values),
        }


@dataclass(frozen=True, slots=True)
class _Keys:
    """A java.util.Set of names, for #foreach. Unlike a list, it has no `get`."""

    names: Sequence[str]


class _Util:
    methods: Final[_Methods] = {
        ("urlEncode", 1): java_text.url_encode,
        ("escapeJavaScript", 1): java_text.escape_javascript,
    }


_STRING_METHODS: Final[_Methods] = {
    ("contains", 1): lambda text, part: part in text,
    ("endsWith", 1): str.endswith,
    ("equals", 1): lambda text, other: text == other,
    ("equalsIgnoreCase", 1): java_text.equals_ignore_case,
    ("isEmpty", 0): lambda text: not text,
    ("length", 0): java_text.length,
    ("matches", 1): java_text.matches,
    ("replaceAll", 2): java_text.replace_all,
    ("startsWith", 1): str.startswith,
    ("toLowerCase", 0): str.lower,
    ("toUpperCase", 0): str.upper,
    ("trim", 0): java_text.trim,
}


def _methods_of(value: object) -> _Methods:
    match value:
        case _Input() | _Util() | _ParameterMap():
            return value.methods
        case str():
            return {key: functools.partial(function, value) for key, function in _STRING_METHODS.items()}
        case _:
            return {}
