"""Finds the replicas behind a name: in a cluster one name stands for the addresses of all of a slot's containers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def every_address(url: str) -> list[str]:
    """`url` once for each address that its host name stands for, in order; as it is while the name is unknown."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return [url]
    hosts = {str(address[0]) for *_, address in found}
    return sorted({f"{parts.scheme}://{host}:{parts.port}" for host in hosts})
