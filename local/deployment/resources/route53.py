"""Amazon Route 53: records of hosted zones. The zones are the account's own, and this machine has none."""

from local.deployment.resources.declaration import Created, Properties, ResourceError, ResourceType, names
from local.deployment.resources.target import Target


def _record(_: Target, __: str, inputs: Properties) -> Created:
    """Only checked: no resolver would ask for the record."""
    if inputs["type"] not in ("A", "AAAA"):
        raise ResourceError(f"its type is {inputs['type']!r}; the local run knows aliases of type A and AAAA")
    (alias,) = inputs["aliases"]
    for key in ("name", "zoneId", "evaluateTargetHealth"):
        alias[key]
    id_ = f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}"
    return id_, {**inputs, "fqdn": inputs["name"]}


RESOURCES = {"Record": ResourceType(_record, names("zoneId", "name", "type", "aliases"))}
