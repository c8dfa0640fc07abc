"""Deployments, which are snapshots of an API, and the stages that call them, with limits by method."""

from typing import Any

from local.deployment.resources.apigateway.patching import RETAG, replace
from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    as_string,
    changed,
    names,
    present,
)
from local.deployment.resources.target import Target

_METHOD_SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "metricsEnabled": "metrics/enabled",
}


def _deployment(target: Target, _: str, inputs: Properties) -> Created:
    deployment = target.client("apigateway").create_deployment(
        restApiId=inputs["restApi"], **present(description=inputs.get("description"))
    )
    return deployment["id"], {**inputs, "createdDate": deployment["createdDate"].isoformat()}


def _update_deployment(target: Target, existing: Existing, inputs: Properties) -> None:
    """A description. moto cannot change it."""
    place = f"/restapis/{inputs['restApi']}/deployments/{existing.id}"
    target.check_permission("apigateway:PATCH", target.arn("apigateway", place, account=False))


def _delete_deployment(target: Target, existing: Existing) -> None:
    api_id = existing.inputs["restApi"]
    stages = target.cloud.client("apigateway").get_stages(restApiId=api_id)["item"]
    if any(stage["deploymentId"] == existing.id for stage in stages):
        # API Gateway's own message. moto does not look.
        raise ResourceError("Active stages pointing to this deployment must be moved or deleted")
    target.client("apigateway").delete_deployment(restApiId=api_id, deploymentId=existing.id)


def _stage(target: Target, _: str, inputs: Properties) -> Created:
    api_id, stage_name = inputs["restApi"], inputs["stageName"]
    tags = target.tags(inputs)
    target.client("apigateway").create_stage(
        restApiId=api_id,
        stageName=stage_name,
        deploymentId=inputs["deployment"],
        **present(description=inputs.get("description"), tags=tags),
    )
    if operations := _access_logs(inputs):
        _patch_stage(target, inputs, operations)
    outputs = {
        "arn": target.arn("apigateway", f"/restapis/{api_id}/stages/{stage_name}", account=False),
        "executionArn": target.arn("execute-api", f"{api_id}/{stage_name}"),
        "invokeUrl": f"{target.api_url}/{stage_name}",
        "tagsAll": tags,
    }
    return f"ags-{api_id}-{stage_name}", {**inputs, **outputs}


def _update_stage(target: Target, existing: Existing, inputs: Properties) -> None:
    operations: list[dict[str, Any]] = []
    if changed(existing, inputs, "deployment"):
        operations.append(replace("/deploymentId", inputs["deployment"]))
    if changed(existing, inputs, "description"):
        operations.append(replace("/description", inputs.get("description", "")))
    if changed(existing, inputs, "accessLogSettings"):
        operations.extend(_access_logs(inputs) or [{"op": "remove", "path": "/accessLogSettings"}])
    _patch_stage(target, inputs, operations)


def _delete_stage(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_stage(
        restApiId=existing.inputs["restApi"], stageName=existing.inputs["stageName"]
    )


def _access_logs(inputs: Properties) -> list[dict[str, Any]]:
    settings = inputs.get("accessLogSettings") or {}
    return [replace(f"/accessLogSettings/{key}", value) for key, value in settings.items()]


def _method_settings(target: Target, _: str, inputs: Properties) -> Created:
    path = inputs["methodPath"]
    settings = inputs["settings"]
    _patch_stage(
        target,
        inputs,
        [
            replace(f"/{path}/{place}", as_string(settings[key]))
            for key, place in _METHOD_SETTINGS.items()
            if key in settings
        ],
    )
    return f"{inputs['restApi']}-{inputs['stageName']}-{path}", dict(inputs)


def _remove_method_settings(target: Target, existing: Existing) -> None:
    path = f"/{existing.inputs['methodPath']}"
    _patch_stage(target, existing.inputs, [{"op": "remove", "path": path}])


def _patch_stage(target: Target, inputs: Properties, operations: list[dict[str, Any]]) -> None:
    target.client("apigateway").update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
    )


RESOURCES = {
    "Deployment": ResourceType(
        _deployment,
        names("restApi", "description", "triggers"),
        replaced_by=("restApi", "triggers"),
        update=_update_deployment,
        delete=_delete_deployment,
    ),
    "Stage": ResourceType(
        _stage,
        {
            **names("restApi", "deployment", "stageName", "description", "tags"),
            "accessLogSettings": names("destinationArn", "format"),
        },
        replaced_by=("restApi", "stageName"),
        update=_update_stage,
        retag=RETAG,
        delete=_delete_stage,
    ),
    "MethodSettings": ResourceType(
        _method_settings,
        {**names("restApi", "stageName", "methodPath"), "settings": names(*_METHOD_SETTINGS)},
        replaced_by=("restApi", "stageName", "methodPath"),
        delete=_remove_method_settings,
    ),
}
