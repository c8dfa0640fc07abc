"""Reads a YAML document and collects its problems, one line each."""

import difflib
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar, cast

import yaml

from cli.printable import printable
from gtm.plan_error import PlanError

T = TypeVar("T")


class PlanFileError(Exception):
    """The file is not a valid plan. `problems` has one line for each error."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def parse(text: str, *, file: str) -> object:
    """The document in a text. `file` is its name in errors. Raises PlanFileError."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except RecursionError:
        raise PlanFileError([f"{file} has too many levels of lists and mappings; correct it"]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        what = getattr(error, "problem", None) or "unreadable"
        problem = printable(f"{file}: {where} is not valid YAML ({what}); correct it")
        raise PlanFileError([problem]) from None


_STRING: Final = "tag:yaml.org,2002:str"
# {{DLV - value}}: to YAML, a mapping whose key is a mapping.
_GTM_REFERENCE: Final = (
    "{{…}} names a variable in GTM; write the key that your site pushes, such as user.plan"
)


class _Loader(yaml.SafeLoader):
    """Safe YAML that keeps keys as strings, so that an event may be called `on` or `404`.

    A duplicate key is an error; YAML would silently keep the last one. A key may override what a merge key
    (`<<`) brings along.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                what = _GTM_REFERENCE if isinstance(key, yaml.MappingNode) else "a key is not a string"
                raise yaml.MarkedYAMLError(problem=what, problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} appears twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        self.flatten_mapping(node)
        for key, _ in node.value:
            key.tag = _STRING
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        try:
            return cast(Any, super()).construct_object(node, deep)
        except (AttributeError, TypeError, ValueError):  # a date such as 2026-13-01, or !!int abc
            value = f"{node.value} is " if isinstance(node, yaml.ScalarNode) else ""
            kind = str(node.tag).rpartition(":")[2]
            raise yaml.MarkedYAMLError(
                problem=f"{value}no {kind}; names need quotes there", problem_mark=node.start_mark
            ) from None


class DocumentReader:
    """Reads parts of a document by the path of their keys, and collects the problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[str] = []

    def mapping(
        self, value: object, path: str, form: str, known: tuple[str, ...] | None = None
    ) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            listed = shown_in_yaml(value) == "a list"
            below = "indent them below it" if path else "write NAME: … on each line"
            how = "write NAME: on each line, without a dash" if listed else below
            self.problem(path, f"is {shown_in_yaml(value)} but must contain {form}; {how}")
            return None
        content: dict[str, Any] = {}
        for key, item in cast(dict[str, Any], value).items():
            where = f"{path}.{key}" if path else key
            if known is not None and key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                fix = f"did you mean {close[0]}?" if close else "remove it"
                self.problem(where, f"is unknown here (known: {', '.join(known)}); {fix}")
            else:
                content[key] = item
        return content

    def string(self, value: object, path: str) -> str | None:
        if isinstance(value, str):
            return value
        self.problem(
            path, f"is {shown_in_yaml(value)} but must be a string; write a name, in quotes if necessary"
        )
        return None

    def made(self, path: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except PlanError as error:
            self.problem(path, str(error))
            return None

    def problem(self, path: str, what: str) -> None:
        line = f"{self._file}: {path}" if path else self._file
        joint = " " if what.startswith(("is ", "must ", "has ", "and ")) else ": "
        self.problems.append(printable(line + joint + what))


def shown_in_yaml(value: object) -> str:
    """A value for a message, as YAML writes it."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return str(value)[:60]
