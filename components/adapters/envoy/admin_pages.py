"""The listener that shows Envoy's admin pages: to be read, not to be acted on.

Envoy's own admin interface takes a POST from anybody, a page in a browser too, and `/drain_listeners` or
`/quitquitquit` end the gateway. So it listens on a Unix socket, and this listener hands on what only reads, to who asks
under a name of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

TYPE = "type.googleapis.com/envoy"
CLUSTER = "admin_socket"
PAGES = ("/clusters", "/config_dump", "/stats", "/stats/prometheus", "/ready", "/server_info")


def admin_address(socket: Path) -> dict[str, Any]:
    """Where Envoy's own interface listens: a socket of this user alone."""
    return {"pipe": {"path": str(socket), "mode": 0o600}}


def admin_cluster(socket: Path) -> dict[str, Any]:
    """The interface as a cluster."""
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": {"cluster_name": CLUSTER, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def admin_listener(address: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Hands GETs of `PAGES` on where the host is one of `names` (each with its port), and refuses the rest with 403."""
    reading: list[dict[str, Any]] = [{"name": ":method", "string_match": {"exact": "GET"}}]
    foreign: dict[str, Any] = {"name": "origin", "present_match": True, "invert_match": True}
    pages = [
        {"match": {"path": page, "headers": [*reading, foreign]}, "route": {"cluster": CLUSTER, "timeout": "10s"}}
        for page in PAGES
    ]
    refused = {"match": {"prefix": "/"}, "direct_response": {"status": 403}}
    hosts = [
        {"name": "ours", "domains": list(names), "routes": [*pages, refused]},
        {"name": "others", "domains": ["*"], "routes": [refused]},
    ]
    router = {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"}
    manager = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "admin_pages",
        "route_config": {"name": "admin_pages", "virtual_hosts": hosts},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": "admin_pages", "address": address, "filter_chains": [chain]}
