"""Where a plan comes from: gtm.yaml, an earlier container or flags, and the outputs of the stack."""

import argparse
from collections.abc import Sequence

from cli.errors import UsageError
from cli.files import STREAM, shown_file
from cli.stack_outputs import read_outputs
from contract.scenario import AuthMode
from gtm import plan_file
from gtm.command_files import read_json, read_text
from gtm.container import plan_of
from gtm.limits import STRICTEST, Limits
from gtm.plan import (
    DEFAULT_ENDPOINT_ID,
    DEFAULT_TOKEN,
    UNKNOWN_CONTAINER,
    Parameter,
    ParameterKind,
    Plan,
    TagPlan,
    check_container,
    check_events_url,
)
from gtm.plan_error import PlanError
from gtm.stack_outputs import Stack, stack_of
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable


def read_stack(options: argparse.Namespace) -> Stack | None:
    """The stack of --outputs; None without that flag. Raises UsageError and PlanError."""
    given = (options.outputs, getattr(options, "config", None), getattr(options, "earlier", None))
    if given.count(STREAM) > 1:
        raise UsageError(
            "only one of --outputs, --config and --from can be -, which is standard input; give a file for "
            "the others"
        )
    return None if options.outputs is None else _outputs(options.outputs)


def read_plan(options: argparse.Namespace, stack: Stack | None) -> Plan:
    """The plan for `container`. Raises UsageError, PlanError and PlanFileError."""
    limits = STRICTEST if stack is None else stack.limits
    groups = [_parameters(kind, getattr(options, kind.name.lower()), limits) for kind in ParameterKind]
    event_id, timestamp = _variable(options.event_id), _variable(options.timestamp)
    by_flags = any([options.event, options.all_custom_events, event_id, timestamp, *groups])
    if sum([by_flags, options.config is not None, options.earlier is not None]) > 1:
        raise UsageError("--config, --from and flags such as --event exclude each other; keep one of them")
    overrides = _overrides(options, stack)
    if options.config is not None:
        return plan_file.read(read_text(options.config), file=options.config, overrides=overrides)
    if options.earlier is not None:
        return _changed(_earlier(options.earlier), overrides)
    if overrides.events_url is None:
        raise UsageError("the tags have no URL to call; give --events-url, --outputs or --config")
    if options.all_custom_events == bool(options.event):
        raise UsageError("nothing to send; give --event NAME (or several), --all-custom-events, or --config")
    parameters = tuple(parameter for group in groups for parameter in group)
    return Plan(
        events_url=overrides.events_url,
        preview_events_url=overrides.preview_events_url,
        tags=tuple(
            limits.checked_tag(
                TagPlan(event=event, parameters=parameters, event_id=event_id, timestamp=timestamp)
            )
            for event in options.event or [None]
        ),
        endpoint_id=overrides.endpoint_id or DEFAULT_ENDPOINT_ID,
        token=overrides.token or overrides.default_token,
        consent=overrides.consent or (),
        container=overrides.container or UNKNOWN_CONTAINER,
    )


def read_events_url(options: argparse.Namespace) -> str:
    """The URL for `template`. Raises UsageError and PlanError."""
    events_url = _events_url(options, read_stack(options))
    if events_url is None:
        raise UsageError("the template has no URL to call; give --events-url or --outputs")
    return events_url


def flag_of(kind: ParameterKind) -> str:
    return "--" + kind.name.lower().replace("_", "-")


def _earlier(file: str) -> Plan:
    try:
        return plan_of(read_json(file))
    except PlanError as error:
        raise UsageError(f"{shown_file(file)}: {error}") from None


def _changed(plan: Plan, overrides: plan_file.Overrides) -> Plan:
    return Plan(
        events_url=overrides.events_url or plan.events_url,
        preview_events_url=overrides.preview_events_url or plan.preview_events_url,
        tags=tuple(map(overrides.limits.checked_tag, overrides.of_all(plan.tags))),
        endpoint_id=overrides.endpoint_id or plan.endpoint_id,
        token=overrides.token or plan.token or overrides.default_token,
        consent=plan.consent if overrides.consent is None else overrides.consent,
        container=overrides.container or plan.container,
    )


def _overrides(options: argparse.Namespace, stack: Stack | None) -> plan_file.Overrides:
    """Values from flags and stack outputs, which apply wherever the events are described."""
    events_url = _events_url(options, stack)
    by_token = stack is not None and stack.auth_mode is AuthMode.AUTHENTICATED
    if options.preview_events_url is not None:
        check_events_url(options.preview_events_url, what="preview URL")
    if options.container is not None:
        check_container(options.container)
    return plan_file.Overrides(
        events_url=events_url,
        preview_events_url=options.preview_events_url,
        container=options.container,
        endpoint_id=_variable(options.endpoint_id),
        token=_token(options),
        default_token=DEFAULT_TOKEN if by_token else None,
        consent=None if options.consent is None else tuple(options.consent),
        limits=STRICTEST if stack is None else stack.limits,
    )


def _events_url(options: argparse.Namespace, stack: Stack | None) -> str | None:
    events_url: str | None = options.events_url if stack is None else stack.events_url
    if events_url is not None:
        check_events_url(events_url)
    return events_url


def _outputs(file: str) -> Stack:
    """The outputs of a stack that is up."""
    stack = stack_of(read_outputs(file))
    if stack is None:
        raise UsageError(f"{shown_file(file)} has no output events_url; run pulumi up first")
    return stack


def _token(options: argparse.Namespace) -> PlainVariable | None:
    if options.token_cookie is not None:
        return CookieVariable(options.token_cookie)
    return _variable(options.token)


def _variable(key: str | None) -> DataLayerVariable | None:
    return None if key is None else DataLayerVariable(key)


def _parameters(kind: ParameterKind, texts: Sequence[str], limits: Limits) -> list[Parameter]:
    flag = flag_of(kind)
    parameters: list[Parameter] = []
    for text in texts:
        name, equals, key = text.rpartition("=")
        if not equals:
            raise UsageError(f"{flag} {text} must be NAME=KEY; for example {flag} {text}=ecommerce.{text}")
        try:
            parameter = Parameter(kind=kind, name=name, value=DataLayerVariable(key))
            parameters.append(limits.checked(parameter))
        except PlanError as error:
            raise UsageError(f"{flag} {text}: {error}") from None
    return parameters
