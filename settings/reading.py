"""Reads every setting once and checks them together, so that one run reports every error."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.event_pixel import EventPixelArgs
from contract.local_run import LOCAL_RUN
from contract.scenario import AuthMode
from settings import api, domain, events, function, monitoring, naming, oidc, protection
from settings.destinations import DESTINATIONS, GROUPS, customer_profiles
from settings.groups import Stack
from settings.problems import Problem, Problems, SettingsError, unknown_key
from settings.rules import problems_between, without_effect
from settings.stack_configuration import AWS_KEYS, stack_configuration
from settings.values import Setting, UnreadSettingError, Values, is_unset

GENERAL: Sequence[Setting[Any]] = (
    *events.SETTINGS,
    DESTINATIONS,
    *api.SETTINGS,
    *domain.SETTINGS,
    *protection.SETTINGS,
    *function.SETTINGS,
    *monitoring.SETTINGS,
    *naming.SETTINGS,
)
"""The settings that every stack reads."""

ALL: Mapping[str, Setting[Any]] = {
    setting.key: setting
    for setting in (
        *GENERAL,
        *oidc.SETTINGS,
        *(setting for group in GROUPS.values() for setting in group.settings),
    )
}
"""All settings, by key."""


def load() -> EventPixelArgs:
    """The settings of the selected stack. Raises SettingsError with every problem."""
    is_local_run = bool(os.environ.get(LOCAL_RUN))
    defaults = {key: setting.default for key, setting in ALL.items()}
    configuration = stack_configuration(defaults, is_local_run=is_local_run)
    stack = Stack(
        name=f"{configuration.project}-{configuration.stack}",
        region=configuration.region,
        is_local_run=is_local_run,
    )
    return read(
        configuration.values,
        stack,
        prefix=f"{configuration.project}:",
        known_problems=configuration.problems,
    )


def read(
    given: Mapping[str, object],
    stack: Stack,
    *,
    prefix: str = "",
    known_problems: Sequence[Problem] = (),
) -> EventPixelArgs:
    """The settings in a mapping. Absent ones have their defaults. Raises SettingsError.

    `prefix` precedes keys in errors. Errors come after `known_problems`.
    """
    values, problems = Values(), Problems()
    problems.extend(_unknown(key) for key in given if key not in ALL)
    for setting in GENERAL:
        _read(setting, given, values, problems)
    stack = _as_deployed(stack, values)
    for setting in _of_the_scenario(values):
        _read(setting, given, values, problems)
    problems.extend(_default_destination(given, problems))
    problems.extend(without_effect(values, given))
    problems.extend(problems_between(values, stack))
    if problems or known_problems:
        raise SettingsError([*known_problems, *(problem.within(prefix) for problem in problems)])
    return _settings(values, stack)


def _as_deployed(stack: Stack, values: Values) -> Stack:
    """The stack under the name of its first deployment."""
    try:
        return replace(stack, name=values[naming.DEPLOYED_AS] or stack.name)
    except UnreadSettingError:
        return stack


def _unknown(key: str) -> Problem:
    if key in AWS_KEYS:
        return Problem(key, "there is no such setting.", f"Did you mean aws:{key}?")
    return unknown_key(key, key, list(ALL))


def _read(setting: Setting[Any], given: Mapping[str, object], values: Values, problems: Problems) -> None:
    value = given.get(setting.key)
    with problems.collected():
        values.keep(setting, setting.read(setting.key, setting.default if value is None else value))


def _of_the_scenario(values: Values) -> Sequence[Setting[Any]]:
    """The settings that only the given scenario and destinations read."""
    settings: list[Setting[Any]] = []
    try:
        if values[events.AUTH_MODE] is AuthMode.AUTHENTICATED:
            settings.extend(oidc.SETTINGS)
    except UnreadSettingError:
        pass
    try:
        for name in values[DESTINATIONS]:
            settings.extend(GROUPS[name].settings)
    except UnreadSettingError:
        pass
    return settings


def _default_destination(given: Mapping[str, object], problems: Sequence[Problem]) -> Sequence[Problem]:
    """If no destination was chosen and the default one lacks a setting, list the others as well."""
    needs_more = any(problem.key == customer_profiles.DOMAIN.key for problem in problems)
    if not needs_more or not DESTINATIONS.is_default(given.get(DESTINATIONS.key)):
        return ()
    if not is_unset(given.get(customer_profiles.DOMAIN.key)):
        return ()
    there_are = ", ".join(f"{name} ({group.description})" for name, group in GROUPS.items())
    return [
        Problem(
            DESTINATIONS.key,
            f"it is {customer_profiles.GROUP.name} alone, the default.",
            f"Keep it, or set one or more of {there_are}.",
        )
    ]


def _settings(values: Values, stack: Stack) -> EventPixelArgs:
    return EventPixelArgs(
        stack_name=stack.name,
        region=stack.region,
        oidc=oidc.make(values) if values[events.AUTH_MODE] is AuthMode.AUTHENTICATED else None,
        stage_name=values[api.STAGE_NAME],
        previous_stage_name=values[api.PREVIOUS_STAGE_NAME],
        allowed_origins=values[api.ALLOWED_ORIGINS],
        throttling_rate_limit=values[api.THROTTLING_RATE_LIMIT],
        throttling_burst_limit=values[api.THROTTLING_BURST_LIMIT],
        method_throttles=values[api.THROTTLING_METHODS],
        domain=domain.make(values),
        execute_api_endpoint=values[domain.EXECUTE_API_ENDPOINT],
        tls_policy=values[domain.TLS_POLICY],
        web_acl=protection.web_acl(values),
        safeguards=protection.safeguards(values),
        access_logs=values[api.ACCESS_LOGS],
        protect=values[api.PROTECT],
        destinations=tuple(GROUPS[name].make(values, stack) for name in values[DESTINATIONS]),
        profile_updates=events.profile_updates(values),
        profile_attributes=values[events.PROFILE_ATTRIBUTES],
        timestamp_source=values[events.TIMESTAMP_SOURCE],
        ignored_endpoint_ids=values[events.IGNORED_ENDPOINT_IDS],
        retry_hours=values[function.RETRY_HOURS],
        max_receive_count=values[function.MAX_RECEIVE_COUNT],
        batch_size=values[function.BATCH_SIZE],
        batch_window_seconds=values[function.BATCH_WINDOW],
        maximum_concurrency=values[function.MAXIMUM_CONCURRENCY],
        function_timeout_seconds=values[function.TIMEOUT],
        function_memory_mb=values[function.MEMORY],
        processor_version=values[function.PROCESSOR_VERSION] or None,
        authorizer_version=values[function.AUTHORIZER_VERSION] or None,
        log_retention_days=values[function.LOG_RETENTION],
        tracing=values[function.TRACING],
        alarms=monitoring.make(values),
        dashboard=values[monitoring.DASHBOARD],
    )
