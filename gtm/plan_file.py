"""Reads a plan from gtm.yaml: the events of a site and the parameters of each.

Pure. Reports all errors of a file at once, one line each: the key's path, the value, the rule and the fix.

    events_url: https://….amazonaws.com/v1/events    # or --events-url, or --outputs
    container: GTM-ABC1234                            # optional
    endpoint_id: endpoint_id                          # data layer variable of the endpoint id
    consent: [analytics_storage]                      # optional: consent that the tags need
    token: {data_layer: id_token}                     # authenticated scenario; or {cookie: NAME}
    events:                                           # or all_custom_events: {…}, one tag for every event
      purchase_success:
        event_attributes: {currency: ecommerce.currency}    # name: data layer variable
        metrics: {value: ecommerce.value, quantity: ecommerce.quantity}
        user_attributes: {plan: user.plan}
      sign_up:                                        # only the endpoint id
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import yaml

from gtm.plan import (
    DEFAULT_ENDPOINT_KEY,
    UNKNOWN_CONTAINER,
    Parameter,
    ParameterKind,
    Plan,
    PlanError,
    TagPlan,
    Token,
    TokenSource,
    check_consent_type,
    check_container,
    check_data_layer_key,
    check_events_url,
)

T = TypeVar("T")

_GROUPS: Final = {
    "event_attributes": ParameterKind.EVENT_ATTRIBUTE,
    "metrics": ParameterKind.METRIC,
    "user_attributes": ParameterKind.USER_ATTRIBUTE,
}
_KEYS: Final = ("events_url", "container", "endpoint_id", "consent", "token", "events", "all_custom_events")


class PlanFileError(Exception):
    """The file is not a valid plan. `problems` has one line for each error."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values that take precedence over the file; None leaves the file's value."""

    events_url: str | None = None
    container: str | None = None
    endpoint_key: str | None = None
    token: Token | None = None
    # Used if neither the file nor `token` names one.
    default_token: Token | None = None
    consent: tuple[str, ...] | None = None


def read(text: str, *, file: str = "gtm.yaml", overrides: Overrides | None = None) -> Plan:
    """Parse the text of a plan file. `file` is its name in errors. Raises PlanFileError."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        what = getattr(error, "problem", None) or "unreadable"
        raise PlanFileError([f"{file}: {where} is not valid YAML ({what}); correct it"]) from None
    reader = _Reader(file)
    plan = reader.plan(document, overrides or Overrides())
    if plan is None or reader.problems:
        raise PlanFileError(reader.problems)
    return plan


class _Loader(yaml.SafeLoader):
    """Safe YAML that keeps keys as strings, so that an event may be called `on` or `404`.

    A duplicate key is an error; YAML would silently keep the last one.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key is not a string", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} appears twice", problem_mark=key.start_mark)
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


class _Reader:
    """Reads a document and collects its problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[str] = []

    def plan(self, document: object, overrides: Overrides) -> Plan | None:
        content = self._mapping(document, "", "events_url and events", _KEYS)
        if content is None:
            return None
        url = overrides.events_url or self._checked(content, "events_url", check_events_url)
        if url is None and "events_url" not in content:
            self._problem(
                "events_url", "is missing, so the tags have no URL to call; set it, or give --events-url"
            )
        container = overrides.container or self._checked(content, "container", check_container)
        key = overrides.endpoint_key or self._checked(content, "endpoint_id", check_data_layer_key)
        token = overrides.token or self._token(content) or overrides.default_token
        consent = overrides.consent if overrides.consent is not None else self._consent(content)
        tags = self._tags(content)
        if url is None or self.problems:
            return None
        return self._made(
            "events",
            lambda: Plan(
                events_url=url,
                tags=tuple(tags),
                endpoint_key=key or DEFAULT_ENDPOINT_KEY,
                token=token,
                consent=consent,
                container=container or UNKNOWN_CONTAINER,
            ),
        )

    def _tags(self, content: Mapping[str, Any]) -> list[TagPlan]:
        given = [key for key in ("events", "all_custom_events") if key in content]
        if len(given) != 1:
            self._problem(
                "events",
                "and all_custom_events exclude each other; keep one of them"
                if given
                else "is missing, so nothing would be sent; name the events, or set all_custom_events",
            )
            return []
        if given == ["all_custom_events"]:
            tags = [self._tag(None, content["all_custom_events"], "all_custom_events")]
        else:
            events = self._mapping(content["events"], "events", "the names of events")
            tags = [self._tag(name, value, f"events.{name}") for name, value in (events or {}).items()]
            if content["events"] == {}:
                self._problem("events", "is empty, so nothing would be sent; name at least one event")
        return [tag for tag in tags if tag is not None]

    def _tag(self, event: str | None, value: object, path: str) -> TagPlan | None:
        # An event without a value sends only the endpoint id.
        content = self._mapping({} if value is None else value, path, ", ".join(_GROUPS), tuple(_GROUPS))
        parameters: list[Parameter] = []
        for group, kind in _GROUPS.items():
            if content and group in content:
                parameters += self._parameters(content[group], kind, f"{path}.{group}")
        return self._made(path, lambda: TagPlan(event=event, parameters=tuple(parameters)))

    def _parameters(self, value: object, kind: ParameterKind, path: str) -> list[Parameter]:
        found: list[Parameter] = []
        for name, key in (self._mapping(value, path, "name: data layer variable") or {}).items():
            where = f"{path}.{name}"
            string = self._string(key, where)
            parameter = string and self._made(
                where, lambda name=name, string=string: Parameter(kind=kind, name=name, data_layer_key=string)
            )
            if parameter:
                found.append(parameter)
        return found

    def _token(self, content: Mapping[str, Any]) -> Token | None:
        if "token" not in content:
            return None
        sources = tuple(source.value for source in TokenSource)
        token = self._mapping(content["token"], "token", "data_layer: NAME or cookie: NAME", sources)
        if token is None:
            return None
        if len(token) != 1:
            self._problem("token", "must be either data_layer: NAME or cookie: NAME; keep one")
            return None
        ((source, value),) = token.items()
        name = self._string(value, f"token.{source}")
        if name is None:
            return None
        return self._made(f"token.{source}", lambda: Token(source=TokenSource(source), name=name))

    def _consent(self, content: Mapping[str, Any]) -> tuple[str, ...]:
        value = content.get("consent", [])
        if not isinstance(value, list):
            self._problem("consent", f"is {_shown(value)} but must be a list; write [analytics_storage]")
            return ()
        items = cast(list[object], value)
        texts = [self._string(item, f"consent[{index}]") for index, item in enumerate(items)]
        for index, text in enumerate(texts):
            if text is not None:
                self._made(f"consent[{index}]", lambda text=text: check_consent_type(text))
        return tuple(text for text in texts if text is not None)

    def _checked(self, content: Mapping[str, Any], key: str, check: Callable[[str], None]) -> str | None:
        text = self._string(content[key], key) if key in content else None
        if text is not None:
            self._made(key, lambda: check(text))
        return text

    def _mapping(
        self, value: object, path: str, form: str, known: tuple[str, ...] | None = None
    ) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._problem(path, f"is {_shown(value)} but must contain {form}; indent them below it")
            return None
        content: dict[str, Any] = {}
        for key, item in cast(dict[str, Any], value).items():
            where = f"{path}.{key}" if path else key
            if known is not None and key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                fix = f"did you mean {close[0]}?" if close else "remove it"
                self._problem(where, f"is unknown here (known: {', '.join(known)}); {fix}")
            else:
                content[key] = item
        return content

    def _string(self, value: object, path: str) -> str | None:
        if isinstance(value, str):
            return value
        self._problem(path, f"is {_shown(value)} but must be a string; write a name, in quotes if necessary")
        return None

    def _made(self, path: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except PlanError as error:
            self._problem(path, str(error))
            return None

    def _problem(self, path: str, what: str) -> None:
        line = f"{self._file}: {path}" if path else self._file
        joint = " " if what.startswith(("is ", "must ", "and ")) else ": "
        self.problems.append(line + joint + what)


def _shown(value: object) -> str:
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
