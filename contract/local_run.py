"""The exception for the local run: a token issuer may be on the same machine, over plain http."""

from typing import Final

LOCAL_RUN: Final = "GTM_PIXEL_LOCAL_RUN"
"""The environment variable that only the local run sets, for the program and the functions."""

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Host names of this machine. On AWS Lambda nothing listens there, and plain http is refused."""
