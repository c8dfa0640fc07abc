"""`python -m gtm`: write what Google Tag Manager imports.

    python -m gtm container --events-url URL --event purchase_success --metric value=ecommerce.value
    python -m gtm template --events-url URL

What is written goes to standard output or to a file, all else to standard error.
"""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("yaml")

# isort: split
import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from gtm import custom_template, plan_file
from gtm.container import as_text, container_export, plan_of
from gtm.plan import (
    DEFAULT_ENDPOINT_KEY,
    DEFAULT_TOKEN_KEY,
    UNKNOWN_CONTAINER,
    Parameter,
    ParameterKind,
    Plan,
    PlanError,
    TagPlan,
    Token,
    TokenSource,
    check_container,
    check_data_layer_key,
    check_events_url,
    url_warnings,
    warnings,
)

USAGE_ERROR = 2

NEXT_STEPS = """\
GTM: Admin → Import Container → this file, a new workspace.
The first time: Merge, Rename conflicting tags.
When you import again: Merge, Overwrite conflicting tags, or every event is sent twice."""


class _UsageError(Exception):
    """What the caller has to change, a line each."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message} (python -m gtm --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        options.write(options)
    except (_UsageError, PlanError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    except plan_file.PlanFileError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        return USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m gtm", description="Write what Google Tag Manager imports.")
    commands = parser.add_subparsers(required=True, metavar="container|template")

    container = commands.add_parser("container", help="a container: tags, triggers and variables")
    container.set_defaults(write=_write_container)
    _add_target(container)
    container.add_argument(
        "--config", metavar="FILE", help="gtm.yaml: the events and what each sends (see gtm/gtm.yaml)"
    )
    container.add_argument(
        "--from",
        dest="earlier",
        metavar="FILE",
        help="a container written before, for example of another stack",
    )
    container.add_argument("--event", action="append", default=[], metavar="NAME", help="may be repeated")
    container.add_argument("--all-custom-events", action="store_true", help="one tag for whatever is pushed")
    for kind in ParameterKind:
        container.add_argument(
            _flag(kind), action="append", default=[], metavar="NAME=KEY", help="KEY: the data layer variable"
        )
    container.add_argument(
        "--endpoint-id", metavar="KEY", help=f"the endpoint's data layer variable ({DEFAULT_ENDPOINT_KEY})"
    )
    token = container.add_mutually_exclusive_group()
    token.add_argument("--token", metavar="KEY", help="data layer variable of the customer's token")
    token.add_argument("--token-cookie", metavar="NAME", help="first-party cookie of the customer's token")
    container.add_argument(
        "--consent", action="append", metavar="TYPE", help="consent that the tags need, may be repeated"
    )
    container.add_argument("--container", metavar="GTM-XXXX", help="id of your container, if it should show")

    template = commands.add_parser(
        "template", help="the custom template, allowed to call this URL's host only"
    )
    template.set_defaults(write=_write_template)
    _add_target(template)
    return parser


def _add_target(parser: argparse.ArgumentParser) -> None:
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--events-url", metavar="URL", help="the stack's output events_url")
    target.add_argument(
        "--outputs", metavar="FILE", help="what `pulumi stack output --json` says; - is standard input"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")


def _write_container(options: argparse.Namespace) -> None:
    plan = _plan(options)
    _warn(warnings(plan))
    _write(as_text(container_export(plan)), options.output)
    if options.output:
        tags = "1 tag" if len(plan.tags) == 1 else f"{len(plan.tags)} tags"
        print(f"wrote {options.output}: {tags} to {plan.events_url}\n{NEXT_STEPS}", file=sys.stderr)


def _write_template(options: argparse.Namespace) -> None:
    events_url = _target(options).events_url
    if events_url is None:
        raise _UsageError("the template needs a URL: give --events-url, or --outputs")
    _warn(url_warnings(events_url))
    _write(custom_template.for_events_url(events_url), options.output)


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"warning: {line}", file=sys.stderr)


def _plan(options: argparse.Namespace) -> Plan:
    described = bool(options.event or options.all_custom_events or any(_parameters(options)))
    if sum([described, options.config is not None, options.earlier is not None]) > 1:
        raise _UsageError(
            "--config, --from and flags such as --event each say what is sent: keep one of the three"
        )
    target = _target(options)
    if options.config is not None:
        return plan_file.read(_read(options.config), file=options.config, overrides=target)
    if options.earlier is not None:
        return _changed(plan_of(_json(options.earlier, _read(options.earlier))), target)
    if target.events_url is None:
        raise _UsageError("the tags need a URL to call: give --events-url, --outputs or --config")
    if options.all_custom_events == bool(options.event):
        raise _UsageError("what is sent? give --event NAME (or several), or --all-custom-events, or --config")
    parameters = tuple(parameter for group in _parameters(options) for parameter in group)
    return Plan(
        events_url=target.events_url,
        tags=tuple(TagPlan(event=event, parameters=parameters) for event in options.event or [None]),
        endpoint_key=target.endpoint_key or DEFAULT_ENDPOINT_KEY,
        token=target.token or target.default_token,
        consent=target.consent or (),
        container=target.container or UNKNOWN_CONTAINER,
    )


def _changed(plan: Plan, target: plan_file.Overrides) -> Plan:
    return Plan(
        events_url=target.events_url or plan.events_url,
        tags=plan.tags,
        endpoint_key=target.endpoint_key or plan.endpoint_key,
        token=target.token or plan.token or target.default_token,
        consent=plan.consent if target.consent is None else target.consent,
        container=target.container or plan.container,
    )


def _target(options: argparse.Namespace) -> plan_file.Overrides:
    """What flags and stack outputs say, whatever describes the events."""
    events_url, default_token = options.events_url, None
    if options.outputs is not None:
        text = _read(options.outputs)
        # The CLI before the pipe has failed, or was not found.
        if options.outputs == "-" and not text.strip():
            raise _UsageError(
                "`pulumi stack output --json` gave nothing: is the Pulumi CLI installed, and the stack "
                "deployed?"
            )
        outputs = _json(options.outputs, text)
        if not isinstance(outputs, dict) or not isinstance(outputs.get("events_url"), str):
            raise _UsageError(
                f"{_shown(options.outputs)}: there is no output events_url; run pulumi up first"
            )
        events_url = outputs["events_url"]
        if outputs.get("auth_mode") == "authenticated":
            default_token = Token(source=TokenSource.DATA_LAYER, name=DEFAULT_TOKEN_KEY)
    if events_url is not None:
        check_events_url(events_url)
    if options.write is _write_template:
        return plan_file.Overrides(events_url=events_url)
    if options.endpoint_id is not None:
        check_data_layer_key(options.endpoint_id)
    if options.container is not None:
        check_container(options.container)
    return plan_file.Overrides(
        events_url=events_url,
        container=options.container,
        endpoint_key=options.endpoint_id,
        token=_token(options),
        default_token=default_token,
        consent=None if options.consent is None else tuple(options.consent),
    )


def _token(options: argparse.Namespace) -> Token | None:
    if options.token is not None:
        return Token(source=TokenSource.DATA_LAYER, name=options.token)
    if options.token_cookie is not None:
        return Token(source=TokenSource.COOKIE, name=options.token_cookie)
    return None


def _flag(kind: ParameterKind) -> str:
    return "--" + kind.name.lower().replace("_", "-")


def _parameters(options: argparse.Namespace) -> list[list[Parameter]]:
    return [_parameters_of(kind, getattr(options, kind.name.lower())) for kind in ParameterKind]


def _parameters_of(kind: ParameterKind, texts: Sequence[str]) -> list[Parameter]:
    parameters: list[Parameter] = []
    for text in texts:
        name, equals, key = text.rpartition("=")
        if not equals:
            raise _UsageError(
                f"{_flag(kind)} {text}: it must be NAME=KEY; for example {_flag(kind)} "
                f"{text}=ecommerce.{text}"
            )
        try:
            parameters.append(Parameter(kind=kind, name=name, data_layer_key=key))
        except PlanError as error:
            raise _UsageError(f"{_flag(kind)} {text}: {error}") from None
    return parameters


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _UsageError(f"{_shown(file)} cannot be read ({reason}): give the path of a file") from None


def _json(file: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise _UsageError(f"{_shown(file)} holds no JSON: give another file") from None


def _shown(file: str) -> str:
    """A file for a message."""
    return "standard input" if file == "-" else file


def _write(text: str, file: str | None) -> None:
    if file is None:
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _UsageError(f"{file} cannot be written ({error.strerror}): give another -o") from None


if __name__ == "__main__":
    sys.exit(main())
