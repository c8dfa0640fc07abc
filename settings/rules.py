"""Rules between settings, checked together once all settings are read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from contract.scenario import AuthMode, ProfileUpdates
from settings import api, domain, events, function, monitoring, oidc, protection
from settings.destinations import DESTINATIONS, GROUPS, customer_profiles
from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import Setting, UnreadSettingError, Values, shown

NAMES_BYTES: Final = 2_600
"""AWS Lambda: 4 KB for the whole environment, measured as JSON. Everything except the names of attributes and
the ignored endpoint ids takes less than 1,496 bytes."""


def problems_between(values: Values, stack: Stack) -> Iterable[Problem]:
    """The problems of settings that are valid on their own but not together.

    A rule is skipped if it depends on a setting that could not be read: that problem is already reported.
    """
    for rule in _rules(values):
        try:
            yield from rule(values, stack)
        except UnreadSettingError:
            continue


def _rules(values: Values) -> Iterable[Rule]:
    yield from _RULES
    yield from api.RULES
    yield from domain.RULES
    yield from protection.RULES
    yield from monitoring.RULES
    yield from oidc.RULES
    try:
        destinations = values[DESTINATIONS]
    except UnreadSettingError:
        return
    for name in destinations:
        yield from GROUPS[name].rules


def without_effect(values: Values, given: Mapping[str, object]) -> Iterable[Problem]:
    """Refuse settings of the other scenario, of alarms that are off, or of destinations that are not listed.

    Otherwise someone could rely on a protection that is not in effect.
    """
    try:
        if values[events.AUTH_MODE] is AuthMode.OPEN:
            yield from _given(oidc.SETTINGS, given, "while authMode is open", "Set authMode to authenticated")
    except UnreadSettingError:
        pass
    try:
        if not values[monitoring.ALARMS]:
            yield from _given(monitoring.OF_ALARMS, given, "while alarms is false", "Set alarms to true")
    except UnreadSettingError:
        pass
    try:
        destinations = values[DESTINATIONS]
    except UnreadSettingError:
        return
    for name, group in GROUPS.items():
        if name not in destinations:
            yield from _given(
                group.settings, given, f"without destination {name}", f"Add {name} to destinations"
            )


def _given(
    settings: Sequence[Setting[Any]], given: Mapping[str, object], condition: str, fix: str
) -> Iterable[Problem]:
    changed = [setting for setting in settings if not setting.is_default(given.get(setting.key))]
    if changed:
        keys = " ".join(setting.key for setting in changed)
        yield Problem(
            changed[0].key,
            f"{shown(given[changed[0].key])} has no effect {condition}.",
            f"{fix}, or run: pulumi config rm-all {keys}",
        )


def _star_allows_every_origin(values: Values, _: Stack) -> Iterable[Problem]:
    origins = values[api.ALLOWED_ORIGINS]
    if "*" in origins and len(origins) > 1:
        yield Problem(
            api.ALLOWED_ORIGINS.key,
            "'*' already allows every origin, so the others have no effect.",
            "Keep either '*' or the list.",
        )


def _limits_of_methods_that_there_are(values: Values, _: Stack) -> Iterable[Problem]:
    methods = [throttle.method for throttle in values[api.THROTTLING_METHODS]]
    for position, method in enumerate(methods):
        key = f"{api.THROTTLING_METHODS.key}[{position}]"
        if method in methods[:position]:
            yield Problem(key, f"{method} is listed twice.", "List it once.")
        elif method == "OPTIONS" and not values[api.ALLOWED_ORIGINS]:
            yield Problem(
                key, "the API has no OPTIONS without allowedOrigins.", "Remove it, or set allowedOrigins."
            )


def _large_batches_need_a_window(values: Values, _: Stack) -> Iterable[Problem]:
    batch_size = values[function.BATCH_SIZE]
    if batch_size > function.BATCH_SIZE_WITHOUT_WINDOW and values[function.BATCH_WINDOW] == 0:
        yield Problem(
            function.BATCH_WINDOW.key,
            f"0 does not go with batchSize {batch_size}: AWS Lambda needs a window above 10 messages.",
            "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
        )


def _allow_list_and_attributes_go_together(values: Values, _: Stack) -> Iterable[Problem]:
    """Check profileAttributes without Customer Profiles, which declares them whatever profileUpdates is."""
    if customer_profiles.GROUP.name in values[DESTINATIONS]:
        return
    names, updates = values[events.PROFILE_ATTRIBUTES], events.profile_updates(values)
    for position, name in enumerate(names):
        if not events.USER_ATTRIBUTE_NAME.fullmatch(name):
            yield Problem(
                f"{events.PROFILE_ATTRIBUTES.key}[{position}]",
                rf"{name!r} is not a user attribute name: 1 to 50 characters without # : ? \ /.",
                "Set the name as it follows usat_ in the URL.",
            )
    if updates is ProfileUpdates.ALLOWLIST and not names:
        yield Problem(
            events.PROFILE_ATTRIBUTES.key,
            "the list is empty, so profileUpdates allowlist would update nothing.",
            "List the attributes, or set profileUpdates to none.",
        )
    if updates is not ProfileUpdates.ALLOWLIST and names:
        yield Problem(
            events.PROFILE_ATTRIBUTES.key,
            f"the list has no effect while profileUpdates is {updates}.",
            "Set profileUpdates to allowlist, or remove the list.",
        )


def _names_fit_into_the_environment(values: Values, _: Stack) -> Iterable[Problem]:
    attributes: list[Sequence[str]] = [values[events.PROFILE_ATTRIBUTES]]
    if customer_profiles.GROUP.name in values[DESTINATIONS]:
        attributes.extend(customer_profiles.function_names(values))
    # Each variable is itself JSON in a string, so its quotes are escaped when variables are measured as JSON.
    ignored, named = (
        sum(len(json.dumps(json.dumps(list(names)))) for names in lists)
        for lists in ([values[events.IGNORED_ENDPOINT_IDS]], attributes)
    )
    if ignored + named > NAMES_BYTES:
        setting = events.IGNORED_ENDPOINT_IDS if ignored > named else events.PROFILE_ATTRIBUTES
        yield Problem(
            setting.key,
            f"the names of attributes and ignoredEndpointIds take {ignored + named} bytes; a Lambda function "
            f"has room for {NAMES_BYTES} in its environment.",
            "List fewer, or with shorter names.",
        )


_RULES: tuple[Rule, ...] = (
    _star_allows_every_origin,
    _limits_of_methods_that_there_are,
    _large_batches_need_a_window,
    _allow_list_and_attributes_go_together,
    _names_fit_into_the_environment,
)
