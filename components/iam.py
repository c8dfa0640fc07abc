"""IAM policy documents: one statement per capability, exact ARNs."""

from collections.abc import Mapping, Sequence

import pulumi

Statement = Mapping[str, object]
"""One IAM policy statement in its JSON form; values may be outputs."""


def allow(sid: str, actions: Sequence[str], *resources: pulumi.Input[str]) -> Statement:
    """A statement that allows `actions` on `resources` (ARNs or patterns)."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def deny_insecure_transport(action: str, *resources: pulumi.Input[str]) -> Statement:
    """A statement of a resource policy that denies all requests without TLS; `action` is a pattern."""
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def policy_document(*statements: Statement) -> pulumi.Output[str]:
    """A policy with these statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust_policy(service: str) -> pulumi.Output[str]:
    """A trust policy, as JSON: the AWS service (such as `lambda.amazonaws.com`) may assume the role."""
    return policy_document(
        {
            "Sid": "AssumedByService",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }
    )
