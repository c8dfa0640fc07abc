"""The TLS settings that REST APIs and custom domain names share."""

from local.deployment.resources.declaration import Properties, ResourceError


def security_policy(inputs: Properties) -> Properties:
    """TLS settings, which are checked and have no effect here: there is no TLS on this machine."""
    policy, mode = inputs.get("securityPolicy"), inputs.get("endpointAccessMode")
    if bool(mode) != (policy or "").startswith("SecurityPolicy_"):
        raise ResourceError(
            "a policy that begins with SecurityPolicy_, and no other, needs endpointAccessMode"
        )
    return {"securityPolicy": policy, "endpointAccessMode": mode}
