"""REST APIs, whose resources and methods come from an OpenAPI document."""

import json
from typing import Any

from local.apigateway.openapi_import import import_openapi
from local.deployment.resources.apigateway.patching import RETAG, replace
from local.deployment.resources.apigateway.security_policy import security_policy
from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.target import Target


def _rest_api(target: Target, name: str, inputs: Properties) -> Created:
    apigateway = target.client("apigateway")
    api_name = inputs.get("name") or autoname(name)
    endpoint = inputs.get("endpointConfiguration", {"types": "EDGE"})
    tags = target.tags(inputs)
    api = apigateway.create_rest_api(
        name=api_name,
        endpointConfiguration={"types": [endpoint["types"]]},
        disableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint", False),
        **present(description=inputs.get("description"), tags=tags, **security_policy(inputs)),
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
        operations.append(replace("/description", inputs.get("description", "")))
    if changed(existing, inputs, "disableExecuteApiEndpoint"):
        # moto takes every text for true.
        operations.append(
            replace("/disableExecuteApiEndpoint", "true" if inputs["disableExecuteApiEndpoint"] else "")
        )
    if changed(existing, inputs, "securityPolicy", "endpointAccessMode"):
        policy = security_policy(inputs)
        operations.extend(replace(f"/{key}", value) for key, value in policy.items() if value)
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


RESOURCES = {
    "RestApi": ResourceType(
        _rest_api,
        {
            **names("name", "description", "body", "tags", "disableExecuteApiEndpoint"),
            **names("securityPolicy", "endpointAccessMode"),
            "endpointConfiguration": names("types"),
        },
        update=_update_rest_api,
        retag=RETAG,
        delete=_delete_rest_api,
    ),
}
