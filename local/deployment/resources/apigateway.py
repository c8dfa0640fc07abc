"""Amazon API Gateway: REST APIs from OpenAPI documents, deployments, stages, and custom domain names."""

import json
from typing import Any

from local.apigateway.openapi_import import import_openapi
from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    as_string,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import check_retag
from local.deployment.resources.target import Target

_METHOD_SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "metricsEnabled": "metrics/enabled",
}


def _rest_api(target: Target, name: str, inputs: Properties) -> Created:
    apigateway = target.client("apigateway")
    api_name = inputs.get("name") or autoname(name)
    endpoint = inputs.get("endpointConfiguration", {"types": "EDGE"})
    tags = target.tags(inputs)
    api = apigateway.create_rest_api(
        name=api_name,
        endpointConfiguration={"types": [endpoint["types"]]},
        disableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint", False),
        **present(description=inputs.get("description"), tags=tags, **_security_policy(inputs)),
    )
    import_openapi(apigateway, api["id"], json.loads(inputs["body"]))
    outputs = {
        "name": api_name,
        "arn": target.arn("apigateway", f"/restapis/{api['id']}", account=False),
        "executionArn": target.arn("execute-api", api["id"]),
        "rootResourceId": api.get("rootResourceId"),
        "tagsAll": tags,
    }
    return api["id"], {**inputs, **outputs}


def _update_rest_api(target: Target, existing: Existing, inputs: Properties) -> None:
    apigateway, api_id = target.client("apigateway"), existing.id
    operations: list[dict[str, Any]] = []
    if changed(existing, inputs, "description"):
        operations.append(_replace("/description", inputs.get("description", "")))
    if changed(existing, inputs, "disableExecuteApiEndpoint"):
        # moto takes every text for true.
        operations.append(
            _replace("/disableExecuteApiEndpoint", "true" if inputs["disableExecuteApiEndpoint"] else "")
        )
    if changed(existing, inputs, "securityPolicy", "endpointAccessMode"):
        policy = _security_policy(inputs)
        operations.extend(_replace(f"/{key}", value) for key, value in policy.items() if value)
    if operations:
        apigateway.update_rest_api(restApiId=api_id, patchOperations=operations)
    if changed(existing, inputs, "body"):
        # The provider sends the document with PutRestApi. moto's own would drop parts of it, as its import.
        _empty_rest_api(apigateway, api_id)
        import_openapi(apigateway, api_id, json.loads(inputs["body"]))


def _empty_rest_api(apigateway: Any, api_id: str) -> None:
    """Delete all that an OpenAPI document has put into the API."""
    for resource in apigateway.get_resources(restApiId=api_id, limit=500)["items"]:
        if resource["path"] == "/":
            for method in resource.get("resourceMethods", {}):
                apigateway.delete_method(restApiId=api_id, resourceId=resource["id"], httpMethod=method)
        else:
            apigateway.delete_resource(restApiId=api_id, resourceId=resource["id"])
    for authorizer in apigateway.get_authorizers(restApiId=api_id)["items"]:
        apigateway.delete_authorizer(restApiId=api_id, authorizerId=authorizer["id"])
    for validator in apigateway.get_request_validators(restApiId=api_id)["items"]:
        apigateway.delete_request_validator(restApiId=api_id, requestValidatorId=validator["id"])
    for response in apigateway.get_gateway_responses(restApiId=api_id)["items"]:
        apigateway.delete_gateway_response(restApiId=api_id, responseType=response["responseType"])


def _delete_rest_api(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_rest_api(restApiId=existing.id)


def _security_policy(inputs: Properties) -> Properties:
    """TLS settings, which are checked and have no effect here: there is no TLS on this machine."""
    policy, mode = inputs.get("securityPolicy"), inputs.get("endpointAccessMode")
    if bool(mode) != (policy or "").startswith("SecurityPolicy_"):
        raise ResourceError(
            "a policy that begins with SecurityPolicy_, and no other, needs endpointAccessMode"
        )
    return {"securityPolicy": policy, "endpointAccessMode": mode}


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
        operations.append(_replace("/deploymentId", inputs["deployment"]))
    if changed(existing, inputs, "description"):
        operations.append(_replace("/description", inputs.get("description", "")))
    if changed(existing, inputs, "accessLogSettings"):
        operations.extend(_access_logs(inputs) or [{"op": "remove", "path": "/accessLogSettings"}])
    _patch_stage(target, inputs, operations)


def _delete_stage(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_stage(
        restApiId=existing.inputs["restApi"], stageName=existing.inputs["stageName"]
    )


def _access_logs(inputs: Properties) -> list[dict[str, Any]]:
    settings = inputs.get("accessLogSettings") or {}
    return [_replace(f"/accessLogSettings/{key}", value) for key, value in settings.items()]


def _method_settings(target: Target, _: str, inputs: Properties) -> Created:
    path = inputs["methodPath"]
    settings = inputs["settings"]
    _patch_stage(
        target,
        inputs,
        [
            _replace(f"/{path}/{place}", as_string(settings[key]))
            for key, place in _METHOD_SETTINGS.items()
            if key in settings
        ],
    )
    return f"{inputs['restApi']}-{inputs['stageName']}-{path}", dict(inputs)


def _remove_method_settings(target: Target, existing: Existing) -> None:
    path = f"/{existing.inputs['methodPath']}"
    _patch_stage(target, existing.inputs, [{"op": "remove", "path": path}])


def _domain_name(target: Target, _: str, inputs: Properties) -> Created:
    tags = target.tags(inputs)
    domain = target.client("apigateway").create_domain_name(
        domainName=inputs["domainName"],
        regionalCertificateArn=inputs["regionalCertificateArn"],
        endpointConfiguration={
            "types": [inputs["endpointConfiguration"]["types"]],
            **present(ipAddressType=inputs["endpointConfiguration"].get("ipAddressType")),
        },
        **present(tags=tags, **_security_policy(inputs)),
    )
    outputs = {
        "arn": target.arn("apigateway", f"/domainnames/{inputs['domainName']}", account=False),
        "regionalDomainName": domain["regionalDomainName"],
        "regionalZoneId": domain["regionalHostedZoneId"],
        "tagsAll": tags,
    }
    return inputs["domainName"], {**inputs, **outputs}


def _update_domain_name(target: Target, existing: Existing, inputs: Properties) -> None:
    """moto cannot change a domain name. Certificates and TLS have no effect on this machine."""
    _security_policy(inputs)
    target.check_permission("apigateway:PATCH", existing.outputs["arn"])


def _delete_domain_name(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_domain_name(domainName=existing.id)


def _base_path_mapping(target: Target, _: str, inputs: Properties) -> Created:
    target.client("apigateway").create_base_path_mapping(
        domainName=inputs["domainName"],
        restApiId=inputs["restApi"],
        stage=inputs["stageName"],
        **present(basePath=inputs.get("basePath")),
    )
    return f"{inputs['domainName']}/{inputs.get('basePath', '')}", dict(inputs)


def _update_base_path_mapping(target: Target, existing: Existing, inputs: Properties) -> None:
    paths = {"restApi": "/restapiId", "stageName": "/stage", "basePath": "/basePath"}
    target.client("apigateway").update_base_path_mapping(
        **_mapping_place(existing),
        patchOperations=[
            _replace(path, inputs.get(key, ""))
            for key, path in paths.items()
            if changed(existing, inputs, key)
        ],
    )


def _delete_base_path_mapping(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_base_path_mapping(**_mapping_place(existing))


def _mapping_place(existing: Existing) -> dict[str, str]:
    base_path = existing.inputs.get("basePath") or "(none)"
    return {"domainName": existing.inputs["domainName"], "basePath": base_path}


def _patch_stage(target: Target, inputs: Properties, operations: list[dict[str, Any]]) -> None:
    target.client("apigateway").update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
    )


def _replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


_RETAG = check_retag(
    "apigateway:DELETE",
    "apigateway:PUT",
    lambda target, existing: target.arn("apigateway", f"/tags/{existing.outputs['arn']}", account=False),
)

RESOURCES = {
    "RestApi": ResourceType(
        _rest_api,
        {
            **names("name", "description", "body", "tags", "disableExecuteApiEndpoint"),
            **names("securityPolicy", "endpointAccessMode"),
            "endpointConfiguration": names("types"),
        },
        update=_update_rest_api,
        retag=_RETAG,
        delete=_delete_rest_api,
    ),
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
        retag=_RETAG,
        delete=_delete_stage,
    ),
    "MethodSettings": ResourceType(
        _method_settings,
        {**names("restApi", "stageName", "methodPath"), "settings": names(*_METHOD_SETTINGS)},
        replaced_by=("restApi", "stageName", "methodPath"),
        delete=_remove_method_settings,
    ),
    "DomainName": ResourceType(
        _domain_name,
        {
            **names("domainName", "regionalCertificateArn", "securityPolicy", "endpointAccessMode", "tags"),
            "endpointConfiguration": names("types", "ipAddressType"),
        },
        replaced_by=("domainName",),
        update=_update_domain_name,
        retag=_RETAG,
        delete=_delete_domain_name,
    ),
    "BasePathMapping": ResourceType(
        _base_path_mapping,
        names("domainName", "restApi", "stageName", "basePath"),
        replaced_by=("domainName",),
        update=_update_base_path_mapping,
        delete=_delete_base_path_mapping,
    ),
}
