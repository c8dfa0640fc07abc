"""What an account may require of every resource: a key of its own, and a limit to what roles may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.iam import Statement, allow
from components.location import Location

_USE: Final = ("kms:GenerateDataKey", "kms:Decrypt")
"""To write with a key, a caller needs both: the service decrypts a new data key to check it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    # ARN of a customer managed key of AWS KMS; None uses keys that AWS owns or manages.
    kms_key_arn: str | None = None

    # ARN of the permissions boundary of every role.
    permissions_boundary_arn: str | None = None

    def use_key(
        self, service: str, location: Location, context: Mapping[str, object] | None = None
    ) -> Sequence[Statement]:
        """The permission to use the key through one service (`sqs`); empty without a key.

        `context` are further conditions.
        """
        if self.kms_key_arn is None:
            return ()
        # In every partition, China's too (AWS KMS Developer Guide, "kms:ViaService").
        via = pulumi.Output.concat(service, ".", location.region, ".amazonaws.com")
        statement = allow(f"UseKeyThrough{service.title()}", _USE, self.kms_key_arn)
        return [
            {**statement, "Condition": {"StringEquals": {"kms:ViaService": via}, **(context or {})}},
        ]


NO_SAFEGUARDS: Final = Safeguards()
"""Keys of AWS, and roles limited by their policies alone."""
