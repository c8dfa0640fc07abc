"""Amazon API Gateway: REST APIs from OpenAPI documents, deployments, stages, and custom domain names."""

import json
from collections.abc import Mapping

from local.apigateway.openapi_import import import_openapi
from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceError,
    ResourceType,
    as_string,
    autoname,
    names,
    present,
)
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


def _stage(target: Target, _: str, inputs: Properties) -> Created:
    api_id, stage_name = inputs["restApi"], inputs["stageName"]
    tags = target.tags(inputs)
    target.client("apigateway").create_stage(
        restApiId=api_id,
        stageName=stage_name,
        deploymentId=inputs["deployment"],
        **present(description=inputs.get("description"), tags=tags),
    )
    access_logs = inputs.get("accessLogSettings")
    if access_logs:
        _patch_stage(
            target,
            inputs,
            {
                "/accessLogSettings/destinationArn": access_logs["destinationArn"],
                "/accessLogSettings/format": access_logs["format"],
            },
        )
    outputs = {
        "arn": target.arn("apigateway", f"/restapis/{api_id}/stages/{stage_name}", account=False),
        "executionArn": target.arn("execute-api", f"{api_id}/{stage_name}"),
        "invokeUrl": f"{target.api_url}/{stage_name}",
        "tagsAll": tags,
    }
    return f"ags-{api_id}-{stage_name}", {**inputs, **outputs}


def _method_settings(target: Target, _: str, inputs: Properties) -> Created:
    path = inputs["methodPath"]
    settings = inputs["settings"]
    _patch_stage(
        target,
        inputs,
        {
            f"/{path}/{place}": as_string(settings[key])
            for key, place in _METHOD_SETTINGS.items()
            if key in settings
        },
    )
    return f"{inputs['restApi']}-{inputs['stageName']}-{path}", dict(inputs)


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


def _base_path_mapping(target: Target, _: str, inputs: Properties) -> Created:
    target.client("apigateway").create_base_path_mapping(
        domainName=inputs["domainName"],
        restApiId=inputs["restApi"],
        stage=inputs["stageName"],
        **present(basePath=inputs.get("basePath")),
    )
    return f"{inputs['domainName']}/{inputs.get('basePath', '')}", dict(inputs)


def _patch_stage(target: Target, inputs: Properties, values: Mapping[str, str]) -> None:
    target.client("apigateway").update_stage(
        restApiId=inputs["restApi"],
        stageName=inputs["stageName"],
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in values.items()],
    )


RESOURCES = {
    "RestApi": ResourceType(
        _rest_api,
        {
            **names("name", "description", "body", "tags", "disableExecuteApiEndpoint"),
            **names("securityPolicy", "endpointAccessMode"),
            "endpointConfiguration": names("types"),
        },
    ),
    # Triggers decide when the engine makes a new deployment; every local run makes one.
    "Deployment": ResourceType(_deployment, names("restApi", "description", "triggers")),
    "Stage": ResourceType(
        _stage,
        {
            **names("restApi", "deployment", "stageName", "description", "tags"),
            "accessLogSettings": names("destinationArn", "format"),
        },
    ),
    "MethodSettings": ResourceType(
        _method_settings,
        {**names("restApi", "stageName", "methodPath"), "settings": names(*_METHOD_SETTINGS)},
    ),
    "DomainName": ResourceType(
        _domain_name,
        {
            **names("domainName", "regionalCertificateArn", "securityPolicy", "endpointAccessMode", "tags"),
            "endpointConfiguration": names("types", "ipAddressType"),
        },
    ),
    "BasePathMapping": ResourceType(
        _base_path_mapping, names("domainName", "restApi", "stageName", "basePath")
    ),
}
