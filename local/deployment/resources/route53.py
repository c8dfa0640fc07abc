"""Amazon Route 53: records of hosted zones. The zones are the account's own, and this machine has none."""

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    names,
)
from local.deployment.resources.target import Target


def _record(target: Target, _: str, inputs: Properties) -> Created:
    """Only checked: no resolver would ask for the record."""
    if inputs["type"] not in ("A", "AAAA"):
        raise ResourceError(f"its type is {inputs['type']!r}; the local run knows aliases of type A and AAAA")
    (alias,) = inputs["aliases"]
    for key in ("name", "zoneId", "evaluateTargetHealth"):
        alias[key]
    _check_permission(target, inputs)
    id_ = f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}"
    return id_, {**inputs, "fqdn": inputs["name"]}


def _check_permission(target: Target, inputs: Properties) -> None:
    zone = f"arn:{target.cloud.partition}:route53:::hostedzone/{inputs['zoneId']}"
    target.check_permission("route53:ChangeResourceRecordSets", zone)


def _delete_record(target: Target, existing: Existing) -> None:
    _check_permission(target, existing.inputs)


RESOURCES = {
    "Record": ResourceType(
        _record,
        names("zoneId", "name", "type", "aliases"),
        replaced_by=("zoneId", "name"),
        delete=_delete_record,
    )
}
