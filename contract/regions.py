"""The AWS Regions that exist, and their partitions."""

from typing import Final

REGIONS: Final = frozenset(
    {
        *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3"),
        *("ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1"),
        *("ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2"),
        *("eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1"),
        *("mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
        # China, AWS GovCloud, the European Sovereign Cloud.
        *("cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "eusc-de-east-1"),
        # Isolated Regions of governments.
        *("us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "us-isof-east-1"),
        *("us-isof-south-1", "eu-isoe-west-1"),
    }
)
"""As in the AWS SDK for Python of 2026-11; a test compares the two."""

COMMERCIAL: Final = "aws"
"""The partition of most Regions."""

# The other partitions, by what the names of their Regions begin with.
_BY_PREFIX: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
}

PARTITIONS: Final = frozenset({COMMERCIAL, *_BY_PREFIX.values()})


def partition_of(region: str) -> str:
    """The partition of a Region: `aws` for most, `aws-cn` in China."""
    return next((name for prefix, name in _BY_PREFIX.items() if region.startswith(prefix)), COMMERCIAL)
