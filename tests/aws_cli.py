"""`aws` commands of the documents, read as the AWS CLI would: by botocore's model of the service."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import botocore.session
from botocore import xform_name

# Commands of the AWS CLI that are not operations of a service.
HIGH_LEVEL: Final = {("s3", "sync"), ("s3", "ls"), ("s3", "rb"), ("logs", "tail")}
GLOBAL_OPTIONS: Final = {"--query", "--output", "--region"}

_SESSION: Final = botocore.session.get_session()
_SERVICES: Final = set(_SESSION.get_available_services())

# As long as the longest id that a document has in a shell variable.
_AN_ID: Final = "0a1b2c3d-0000-0000-0000-000000000000"


@cache
def operations(service: str) -> Mapping[str, Any]:
    """The operations of a service by their names in the AWS CLI."""
    model: Any = _SESSION.get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def parameters_of(command: str) -> tuple[Any, dict[str, Any]]:
    """The operation of an `aws` command, and its parameters as botocore takes them."""
    _, service, name, *words = words_of(command)
    assert service in _SERVICES, f"there is no service {service}"
    assert name in operations(service), f"{service} has no {name}"
    operation = operations(service)[name]
    members = {f"--{xform_name(member, '-')}": member for member in operation.input_shape.members}
    parameters: dict[str, Any] = {}
    for option, values in options(words).items():
        if option in GLOBAL_OPTIONS:
            continue
        switch = option.replace("--no-", "--", 1)
        assert option in members or switch in members, f"{service} {name} has no {option}"
        member = members.get(option) or members[switch]
        parameters[member] = value_of(operation.input_shape.members[member].type_name, option, values)
    return operation, parameters


def words_of(command: str) -> list[str]:
    return shlex.split(re.sub(r"\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\$[A-Z_]+", _AN_ID, command), comments=True)


def options(words: Sequence[str]) -> dict[str, list[str]]:
    """The values of each option."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            assert word not in found, f"{word} is there twice"
            found[word] = []
        else:
            found[next(reversed(found))].append(word)
    return found


def value_of(type_name: str, option: str, values: list[str]) -> Any:
    match type_name, values:
        case "boolean", []:
            return not option.startswith("--no-")
        case "list", _:
            return values
        case "structure", [text] if text.startswith("{"):
            return json.loads(text)
        case "structure", [text]:
            return dict(pair.split("=", 1) for pair in text.split(","))
        case (("integer" | "long"), [text]):
            return int(text)
        case _, [text]:
            return text
        case _:
            raise AssertionError(f"{option} has {len(values)} values")
