"""Sessions of roles that may do one thing, as a destination's function has them."""

import json

from boto3.session import Session

from local.deployment.cloud import Cloud


def session_of_role(cloud: Cloud, name: str, *, action: str, arn: str) -> Session:
    """A session of a new role that may do `action` on `arn` and nothing else."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    permission = {"Effect": "Allow", "Action": action, "Resource": arn}
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="policy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [permission]}),
    )
    credentials = cloud.assume_role(role["Role"]["Arn"], service="lambda.amazonaws.com")
    return Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        region_name=cloud.region,
    )
