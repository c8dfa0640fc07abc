"""Amazon CloudWatch: where the functions publish their metrics."""

from typing import Final

NAMESPACE: Final = "gtm-pixel"

SERVICE: Final = "service"
"""The dimension of every metric. Its value, `PROJECT-STACK`, keeps the stacks of one account apart."""
