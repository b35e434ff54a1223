"""The routes and the cluster of the console: what is below `/console` goes there, and the bare address leads to it."""

from __future__ import annotations

import ipaddress
from typing import Any

CLUSTER = "console"
PATH = "/console"
TIMEOUT = "65s"
"""Above what going back to a release that has to be started may take."""


def console_routes() -> list[dict[str, Any]]:
    """What comes before the routes of the slots; a POST to the bare address stays theirs."""
    reading = {"name": ":method", "string_match": {"exact": "GET"}}
    return [
        {"match": {"path": "/", "headers": [reading]}, "redirect": {"path_redirect": PATH, "response_code": "FOUND"}},
        {"match": {"path_separated_prefix": PATH}, "route": {"cluster": CLUSTER, "timeout": TIMEOUT}},
    ]


def console_cluster(host: str, port: int) -> dict[str, Any]:
    """The console's process; a name is looked up again and again, as a container may come back elsewhere."""
    address = {"socket_address": {"address": host, "port_value": port}}
    endpoint = {"lb_endpoints": [{"endpoint": {"address": address}}]}
    return {
        "name": CLUSTER,
        "type": "STATIC" if _is_address(host) else "STRICT_DNS",
        "connect_timeout": "0.5s",
        "load_assignment": {"cluster_name": CLUSTER, "endpoints": [endpoint]},
    }


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
