"""Envoy: its bootstrap, and the route file that says which slot answers what share of the requests.

The route file is a projection of the stored routing. It is written aside and moved into place; Envoy watches the
folder and changes over without dropping a request. Four clusters exist: each slot alone, and each slot with the
other as second priority, so that a slot that has not passed its tests can never be a fallback.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.rollout.routing import SLOTS, RoutingState, Share, Slot, other, shares_of

ROUTE_TIMEOUT = "15s"
TYPE = "type.googleapis.com/envoy"
NO_RELEASE = "nothing is live yet; run `recops up`"
LOCAL_REPLY = {"error": {"code": "gateway_error", "message": "%LOCAL_REPLY_BODY%", "field": None}}


class EnvoyRouter:
    """`components.rollout.ports.Router` on files in `folder`."""

    def __init__(
        self, folder: Path, host: str, gateway_port: int, admin_port: int, slot_ports: dict[Slot, int]
    ) -> None:
        self._folder = folder
        self._host = host
        self._gateway_port = gateway_port
        self._admin_port = admin_port
        self._slot_ports = slot_ports
        self.bootstrap_file = folder / "envoy.json"
        self.route_file = folder / "routes" / "routes.json"

    def slot_port(self, slot: Slot) -> int:
        """Where the slot is looked for."""
        return self._slot_ports[slot]

    def write_bootstrap(self) -> Path:
        """Write what Envoy starts with; the routes are in a file of their own."""
        self.route_file.parent.mkdir(parents=True, exist_ok=True)
        bootstrap = {
            "node": {"id": "recops", "cluster": "recops"},
            "admin": {"address": self._address(self._admin_port)},
            "static_resources": {
                "listeners": [self._listener()],
                "clusters": [self._cluster(slot, fallback) for slot in SLOTS for fallback in (None, other(slot))],
            },
        }
        _replace(self.bootstrap_file, bootstrap)
        return self.bootstrap_file

    def project(self, read: Callable[[], RoutingState]) -> None:
        """Write the route file from what `read` returns, until nothing has changed between read and write.

        A process that was paused between the two so mends what it wrote late.
        """
        while True:
            state = read()
            _replace(self.route_file, route_file_of(state))
            if read().version == state.version:
                return

    def applied_version(self) -> int | None:
        """The version of the routing that Envoy follows now; None when Envoy does not answer."""
        url = f"http://{self._host}:{self._admin_port}/config_dump?resource=dynamic_route_configs"
        try:
            with urllib.request.urlopen(url, timeout=1.0) as reply:
                configs = json.load(reply).get("configs", [])
        except (urllib.error.URLError, OSError, ValueError):
            return None
        return int(configs[0]["version_info"]) if configs else None

    def wait_applied(self, version: int, timeout: float) -> bool:
        """Whether Envoy follows `version`, or a later one, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (applied := self.applied_version()) is None or applied < version:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def wait_healthy(self, slot: Slot, timeout: float) -> bool:
        """Whether Envoy's own health checks find the slot answering within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._is_healthy(slot):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _is_healthy(self, slot: Slot) -> bool:
        """In each cluster that begins with the slot."""
        url = f"http://{self._host}:{self._admin_port}/clusters?format=json"
        try:
            with urllib.request.urlopen(url, timeout=1.0) as reply:
                clusters = json.load(reply).get("cluster_statuses", [])
        except (urllib.error.URLError, OSError, ValueError):
            return False
        hosts = [
            host["health_status"]
            for cluster in clusters
            for host in cluster.get("host_statuses", [])
            if host["address"]["socket_address"]["port_value"] == self.slot_port(slot)
        ]
        return bool(hosts) and not any(status.get("failed_active_health_check") for status in hosts)

    def _address(self, port: int) -> dict[str, Any]:
        return {"socket_address": {"address": self._host, "port_value": port}}

    def _listener(self) -> dict[str, Any]:
        manager = {
            "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "gateway",
            "generate_request_id": True,
            "use_remote_address": True,
            "request_timeout": "30s",
            "stream_idle_timeout": "60s",
            "common_http_protocol_options": {"idle_timeout": "300s"},
            "local_reply_config": {
                "mappers": [
                    {
                        "filter": {"status_code_filter": _status_at_least(400)},
                        "body_format_override": {"json_format": LOCAL_REPLY},
                    }
                ]
            },
            "rds": {
                "route_config_name": "recops",
                "config_source": {
                    "resource_api_version": "V3",
                    "path_config_source": {
                        "path": str(self.route_file),
                        "watched_directory": {"path": str(self.route_file.parent)},
                    },
                },
            },
            "http_filters": [
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"},
                }
            ],
        }
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        return {
            "name": "gateway",
            "address": self._address(self._gateway_port),
            "per_connection_buffer_limit_bytes": 4 * 1024 * 1024,
            "filter_chains": [chain],
        }

    def _cluster(self, slot: Slot, fallback: Slot | None) -> dict[str, Any]:
        order = [slot] if fallback is None else [slot, fallback]
        return {
            "name": _cluster_name(slot, fallback),
            "type": "STATIC",
            "connect_timeout": "0.5s",
            "load_assignment": {
                "cluster_name": _cluster_name(slot, fallback),
                "endpoints": [
                    {"priority": n, "lb_endpoints": [{"endpoint": {"address": self._address(self.slot_port(s))}}]}
                    for n, s in enumerate(order)
                ],
            },
            "health_checks": [
                {
                    "timeout": "2s",
                    "interval": "1s",
                    "no_traffic_interval": "1s",
                    "unhealthy_interval": "0.2s",  # a slot that comes up is used at once
                    "unhealthy_threshold": 2,
                    "healthy_threshold": 1,
                    "http_health_check": {"path": "/readyz"},
                }
            ],
            # By default Envoy gives up beyond 3 retries at a time: when a slot dies, all its requests retry at once.
            "circuit_breakers": {
                "thresholds": [{"max_retries": 4096, "max_requests": 4096, "max_pending_requests": 4096}]
            },
            # One slow request must not take the only endpoint out: nothing is panicked into an unhealthy host.
            "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        }


def route_file_of(state: RoutingState) -> dict[str, Any]:
    """The content of the route file for this state; before the first release every request is answered with 503."""
    shares = shares_of(state)
    routes = [_feedback_route(shares), _default_route(shares)] if shares else [_nothing_live()]
    config = {
        "@type": f"{TYPE}.config.route.v3.RouteConfiguration",
        "name": "recops",
        "virtual_hosts": [{"name": "recops", "domains": ["*"], "routes": routes}],
        "request_headers_to_remove": ["x-recops-probe"],
    }
    return {"version_info": str(state.version), "resources": [config]}


def _default_route(shares: tuple[Share, ...]) -> dict[str, Any]:
    retry = {
        "retry_on": "connect-failure,refused-stream,reset",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.02s", "max_interval": "0.2s"},
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {
                "@type": f"{TYPE}.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                "update_frequency": 1,
            },
        },
    }
    return {"match": {"prefix": "/"}, "route": {**_targets(shares), "timeout": ROUTE_TIMEOUT, "retry_policy": retry}}


def _feedback_route(shares: tuple[Share, ...]) -> dict[str, Any]:
    """Feedback is sent again only when it cannot have arrived."""
    retry = {
        "retry_on": "connect-failure",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.02s", "max_interval": "0.2s"},
    }
    return {
        "match": {"path": "/feedback"},
        "route": {**_targets(shares), "timeout": ROUTE_TIMEOUT, "retry_policy": retry},
    }


def _targets(shares: tuple[Share, ...]) -> dict[str, Any]:
    clusters = [{"name": _cluster_name(share.slot, share.fallback), "weight": share.weight} for share in shares]
    return {"weighted_clusters": {"clusters": clusters}}


def _nothing_live() -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 503, "body": {"inline_string": NO_RELEASE}}}


def _cluster_name(slot: Slot, fallback: Slot | None) -> str:
    return f"{slot}_only" if fallback is None else f"{slot}_then_{fallback}"


def _status_at_least(status: int) -> dict[str, Any]:
    return {"comparison": {"op": "GE", "value": {"default_value": status, "runtime_key": "recops.local_reply"}}}


def _replace(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    aside.write_text(json.dumps(content, indent=1))
    aside.replace(path)
