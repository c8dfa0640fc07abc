"""Custom domain names, and the base paths that lead from them to stages."""

from local.deployment.resources.apigateway.patching import RETAG, replace
from local.deployment.resources.apigateway.security_policy import security_policy
from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    changed,
    names,
    present,
)
from local.deployment.resources.target import Target


def _domain_name(target: Target, _: str, inputs: Properties) -> Created:
    tags = target.tags(inputs)
    domain = target.client("apigateway").create_domain_name(
        domainName=inputs["domainName"],
        regionalCertificateArn=inputs["regionalCertificateArn"],
        endpointConfiguration={
            "types": [inputs["endpointConfiguration"]["types"]],
            **present(ipAddressType=inputs["endpointConfiguration"].get("ipAddressType")),
        },
        **present(tags=tags, **security_policy(inputs)),
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
    security_policy(inputs)
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
            replace(path, inputs.get(key, ""))
            for key, path in paths.items()
            if changed(existing, inputs, key)
        ],
    )


def _delete_base_path_mapping(target: Target, existing: Existing) -> None:
    target.client("apigateway").delete_base_path_mapping(**_mapping_place(existing))


def _mapping_place(existing: Existing) -> dict[str, str]:
    base_path = existing.inputs.get("basePath") or "(none)"
    return {"domainName": existing.inputs["domainName"], "basePath": base_path}


RESOURCES = {
    "DomainName": ResourceType(
        _domain_name,
        {
            **names("domainName", "regionalCertificateArn", "securityPolicy", "endpointAccessMode", "tags"),
            "endpointConfiguration": names("types", "ipAddressType"),
        },
        replaced_by=("domainName",),
        update=_update_domain_name,
        retag=RETAG,
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
