"""What is different in the local run: an issuer of tokens may be on the same machine, over plain http."""

from typing import Final

LOCAL_RUN: Final = "GTM_PIXEL_LOCAL_RUN"
"""The environment variable that only the local run sets, for the program and the functions."""

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are this machine. On AWS Lambda nothing listens there, and plain http is refused."""
