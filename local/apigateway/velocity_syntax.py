"""Parses a mapping template: the part of the Velocity Template Language that our templates use.

It refuses everything else, with the line and the reason. Line breaks and spaces after a directive, and the
characters of a name, are treated as in Apache Velocity 1.7: tests/velocity renders the same templates with
both.
"""

import re
from dataclasses import dataclass
from typing import Final


class MappingTemplateError(Exception):
    """The template uses something that API Gateway refuses, or that may work differently there."""


@dataclass(frozen=True, slots=True)
class Property:
    """`.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`.name(…)`."""

    name: str
    arguments: "tuple[Reference | Literal, ...]"


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name.step.step`, with or without braces."""

    name: str
    steps: tuple[Property | Call, ...]
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a whole number, `true` or `false`."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Not:
    """`!x`."""

    operand: "Expression"
    line: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`==`, `!=`, `&&`, `||`."""

    operator: str
    left: "Expression"
    right: "Expression"
    line: int


Expression = Reference | Literal | Not | Operation


@dataclass(frozen=True, slots=True)
class Text:
    """Text between directives and references."""

    text: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """`#set($target = value)`."""

    target: Reference
    value: Expression


@dataclass(frozen=True, slots=True)
class Choice:
    """`#if` … `#elseif` … `#else` … `#end`; the condition of `#else` is `true`."""

    branches: "tuple[tuple[Expression, Block], ...]"


@dataclass(frozen=True, slots=True)
class Loop:
    """`#foreach($name in items)` … `#end`."""

    name: str
    items: Reference
    body: "Block"


Block = tuple[Text | Reference | Assignment | Choice | Loop, ...]


# Letters, digits, `_` and `-`: `$a-$b` is the name `a-`, then `$b`.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SPACE: Final = re.compile(r" *")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?![0-9.])")
_QUOTE: Final = re.compile("['\"]")
_TRUTH: Final = re.compile(r"(?:true|false)(?![A-Za-z0-9_-])")
_PLAIN: Final = re.compile(r"[^$#\\]+")
_ESCAPE: Final = re.compile(r"\\+(?=[$#])")
_COMMENT: Final = re.compile(r"##[^\r\n]*(?:\r\n|\r|\n)?")
# A directive at the end of a line takes the spaces and the line break after it.
_LINE_END: Final = re.compile(r"[ \t]*(?:\r\n|\r|\n)")
_DIRECTIVE: Final = re.compile(
    r"#(?:(set|if|elseif|foreach)(?= *\()|(else|end)(?![A-Za-z0-9_-])|\{(else|end)\})"
)

# Names that API Gateway defines, and names that Velocity defines inside a loop.
_GIVEN: Final = frozenset({"input", "util", "context"})
_LOOP_NAMES: Final = frozenset({"foreach", "velocityCount", "velocityHasNext"})


def parse(template: str) -> Block:
    """The template as a tree. Raises MappingTemplateError."""
    return _Parser(template).template()


class _Parser:
    def __init__(self, template: str) -> None:
        self._template = template
        self._at = 0

    def template(self) -> Block:
        block, end = self._block()
        if end is not None:
            raise self._refused(f"#{end} without #if or #foreach before it")
        return block

    # ---- Text and directives ----------------------------------------------------------------------

    def _block(self) -> tuple[Block, str | None]:
        """Everything up to the next #elseif, #else or #end, and which of them it is; None at the end."""
        parts: list[Text | Reference | Assignment | Choice | Loop] = []
        while self._at < len(self._template):
            if plain := self._take(_PLAIN):
                parts.append(Text(plain))
            elif self._template.startswith("##", self._at):
                self._comment()
            elif self._template.startswith("${", self._at):
                parts.append(self._reference())
            elif directive := self._take_directive():
                match directive:
                    case "set":
                        parts.append(self._assignment())
                    case "if":
                        parts.append(self._choice())
                    case "foreach":
                        parts.append(self._loop())
                    case _:
                        return tuple(parts), directive
            else:
                parts.append(Text(self._other()))
        return tuple(parts), None

    def _take_directive(self) -> str | None:
        found = _DIRECTIVE.match(self._template, self._at)
        if found is None:
            return None
        directive = found[1] or found[2] or found[3]
        if directive == "set" and self._template[: self._at].endswith((" ", "\t")):
            raise self._refused("Velocity drops the space before #set in some places: leave it out")
        self._at = found.end()
        if directive in ("else", "end"):
            self._take(_LINE_END)
        return directive

    def _comment(self) -> None:
        start = self._at
        comment = self._take(_COMMENT)
        if not comment.endswith(("\n", "\r")) and ("$" in comment or "#" in comment[2:]):
            # Velocity reads the character after the comment, and there may be none.
            raise self._refused("end the line of a comment that holds $ or #", start)

    def _other(self) -> str:
        """A backslash that escapes nothing is text; anything else is refused."""
        character = self._template[self._at]
        if character == "\\":
            if _ESCAPE.match(self._template, self._at):
                raise self._refused("Velocity reads a backslash before $ or # in several ways")
            self._at += 1
            return character
        if character == "$":
            raise self._refused("write a reference in braces, as ${name}; no other dollar sign is supported")
        raise self._refused(
            "after # only a comment with ##, #set, #if, #elseif, #else, #end or #foreach is supported"
        )

    def _assignment(self) -> Assignment:
        self._open()
        if self._template.startswith("${", self._at):
            raise self._refused("#set assigns to a name without braces")
        start = self._at
        target = self._reference()
        self._take(_SPACE)
        match target:
            case Reference(steps=()) if target.name not in _GIVEN:
                pass
            case Reference(name="context", steps=(Property("responseOverride"), Property("status"))):
                pass
            case Reference(
                name="context", steps=(Property("responseOverride"), Property("header"), Property())
            ):
                pass
            case _:
                raise self._refused(
                    "#set assigns to a name of your own, to $context.responseOverride.status or to "
                    "$context.responseOverride.header.NAME",
                    start,
                )
        self._expect("=")
        value = self._expression()
        self._close()
        return Assignment(target, value)

    def _choice(self) -> Choice:
        start = self._at
        branches: list[tuple[Expression, Block]] = []
        directive: str | None = "if"
        while directive != "end":
            if directive == "else":
                condition: Expression = Literal(value=True)
            else:
                self._open()
                condition = self._expression()
                self._close()
            after_else = directive == "else"
            block, directive = self._block()
            branches.append((condition, block))
            if directive is None:
                raise self._refused("this #if has no #end", start)
            if after_else and directive != "end":
                raise self._refused(f"#{directive} after #else")
        return Choice(tuple(branches))

    def _loop(self) -> Loop:
        start = self._at
        self._open()
        name = self._reference()
        if name.source != f"${name.name}" or name.name in _GIVEN or not self._take(_SPACE):
            raise self._refused(
                "#foreach begins with a name of your own, as in #foreach($name in $names)", start
            )
        if self._take(_NAME) != "in" or not self._take(_SPACE):
            raise self._refused("#foreach($name in $names) is the only form supported", start)
        items = self._reference()
        self._take(_SPACE)
        self._close()
        body, directive = self._block()
        if directive != "end":
            raise self._refused("this #foreach has no #end", start)
        return Loop(name.name, items, body)

    def _open(self) -> None:
        self._take(_SPACE)
        self._expect("(")

    def _close(self) -> None:
        self._expect(")", space_after=False)
        self._take(_LINE_END)

    # ---- Expressions: spaces between their parts, no line breaks or tabs ---------------------------

    def _expression(self) -> Expression:
        left = self._conjunction()
        while self._take_operator("||"):
            left = Operation("||", left, self._conjunction(), self._line())
        return left

    def _conjunction(self) -> Expression:
        left = self._comparison()
        while self._take_operator("&&"):
            left = Operation("&&", left, self._comparison(), self._line())
        return left

    def _comparison(self) -> Expression:
        left = self._operand()
        for operator in ("==", "!="):
            if self._take_operator(operator):
                return Operation(operator, left, self._operand(), self._line())
        return left

    def _operand(self) -> Expression:
        if self._take_operator("!"):
            return Not(self._operand(), self._line())
        if self._take_operator("("):
            inner = self._expression()
            self._expect(")")
            return inner
        return self._value()

    def _value(self) -> Reference | Literal:
        """A reference or a literal, and the space after it."""
        value: Reference | Literal
        if self._template.startswith("$", self._at):
            value = self._reference()
        elif quote := self._take(_QUOTE):
            value = Literal(self._string(quote))
        elif number := self._take(_INTEGER):
            value = Literal(int(number))
        elif word := self._take(_TRUTH):
            value = Literal(word == "true")
        else:
            raise self._refused("expected a reference, a string, a whole number, true or false")
        self._take(_SPACE)
        return value

    def _string(self, quote: str) -> str:
        """The rest of a string, which must hold nothing that Velocity would evaluate."""
        start = self._at - 1
        end = self._template.find(quote, self._at)
        text = self._template[self._at : end]
        if end < 0 or "\n" in text or "\r" in text:
            raise self._refused("a string ends on the line where it begins", start)
        if text.endswith("\\") or self._template.startswith(quote, end + 1):
            raise self._refused("a quote inside a string is not supported", start)
        if quote == '"' and any(part in text for part in ("$", "#", "\\u")):
            raise self._refused("in double quotes Velocity reads $, # and \\u: use single quotes", start)
        self._at = end + 1
        return text

    def _reference(self) -> Reference:
        """`$name.step` or `${name.step}`, without the space after it."""
        start, line = self._at, self._line()
        self._expect("$", space_after=False)
        braces = self._take_operator("{", space_after=False)
        name = self._name(start)
        if name in _LOOP_NAMES:
            raise self._refused("Velocity's own names in a loop are not supported", start)
        steps: list[Property | Call] = []
        while self._take_operator(".", space_after=False):
            steps.append(self._step(start))
        if braces:
            self._expect("}", space_after=False)
        return Reference(name, tuple(steps), self._template[start : self._at], line)

    def _step(self, start: int) -> Property | Call:
        name = self._name(start)
        if not self._take_operator("(", space_after=False):
            return Property(name)
        arguments: list[Reference | Literal] = []
        if not self._template.startswith(")", self._at):
            self._take(_SPACE)
            arguments.append(self._value())
            while self._take_operator(","):
                arguments.append(self._value())
        self._expect(")", space_after=False)
        return Call(name, tuple(arguments))

    def _name(self, start: int) -> str:
        name = self._take(_NAME)
        if not name:
            raise self._refused("expected a name of letters, digits, _ and -", start)
        return name

    # ---- Tokens -------------------------------------------------------------------------------------

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._template, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _take_operator(self, operator: str, *, space_after: bool = True) -> bool:
        if not self._template.startswith(operator, self._at):
            return False
        self._at += len(operator)
        if space_after:
            self._take(_SPACE)
        return True

    def _expect(self, operator: str, *, space_after: bool = True) -> None:
        if not self._take_operator(operator, space_after=space_after):
            raise self._refused(f"expected {operator}")

    def _line(self) -> int:
        return self._template.count("\n", 0, self._at) + 1

    def _refused(self, reason: str, start: int | None = None) -> MappingTemplateError:
        """An error with the line, the template's text from `start` (or here) on, and the reason."""
        if start is not None:
            self._at = start
        text = self._template[self._at : self._at + 60].partition("\n")[0]
        return MappingTemplateError(f"mapping template, line {self._line()}, at {text!r}: {reason}")
