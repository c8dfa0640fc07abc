"""What the policies of a stack's deployer are filled in with, before there is a stack."""

from collections.abc import Mapping
from typing import Final

from contract.regions import partition_of

# Placeholder → the setting of the project that gives its value.
_SETTINGS: Final = {
    "customer_profiles_domain": "customerProfilesDomain",
    "domain_name": "domainName",
    "hosted_zone_id": "hostedZoneId",
    "kms_key_arn": "kmsKeyArn",
    "permissions_boundary_arn": "permissionsBoundaryArn",
    "web_acl_arn": "webAclArn",
}

POLICIES: Final = ("deployer", "deployer-destinations", "deployer-options")
"""The deployer needs all of them. One alone would exceed the 6,144 characters of a managed policy."""


def values(config: Mapping[str, str], *, project: str, account: str) -> dict[str, str]:
    """The values of the placeholders, from a stack's configuration by full key (`aws:region`)."""
    region = config["aws:region"]
    given = {name: config.get(f"{project}:{setting}", "") for name, setting in _SETTINGS.items()}
    return {
        "project": project,
        "account": account,
        "region": region,
        "partition": partition_of(region),
        **{name: value for name, value in given.items() if value},
    }
