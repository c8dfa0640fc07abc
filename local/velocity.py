"""API Gateway's mapping templates, rendered by airspeed-ext and held to what Apache Velocity does.

airspeed is lenient: an unknown name or method renders as nothing, a null condition is true, and any
method of a Python value can be called. A template that only works by such an accident would fail on
AWS, so whatever airspeed would do differently from Velocity, or Velocity differently from one version
to the next, raises MappingTemplateError: when the template is read if that is possible, else when it
is rendered. A message names the template's text, never a value. Imports nothing of the project.

AWS's reference: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NoReturn
from urllib.parse import quote_plus

from airspeed import _Element as Element
from airspeed import operators as vtl

MAX_TEMPLATE_BYTES: Final = 300 * 1024
MAX_FOREACH_TURNS: Final = 1_000
"""Both from the quotas of a REST API: docs.aws.amazon.com, api-gateway-execution-service-limits-table."""


class MappingTemplateError(Exception):
    """The template does something that API Gateway refuses, or that is not known to work there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a method request, decoded; the names of headers as the client sent them."""

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    querystring: Mapping[str, str] = field(default_factory=dict[str, str])
    header: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The text a template wrote, and what it assigned to $context.responseOverride."""

    text: str
    headers: Mapping[str, str]
    status: int | None


class MappingTemplate:
    """A template, read once; `render` may be called from several threads."""

    def __init__(self, text: str) -> None:
        if len(text.encode()) > MAX_TEMPLATE_BYTES:
            raise MappingTemplateError(f"a mapping template is larger than {MAX_TEMPLATE_BYTES} bytes")
        self._template = vtl.Template(text)
        try:
            self._template.ensure_compiled()
        except vtl.TemplateError as error:
            raise MappingTemplateError(f"mapping template: {error}") from None
        # Listed before any is changed, and each once: some are reachable in two ways.
        elements = {id(element): element for element in _elements(self._template.root_element)}.values()
        for element in elements:
            _refuse_unknown(element)
        for element in elements:
            _hold_to_velocity(element)

    def render(self, *, body: str, parameters: Parameters, context: Mapping[str, Any]) -> Rendered:
        """Render with `$input`, `$util` and `$context`; `context` itself is left as it is."""
        override: dict[str, Any] = {"header": {}}
        names = _Names(
            input=_Input(body, parameters),
            util=_Util(),
            context=MappingProxyType({**context, "responseOverride": override}),
        )
        try:
            text = self._template.merge(names)
        except vtl.TemplateExecutionError as error:
            raise _explain(error) from None
        if unknown := override.keys() - {"header", "status"}:
            raise MappingTemplateError(f"$context.responseOverride has no {', '.join(sorted(unknown))}")
        return Rendered(text=text, headers=override["header"], status=override.get("status"))


def _explain(error: vtl.TemplateExecutionError) -> MappingTemplateError:
    """An error that names the place, and the reason only where this module wrote it."""
    cause = error.__cause__
    reason = str(cause) if isinstance(cause, MappingTemplateError) else type(cause).__name__
    return MappingTemplateError(f"mapping template, in {error.element.my_text()!r}: {reason}")


class _Names(dict[str, Any]):
    """The top names of a template: one that is missing is an error, not an empty text."""

    def __missing__(self, name: str) -> NoReturn:
        raise MappingTemplateError(f"${name} was never set")


# ---- What a template can reach: only methods that Java has, with Java's meaning ----------------------


class _Input:
    def __init__(self, body: str, parameters: Parameters) -> None:
        self._body = body
        self._parameters = parameters

    @property
    def fields(self) -> dict[str, Any]:
        return {"body": self._body}

    @property
    def methods(self) -> dict[str, Callable[..., Any]]:
        return {"params": self._params}

    def _params(self, name: str | None = None) -> Any:
        parameters = self._parameters
        if name is None:
            return {
                "path": parameters.path,
                "querystring": parameters.querystring,
                "header": parameters.header,
            }
        # "Searches the path, query string, and header value (in that order)."
        for location in (parameters.path, parameters.querystring, parameters.header):
            if name in location:
                return location[name]
        return ""


class _Util:
    fields: Final[dict[str, Any]] = {}

    @property
    def methods(self) -> dict[str, Callable[..., Any]]:
        return {"urlEncode": url_encode, "escapeJavaScript": escape_javascript}


def url_encode(value: object) -> str:
    """`$util.urlEncode`, taken to be java.net.URLEncoder: a space is `+`, and `*` stays, `~` does not."""
    return quote_plus(_text(value), safe="*").replace("~", "%7E")


_JAVASCRIPT_ESCAPES = {
    **{ord(character): "\\" + character for character in "'\"\\/"},
    **{ord(character): "\\" + letter for character, letter in zip("\b\n\t\f\r", "bntfr", strict=True)},
}


def escape_javascript(value: object) -> str:
    """`$util.escapeJavaScript`, taken to be Apache Commons Lang's: `'` becomes `\\'`, which JSON refuses."""
    units = _text(value).encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    return "".join(
        _JAVASCRIPT_ESCAPES.get(code) or (chr(code) if 32 <= code <= 0x7F else f"\\u{code:04X}")
        for code in codes
    )


_TRIMMED: Final = "".join(map(chr, range(0x21)))  # String.trim: "any leading and trailing" up to U+0020


def _replace_all(text: str, pattern: str, replacement: str) -> str:
    if "$" in replacement or "\\" in replacement:
        raise MappingTemplateError("replaceAll with groups in the replacement is not supported")
    return re.sub(pattern, replacement, text)


_STRING_METHODS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "endsWith": lambda text, suffix: text.endswith(suffix),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == other.lower(),
    "isEmpty": lambda text: text == "",
    "length": lambda text: len(text.encode("utf-16-be", "surrogatepass")) // 2,
    "matches": lambda text, pattern: re.fullmatch(pattern, text) is not None,
    "replaceAll": lambda text, pattern, replacement: _replace_all(text, pattern, replacement),
    "startsWith": lambda text, prefix: text.startswith(prefix),
    "toLowerCase": lambda text: text.lower(),
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(_TRIMMED),
}
_LIST_METHODS: dict[str, Callable[..., Any]] = {
    "contains": lambda items, item: item in items,
    "get": lambda items, index: items[index],
    "isEmpty": lambda items: not items,
    "size": lambda items: len(items),
}
_MAP_METHODS: dict[str, Callable[..., Any]] = {
    "containsKey": lambda mapping, key: key in mapping,
    "get": lambda mapping, key: mapping.get(key),
    "isEmpty": lambda mapping: not mapping,
    "keySet": lambda mapping: list(mapping),
    "size": lambda mapping: len(mapping),
}


def _methods_of(value: object) -> Mapping[str, Callable[..., Any]]:
    match value:
        case _Input() | _Util():
            return value.methods
        case str():
            return _STRING_METHODS
        case list():
            return _LIST_METHODS
        case Mapping():
            return _MAP_METHODS
        case _:
            return {}


def _field(value: object, name: str, text: str) -> Any:
    """`$value.name`: a name in scope, a field, or a key of a map."""
    match value:
        case vtl.LocalNamespace():
            return value[name]
        case _Input() | _Util():
            fields: Mapping[str, Any] = value.fields
        case Mapping():
            fields = value
        case _:
            fields = {}
    if name not in fields:
        raise MappingTemplateError(f"{text} is not known here")
    return fields[name]


def _text(value: object) -> str:
    if value is None:
        raise MappingTemplateError("a null where a text is needed")
    return str(value)


# ---- Reading a template: what is refused, what is held to Velocity -----------------------------------

# Directives and literals that airspeed and Velocity agree on. Left out, among others: #macro, #define,
# #parse, #include, #evaluate, #return and #stop, array indexes, `null`, and alternate values.
_KNOWN_ELEMENTS: Final = (
    vtl.TemplateBody,
    vtl.Block,
    vtl.Text,
    vtl.Comment,
    vtl.FormalReference,
    vtl.VariableExpression,
    vtl.SubExpression,
    vtl.NameOrCall,
    vtl.ParameterList,
    vtl.SetDirective,
    vtl.Assignment,
    vtl.AssignmentTerm,
    vtl.DotDictAccessTerm,
    vtl.ForeachDirective,
    vtl.IfDirective,
    vtl.ElseifBlock,
    vtl.ElseBlock,
    vtl.Condition,
    vtl.ParenthesizedExpression,
    vtl.Expression,
    vtl.BinaryOperator,
    vtl.UnaryOperatorValue,
    vtl.Value,
    vtl.ValueList,
    vtl.ArrayLiteral,
    vtl.IntegerLiteral,
    vtl.BooleanLiteral,
    vtl.StringLiteral,
)
_DIRECTIVES: Final = (vtl.SetDirective, vtl.IfDirective, vtl.ForeachDirective)


def _elements(element: Any) -> Iterator[Any]:
    """The element and all elements within it."""
    yield element
    for value in vars(element).values():
        for child in value if isinstance(value, list) else [value]:
            # Some elements keep an inner one only as its bound method.
            inner = getattr(child, "__self__", child)
            if isinstance(inner, Element) and inner is not element:
                yield from _elements(inner)


def _refuse_unknown(element: Any) -> None:
    if not isinstance(element, _KNOWN_ELEMENTS):
        raise _refused(element, f"a {type(element).__name__} is not supported")
    match element:
        case vtl.FormalReference() if element.expression is None or element.alternate is not None:
            raise _refused(element, "is no plain reference")
        case vtl.Text() if "#[" in element.text:
            raise _refused(element, "unparsed content is not supported")
        case vtl.Block():
            _refuse_stray_whitespace(element)
        case vtl.ForeachDirective() | vtl.ElseBlock():
            # Velocity swallows this line break, airspeed writes it.
            if re.match(r"[ \t]*\r?\n", element.block.my_text()):
                raise _refused(element, "end the line of #foreach or #else with ##")
        case _:
            pass


def _refuse_stray_whitespace(block: Any) -> None:
    """Refuse indentation before a directive: what becomes of it differs between versions of Velocity."""
    line = ""  # what stands before the next child on its line
    for child in block.children:
        if isinstance(child, _DIRECTIVES):
            if line.isspace():
                raise _refused(child, "is indented")
            line = ""
        elif isinstance(child, vtl.Text):
            line = (line + child.text).rpartition("\n")[2]
        else:
            line = "" if isinstance(child, vtl.Comment) else line + child.my_text()


def _refused(element: Any, reason: str) -> MappingTemplateError:
    return MappingTemplateError(f"mapping template, {element.my_text().strip()[:80]!r}: {reason}")


def _hold_to_velocity(element: Any) -> None:
    """Replace what airspeed would do with an element where Velocity does something else."""
    held: Any = element
    match element:
        case vtl.NameOrCall():
            held.calculate = functools.partial(_resolve, element)
        case vtl.FormalReference():
            held.expression = _Written(element.expression, element.my_text())
        case vtl.IfDirective():
            held.condition.calculate = functools.partial(_condition, element.condition.expression)
        case vtl.ElseifBlock():
            held.calculate = functools.partial(_condition, element.condition.expression)
        case vtl.UnaryOperatorValue():
            held.calculate = functools.partial(_negation, element.value)
        case vtl.BinaryOperator() if element.apply_to in _LOGICAL:
            held.apply_to = _LOGICAL[element.apply_to]
        case vtl.ForeachDirective():
            held.value = _Turns(element.value)
        case vtl.Assignment():
            held.evaluate_raw = functools.partial(_assign, element, element.evaluate_raw)
        case _:
            pass


def _resolve(element: Any, current: Any, _loader: object, names: Any) -> Any:
    """A name or a call in `$a.b(…)`, found among what Java has and nowhere else."""
    if current is None:
        raise MappingTemplateError(f"{element.my_text()} is asked of a null")
    if element.parameters is None:
        return _field(current, element.name, element.my_text())
    method = _methods_of(current).get(element.name)
    if method is None:
        raise MappingTemplateError(f"there is no method {element.name} here")
    arguments: Sequence[Any] = element.parameters.calculate(names, _loader)
    return method(*arguments) if isinstance(current, _Input | _Util) else method(current, *arguments)


class _Written:
    """A reference that writes text. Instead of a null, Velocity would write the reference itself."""

    def __init__(self, expression: Any, text: str) -> None:
        self._expression = expression
        self._reference = text

    def calculate(self, *arguments: Any) -> Any:
        value = self._expression.calculate(*arguments)
        if value is None and not self._reference.startswith("$!"):
            raise MappingTemplateError(f"{self._reference} is null")
        if value is not None and not isinstance(value, str | int):
            raise MappingTemplateError(f"{self._reference} is no text or number")
        return value


class _Turns:
    """What #foreach walks: over a map Velocity walks the values, airspeed the keys."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def calculate(self, *arguments: Any) -> list[Any]:
        items = self._value.calculate(*arguments)
        if not isinstance(items, list):
            raise MappingTemplateError("#foreach needs a list, such as keySet()")
        if len(items) > MAX_FOREACH_TURNS:
            raise MappingTemplateError(f"#foreach would turn more than {MAX_FOREACH_TURNS} times")
        return items


def _assign(element: Any, assign: Callable[..., None], stream: Any, names: Any, loader: Any) -> None:
    """#set. A null leaves a name as it was in Velocity 1 and empties it in Velocity 2."""
    if element.value.calculate(names, loader) is None:
        known = names.find_outermost(element.root_term)
        if element.terms or (known is not None and known[element.root_term] is not None):
            raise MappingTemplateError("#set with a null, over a value")
    assign(stream, names, loader)


def _condition(expression: Any, names: Any, loader: Any) -> bool:
    return _truth(expression.calculate(names, loader))


def _negation(operand: Any, names: Any, loader: Any) -> bool:
    return not _truth(operand.calculate(names, loader))


_LOGICAL: Final = {
    vtl.BinaryOperator.OPERATORS[operator]: meaning
    for operator, meaning in {
        "||": lambda left, right: _truth(left) or _truth(right),
        "or": lambda left, right: _truth(left) or _truth(right),
        "&&": lambda left, right: _truth(left) and _truth(right),
        "and": lambda left, right: _truth(left) and _truth(right),
    }.items()
}


def _truth(value: object) -> bool:
    """Null is false. An empty text or list and zero are true in Velocity 1 and false in Velocity 2."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if not value:
        raise MappingTemplateError("a condition on an empty value: compare it with one instead")
    return True
