"""IAM policy documents: one statement per capability, exact ARNs.

Pure but for pulumi outputs; imports nothing of the project.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]
"""One IAM policy statement as in its JSON form; values may be outputs."""


def allow(sid: str, actions: Sequence[str], *resources: pulumi.Input[str]) -> Statement:
    """Statement that allows `actions` on these ARNs or patterns."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def deny_insecure_transport(action: str, *resources: pulumi.Input[str]) -> Statement:
    """Statement of a resource policy that denies everyone requests without TLS; `action` is a pattern."""
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def policy_document(*statements: Statement) -> pulumi.Output[str]:
    """JSON text of a policy with these statements, in this order."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust_policy(service: str) -> pulumi.Output[str]:
    """JSON text of a trust policy: the AWS service (`lambda.amazonaws.com`) may assume the role."""
    return policy_document(
        {
            "Sid": "AssumedByService",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }
    )
