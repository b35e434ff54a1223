"""Says whether a TCP port is taken."""

from __future__ import annotations

import socket


def is_taken(host: str, port: int) -> bool:
    """Whether something listens there, or holds the port so that we could not."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
