"""Changes of API Gateway's resources, as patch operations and as tags."""

from local.deployment.resources.tags import check_retag


def replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


RETAG = check_retag(
    "apigateway:DELETE",
    "apigateway:PUT",
    lambda target, existing: target.arn("apigateway", f"/tags/{existing.outputs['arn']}", account=False),
)
"""Checks the permissions that a change of tags needs."""
