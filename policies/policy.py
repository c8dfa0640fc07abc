"""Reads a policy of this folder, and fills it in from the outputs or the settings of a stack."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from contract.regions import partition_of

_FOLDER: Final = Path(__file__).parent

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")

Policy = dict[str, Any]


def read(name: str) -> Policy:
    """The policy NAME.json as it is in the folder, with its placeholders."""
    return cast(Policy, json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def names() -> list[str]:
    """The policies in the folder."""
    return sorted(file.stem for file in _FOLDER.glob("*.json"))


def fill_in(policy: Mapping[str, Any], outputs: Mapping[str, Any]) -> Policy:
    """The policy for the deployed stack with these outputs."""
    return filled(policy, _values(outputs))


def filled(policy: Mapping[str, Any], values: Mapping[str, str]) -> Policy:
    """The policy with these values for its placeholders.

    A resource is left out if a value that it names is missing, and so is a statement without any resource
    left, or whose condition names such a value: an open stack has no authorizer, and a stack without Firehose
    has no bucket.
    """
    statements: list[dict[str, Any]] = []
    for statement in cast("list[dict[str, Any]]", policy["Statement"]):
        resources = [one for one in cast("list[str]", statement["Resource"]) if _names(one) <= values.keys()]
        if resources and _names(json.dumps(statement.get("Condition"))) <= values.keys():
            statements.append(_filled({**statement, "Resource": resources}, values))
    return {**policy, "Statement": statements}


def _values(outputs: Mapping[str, Any]) -> dict[str, str]:
    """The value of each placeholder."""
    *_, account, queue = str(outputs["queue_url"]).split("/")
    return {
        **{name: value for name, value in outputs.items() if isinstance(value, str)},
        "partition": partition_of(outputs["region"]),
        "account": account,
        "queue": queue,
        **{
            name: str(outputs[f"{name}_url"]).rpartition("/")[2]
            for name in ("dead_letter_queue", "customer_profiles_dead_letter_queue")
            if f"{name}_url" in outputs
        },
        # Only of a web ACL that the stack made: the commands ask for nothing that another one blocks.
        **({"limiting_web_acl_arn": outputs["web_acl_arn"]} if "web_acl_rule" in outputs else {}),
    }


def _names(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    """A part of a policy with each of its placeholders filled in."""
    if isinstance(part, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], part)
    if isinstance(part, list):
        return [_filled(one, values) for one in cast("list[Any]", part)]
    return {name: _filled(one, values) for name, one in cast("dict[str, Any]", part).items()}
