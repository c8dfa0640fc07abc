"""A stack's configuration, as the Pulumi engine would pass it to the program.

Merges `Pulumi.yaml`, `Pulumi.STACK.yaml` and `--config` values as the engine does
(sdk/go/common/workspace: `mergeConfig`). The program itself checks the values and reports all errors at once.
"""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import yaml

_REGION_WHILE_REFUSED = "us-east-1"


class StackConfigError(Exception):
    """A stack or value cannot be used. The message is one line and says how to fix it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """`values` maps namespaced keys (`gtm-pixel:stageName`, `aws:region`) to strings. Other types are JSON,
    as the engine passes them. `overridden` are the keys set with `--config`."""

    project: str
    stack: str
    values: Mapping[str, str]
    overridden: Collection[str] = ()

    @property
    def region(self) -> str:
        """The stack's Region, or another if it does not exist, so that the program can run and refuse it."""
        given = self.values.get("aws:region")
        return given if given and given in _regions() else _REGION_WHILE_REFUSED

    @property
    def default_tags(self) -> Mapping[str, str]:
        """Tags that the AWS provider puts on every taggable resource."""
        try:
            tags = json.loads(self.values.get("aws:defaultTags", "{}"))["tags"]
            return {name: _as_text(value) for name, value in tags.items()}
        except (ValueError, LookupError, TypeError, AttributeError):
            return {}  # none, or what the program refuses

    def setting(self, name: str) -> Any:
        """A setting of the project by its short name. Lists and objects are parsed."""
        text = self.values[f"{self.project}:{name}"]
        return json.loads(text) if text.startswith(("[", "{")) else text

    def overrides(self, names: Iterable[str]) -> bool:
        """Whether any of these settings was set with `--config`."""
        return any(f"{self.project}:{name}" in self.overridden for name in names)

    def with_settings(self, settings: Mapping[str, str]) -> "StackConfig":
        """A copy with these settings of the project, by their short names."""
        named = {f"{self.project}:{name}": value for name, value in settings.items()}
        return replace(self, values={**self.values, **named})


def load(project_dir: Path, stack: str, overrides: Iterable[str] = ()) -> StackConfig:
    """The configuration of a stack. `overrides` are `key=value` strings. Raises StackConfigError."""
    project = _read_yaml(project_dir / "Pulumi.yaml")
    name = project["name"]
    schema: dict[str, Any] = {
        _namespaced(name, key): _declaration(name, key, value)
        for key, value in (project.get("config") or {}).items()
    }
    overridden = _overrides(name, schema, overrides)
    defaults = {key: d.get("value", d.get("default")) for key, d in schema.items()}
    given = _stack_file(project_dir, name, stack)
    kept = _without_switched_off(name, defaults, given, overridden)
    values = {**defaults, **kept, **overridden}
    missing = [key for key, value in values.items() if value is None]
    if missing:
        raise StackConfigError(
            f"stack '{stack}' has no value for {_words(missing)}: set it in Pulumi.{stack}.yaml or with "
            f"--config {missing[0]}=…"
        )
    return StackConfig(
        project=name,
        stack=stack,
        values={key: _as_text(value) for key, value in values.items()},
        overridden=frozenset(overridden),
    )


@cache
def _regions() -> Collection[str]:
    session = botocore.session.get_session()
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }


class _Loader(yaml.SafeLoader):
    """Refuses duplicate keys, as the engine does. PyYAML would take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            if key in lines:
                raise yaml.YAMLError(f"it sets {key} twice, in lines {lines[key]} and {line}: remove one")
            lines[key] = line
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader) or {}  # noqa: S506 - a safe one
    except FileNotFoundError:
        raise StackConfigError(f"there is no {path.name} in {path.parent}") from None
    except OSError as error:
        raise StackConfigError(f"{path.name} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise StackConfigError(f"{path.name} cannot be read: {_reason(error)}") from None
    if not isinstance(content, dict) or not isinstance(content.get("config") or {}, dict):
        raise StackConfigError(f"{path.name} has no settings: write config: and then a line each, key: value")
    return content


def _reason(error: Exception) -> str:
    match error:
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark(line=line)):
            return f"line {line + 1}: {error.problem}: correct the YAML there"
        case UnicodeDecodeError():
            return "it is not UTF-8: save it as UTF-8"
        case TypeError():
            return "a key is a list or an object: write key: value"
        case RecursionError():
            return "its lists are nested too deeply"
        case ValueError():
            return f"a value is no date or number ({error}): write it in quotes"
        case _:
            return " ".join(str(error).split())


def _namespaced(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _declaration(project: str, key: str, value: Any) -> dict[str, Any]:
    """An entry of the project's `config:`. A bare value means a default, or a value in another namespace."""
    if isinstance(value, dict):
        return value
    return {"default": value} if _namespaced(project, key).startswith(f"{project}:") else {"value": value}


def _stack_file(project_dir: Path, project: str, stack: str) -> dict[str, Any]:
    path = project_dir / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        stacks = sorted(
            p.name.removeprefix("Pulumi.").removesuffix(".yaml") for p in _stack_files(project_dir)
        )
        raise StackConfigError(f"there is no stack '{stack}': the stacks here are {_words(stacks) or 'none'}")
    values: dict[str, Any] = {}
    content = _read_yaml(path)
    for key in content:
        if "config" not in content and difflib.get_close_matches(str(key), ["config"]):
            raise StackConfigError(f"{path.name} has the key {key!r}, which nothing reads: write config")
    typed = content.get("config") or {}
    # The engine reads scalars as strings: 007 and yes stay as they are written.
    text = (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}).get("config") or {}  # noqa: S506 - creates only strings
    wrong: list[str] = []
    for key, value in typed.items():
        if not isinstance(key, str):
            wrong.append(f"{path.name} has the key {key!r}, which is no setting: write {project}:NAME")
        elif _holds_secret(value):
            wrong.append(
                f"{path.name} encrypts {key}, which the local run cannot decrypt: set it with --config "
                f"{key}=…, or run another stack"
            )
        elif key.startswith(f"{project}:") and key.removeprefix(f"{project}:") in typed:
            wrong.append(
                f"{path.name} sets {key} twice, once without {project}: in front: remove one of them"
            )
        elif value is not None:
            values[_namespaced(project, key)] = value if isinstance(value, dict | list) else text[key]
    if wrong:
        raise StackConfigError("\n".join(wrong))
    return values


def _without_switched_off(
    project: str, defaults: Mapping[str, Any], given: Mapping[str, Any], overridden: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The stack's file without the settings of destinations or the scenario that `--config` switches off.

    The program refuses settings that have no effect. Someone who edits the file to try another destination or
    the open scenario would remove these settings, too.
    """
    before = {**defaults, **given}
    after = {**before, **overridden}
    destinations, scenario = _namespaced(project, "destinations"), _namespaced(project, "authMode")
    prefixes = [
        re.sub("-(.)", lambda letter: letter[1].upper(), name)
        for name in _texts(before.get(destinations))
        if name not in _texts(after.get(destinations))
    ]
    if after.get(scenario) != before.get(scenario) and after.get(scenario) == "open":
        prefixes.append("oidc")
    switched_off = re.compile(rf"{re.escape(project)}:({'|'.join(map(re.escape, prefixes))})[A-Z]")
    return {
        key: value
        for key, value in given.items()
        if not (prefixes and switched_off.match(key) and defaults.get(key) is not None)
    }


def _texts(value: Any) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _stack_files(project_dir: Path) -> Iterable[Path]:
    return filter(Path.is_file, project_dir.glob("Pulumi.*.yaml"))


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _overrides(project: str, schema: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for override in overrides:
        try:
            key, value = _override(project, schema, override)
            values[key] = value
        except StackConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise StackConfigError("\n".join(wrong))
    return values


def _override(project: str, schema: Mapping[str, Any], override: str) -> tuple[str, Any]:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise StackConfigError(
            f"CONFIG and --config take KEY=VALUE, not {override!r}: write lists without spaces (a,b), and "
            "quote values that hold spaces."
        )
    key = _namespaced(project, key)
    declared = schema.get(key, {}).get("type")
    if declared == "array" and not text.lstrip().startswith("["):
        if isinstance(one := _json_object(text), dict):
            return key, one  # for the program to refuse: it is no list
        return key, [item.strip() for item in text.split(",") if item.strip()]
    if declared in ("array", "object") or (declared is None and text.startswith(("[", "{"))):
        try:
            return key, json.loads(text)
        except (ValueError, RecursionError):
            raise StackConfigError(
                f"{key}: {text!r} is not valid JSON: put strings in double quotes, and all of CONFIG in "
                """single ones, as in CONFIG='allowedOrigins=["https://www.example.com"]'."""
            ) from None
    return key, text


def _json_object(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return None


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _words(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
