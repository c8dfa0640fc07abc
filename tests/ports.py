"""Ports that refuse connections for as long as a test needs them to.

A port that a server has freed, or a number that nobody is known to use, may be another process's a moment
later.
"""

import socket
from typing import Final


def hold(port: int = 0) -> socket.socket:
    """Keep a port, by default any free one, from everybody until the socket is closed.

    It is bound, so nobody else gets it, and nobody listens, so connections are refused.
    """
    held = socket.socket()
    # Connections of a server that was there before may still be waiting for their end.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held


_HELD = hold()

NOBODY: Final = f"http://127.0.0.1:{_HELD.getsockname()[1]}"
"""Where nobody listens. Each process has its own, so it cannot be part of a test's id."""
