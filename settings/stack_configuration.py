"""The configuration of the selected stack as one mapping. Only this module reads Pulumi's configuration."""

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from contract.regions import REGIONS
from settings.problems import Problem, closest
from settings.values import is_unset, shown

REGION: Final = "aws:region"
DEFAULT_TAGS: Final = "aws:defaultTags"

_TAGS_FIX: Final = "Write {tags: {NAME: VALUE}}."

# The configuration of the AWS provider (pulumi_aws.config), which ignores keys that it does not know.
AWS_KEYS: Final = frozenset(
    {
        *("accessKey", "allowedAccountIds", "assumeRoleWithWebIdentity", "assumeRoles", "customCaBundle"),
        *("defaultTags", "ec2MetadataServiceEndpoint", "ec2MetadataServiceEndpointMode", "endpoints"),
        *(
            "forbiddenAccountIds",
            "httpProxy",
            "httpsProxy",
            "ignoreTags",
            "insecure",
            "maxRetries",
            "noProxy",
        ),
        *("profile", "region", "retryMode", "s3UsEast1RegionalEndpoint", "s3UsePathStyle", "secretKey"),
        *("sharedConfigFiles", "sharedCredentialsFiles", "skipCredentialsValidation", "skipMetadataApiCheck"),
        *("skipRegionValidation", "skipRequestingAccountId", "stsRegion", "tagPolicyCompliance", "token"),
        *("tokenBucketRateLimiterCapacity", "useDualstackEndpoint", "useFipsEndpoint", "userAgents"),
        # For providers before version 7.
        "assumeRole",
    }
)

# Where the AWS provider takes its Region from if the configuration does not say it: the first that is set.
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")

# A profile may have one, too. Only the provider reads that.
_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_CONFIG_FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfiguration:
    """`values` by short key, and the problems of keys and of the provider's configuration.

    `region` is None if the provider takes its Region from a profile.
    """

    project: str
    stack: str
    region: str | None
    values: Mapping[str, object]
    problems: tuple[Problem, ...]


def stack_configuration(defaults: Mapping[str, object], *, is_local_run: bool) -> StackConfiguration:
    """Read the configuration that the Pulumi engine passes to the program.

    The engine passes strings. `defaults`, by key, say which settings are strings; the others come as JSON.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    raw: Mapping[str, str] = {**get_config_env(), **CONFIG.get()}
    prefix = f"{project}:"
    own = {key.removeprefix(prefix): value for key, value in raw.items() if key.startswith(prefix)}
    foreign = [key for key in raw if not key.startswith(prefix)]
    return StackConfiguration(
        project=project,
        stack=stack,
        region=raw.get(REGION) or _region_of_environment(),
        values={key: _parsed(value, defaults.get(key, "")) for key, value in own.items()},
        problems=(
            *_region_problems(raw, is_local_run=is_local_run),
            *_tag_problems(raw),
            *(problem for key in foreign for problem in _key_problems(key, project, defaults)),
        ),
    )


def _parsed(value: str, default: object) -> object:
    """A string is a list or an object where somebody wrote one in its place."""
    if isinstance(default, str):
        parsed = _json(value)
        return cast("object", parsed) if isinstance(parsed, list | dict) else value
    return int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else _json(value)


def _json(value: str) -> object:
    try:
        return cast("object", json.loads(value, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return value


def _no_constant(name: str) -> object:
    """Python reads NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def _region_problems(raw: Mapping[str, str], *, is_local_run: bool) -> Iterable[Problem]:
    value = raw.get(REGION)
    if is_unset(value):
        if is_local_run or not _is_region_set_elsewhere():
            yield Problem(
                REGION,
                "it is not set.",
                "Set the AWS Region to deploy to: pulumi config set aws:region eu-central-1",
            )
    elif value not in REGIONS and (is_local_run or raw.get("aws:skipRegionValidation") != "true"):
        meant = closest(str(value), REGIONS)
        fix = f"Did you mean {meant}?" if meant else "Set one such as eu-central-1."
        yield Problem(
            REGION,
            f"{shown(value)} is not an AWS Region that this version knows.",
            fix if is_local_run else f"{fix} For a newer Region, set aws:skipRegionValidation to true.",
        )


def _tag_problems(raw: Mapping[str, str]) -> Iterable[Problem]:
    """The provider ignores keys beside `tags`, so that no resource would have the tags."""
    if DEFAULT_TAGS not in raw:
        return
    value = _json(raw[DEFAULT_TAGS])
    if value is None:
        return
    if not isinstance(value, dict):
        yield Problem(DEFAULT_TAGS, f"{shown(value)} has no tags.", _TAGS_FIX)
        return
    held = cast("Mapping[str, object]", value)
    for key in held:
        if key != "tags":
            yield Problem(f"{DEFAULT_TAGS}.{key}", "there is no such setting.", _TAGS_FIX)
    tags = held.get("tags")
    if tags is not None and not isinstance(tags, dict):
        yield Problem(f"{DEFAULT_TAGS}.tags", f"{shown(tags)} is not an object.", _TAGS_FIX)
    elif tags:
        for name, tag in cast("Mapping[str, object]", tags).items():
            if tag is None or isinstance(tag, list | dict):
                yield Problem(
                    f"{DEFAULT_TAGS}.tags.{name}", f"{shown(cast('object', tag))} is not a string.", _TAGS_FIX
                )


def _region_of_environment() -> str | None:
    return next((region for name in _REGION_VARIABLES if (region := os.environ.get(name))), None)


def _is_region_set_elsewhere() -> bool:
    return (
        _region_of_environment() is not None
        or any(os.environ.get(name) for name in _PROFILE_VARIABLES)
        or Path("~/.aws/config").expanduser().exists()
    )


def _key_problems(full_key: str, project: str, declared: Collection[str]) -> Iterable[Problem]:
    """Find misspelled keys. The engine ignores unknown keys, so a setting would silently keep its default."""
    namespace, _, key = full_key.partition(":")
    if namespace == "aws":
        if key not in AWS_KEYS:
            meant = closest(key, AWS_KEYS)
            fix = f"Did you mean aws:{meant}?" if meant else "Remove it."
            yield Problem(full_key, "the AWS provider has no such setting.", fix)
    elif namespace != "pulumi" and (key in declared or closest(namespace, [project])):
        meant = key if key in declared else closest(key, declared) or "KEY"
        yield Problem(
            full_key,
            f"this project is {project}, and ignores the settings of {namespace}.",
            f"Did you mean {project}:{meant}?",
        )
