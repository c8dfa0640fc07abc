"""AWS WAF: IP sets, web ACLs with a limit by address, and their associations with stages."""

from collections.abc import Mapping
from typing import Any

from local.deployment.resources.declaration import (
    Allowed,
    Created,
    Existing,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    names,
    present,
    refuse_unknown,
)
from local.deployment.resources.tags import retag
from local.deployment.resources.target import Target

_VISIBILITY = names("cloudwatchMetricsEnabled", "metricName", "sampledRequestsEnabled")
_RULE: Allowed = {
    **names("name", "priority"),
    "action": {
        "allow": {},
        "block": {"customResponse": names("responseCode", "customResponseBodyKey", "responseHeaders")},
    },
    "statement": {
        "ipSetReferenceStatement": names("arn"),
        "rateBasedStatement": names("aggregateKeyType", "evaluationWindowSec", "limit"),
    },
    "visibilityConfig": _VISIBILITY,
}


def _ip_set(target: Target, name: str, inputs: Properties) -> Created:
    set_name, tags = inputs.get("name") or autoname(name), target.tags(inputs)
    summary = target.client("wafv2").create_ip_set(
        Name=set_name,
        IPAddressVersion=inputs["ipAddressVersion"],
        Scope=inputs["scope"],
        Addresses=inputs.get("addresses", []),
        **present(Description=inputs.get("description"), Tags=as_pairs(tags)),
    )["Summary"]
    return summary["Id"], {**inputs, "name": set_name, "arn": summary["ARN"], "tagsAll": tags}


def _update_ip_set(target: Target, existing: Existing, inputs: Properties) -> None:
    wafv2, place = target.client("wafv2"), _place(existing)
    wafv2.update_ip_set(
        **place,
        LockToken=wafv2.get_ip_set(**place)["LockToken"],
        Addresses=inputs.get("addresses", []),
        **present(Description=inputs.get("description")),
    )


def _delete_ip_set(target: Target, existing: Existing) -> None:
    wafv2, place = target.client("wafv2"), _place(existing)
    wafv2.delete_ip_set(**place, LockToken=wafv2.get_ip_set(**place)["LockToken"])


def _web_acl(target: Target, name: str, inputs: Properties) -> Created:
    acl_name, tags = inputs.get("name") or autoname(name), target.tags(inputs)
    summary = target.client("wafv2").create_web_acl(
        Name=acl_name, Scope=inputs["scope"], **_rules(inputs), **present(Tags=as_pairs(tags))
    )["Summary"]
    return summary["Id"], {**inputs, "name": acl_name, "arn": summary["ARN"], "tagsAll": tags}


def _update_web_acl(target: Target, existing: Existing, inputs: Properties) -> None:
    wafv2, place = target.client("wafv2"), _place(existing)
    wafv2.update_web_acl(**place, LockToken=wafv2.get_web_acl(**place)["LockToken"], **_rules(inputs))


def _delete_web_acl(target: Target, existing: Existing) -> None:
    wafv2, place = target.client("wafv2"), _place(existing)
    wafv2.delete_web_acl(**place, LockToken=wafv2.get_web_acl(**place)["LockToken"])


def _place(existing: Existing) -> dict[str, str]:
    return {"Name": existing.outputs["name"], "Scope": existing.inputs["scope"], "Id": existing.id}


def _rules(inputs: Properties) -> dict[str, Any]:
    """The parameters that CreateWebACL and UpdateWebACL share."""
    bodies = {
        body["key"]: {"ContentType": body["contentType"], "Content": body["content"]}
        for body in inputs.get("customResponseBodies", [])
    }
    return {
        "DefaultAction": _action(inputs["defaultAction"]),
        "Rules": [_rule(rule) for rule in inputs.get("rules", [])],
        "VisibilityConfig": _visibility(inputs["visibilityConfig"]),
        **present(Description=inputs.get("description"), CustomResponseBodies=bodies),
    }


def _rule(rule: Properties) -> dict[str, Any]:
    refuse_unknown(rule, _RULE, "rules.")
    return {
        "Name": rule["name"],
        "Priority": int(rule["priority"]),
        "Action": _action(rule["action"]),
        "Statement": _statement(rule["statement"]),
        "VisibilityConfig": _visibility(rule["visibilityConfig"]),
    }


def _action(action: Properties) -> dict[str, Any]:
    if "block" not in action:
        return {"Allow": {}}
    response = action["block"].get("customResponse")
    if response is None:
        return {"Block": {}}
    custom = {
        "ResponseCode": int(response["responseCode"]),
        **present(
            CustomResponseBodyKey=response.get("customResponseBodyKey"),
            ResponseHeaders=[
                {"Name": header["name"], "Value": header["value"]}
                for header in response.get("responseHeaders", [])
            ],
        ),
    }
    return {"Block": {"CustomResponse": custom}}


def _statement(statement: Properties) -> dict[str, Any]:
    if "ipSetReferenceStatement" in statement:
        return {"IPSetReferenceStatement": {"ARN": statement["ipSetReferenceStatement"]["arn"]}}
    rate = statement["rateBasedStatement"]
    return {
        "RateBasedStatement": {
            "AggregateKeyType": rate["aggregateKeyType"],
            "EvaluationWindowSec": int(rate.get("evaluationWindowSec", 300)),
            "Limit": int(rate["limit"]),
        }
    }


def _visibility(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "CloudWatchMetricsEnabled": config["cloudwatchMetricsEnabled"],
        "MetricName": config["metricName"],
        "SampledRequestsEnabled": config["sampledRequestsEnabled"],
    }


def _association(target: Target, _: str, inputs: Properties) -> Created:
    """An existing web ACL is the account's own, and this account has none: it is not in effect here."""
    target.check_permission("apigateway:SetWebACL", inputs["resourceArn"])
    if _is_of_this_account(target, inputs):
        target.client("wafv2").associate_web_acl(
            WebACLArn=inputs["webAclArn"], ResourceArn=inputs["resourceArn"]
        )
    else:
        target.check_permission("wafv2:AssociateWebACL", inputs["webAclArn"])
    return f"{inputs['webAclArn']},{inputs['resourceArn']}", dict(inputs)


def _delete_association(target: Target, existing: Existing) -> None:
    target.check_permission("apigateway:SetWebACL", existing.inputs["resourceArn"])
    if _is_of_this_account(target, existing.inputs):
        target.client("wafv2").disassociate_web_acl(ResourceArn=existing.inputs["resourceArn"])
    else:
        target.check_permission("wafv2:DisassociateWebACL", existing.inputs["resourceArn"])


def _is_of_this_account(target: Target, inputs: Properties) -> bool:
    acls = target.cloud.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
    return inputs["webAclArn"] in [acl["ARN"] for acl in acls]


_RETAG = retag("wafv2", "ResourceARN")
_ASSOCIATION = names("resourceArn", "webAclArn")

RESOURCES = {
    "IpSet": ResourceType(
        _ip_set,
        names("name", "description", "scope", "ipAddressVersion", "addresses", "tags"),
        replaced_by=("name", "scope", "ipAddressVersion"),
        update=_update_ip_set,
        retag=_RETAG,
        delete=_delete_ip_set,
    ),
    "WebAcl": ResourceType(
        _web_acl,
        {
            **names("name", "description", "scope", "rules", "customResponseBodies", "tags"),
            "defaultAction": {"allow": {}, "block": {}},
            "visibilityConfig": _VISIBILITY,
        },
        replaced_by=("name", "scope"),
        update=_update_web_acl,
        retag=_RETAG,
        delete=_delete_web_acl,
    ),
    "WebAclAssociation": ResourceType(
        _association, _ASSOCIATION, replaced_by=_ASSOCIATION, delete=_delete_association
    ),
}
