"""Envoy: its bootstrap, how it is told the routes, and what it says of the slots.

The route file (components/adapters/envoy/routes.py) is a projection of the stored routing. It is written aside and
moved into place; Envoy watches the folder and changes over without dropping a request. Four clusters exist: each slot
alone, and each slot with the other as second priority, so that a slot that has not passed its tests can never be a
fallback. A slot may have several endpoints, its replicas.
Past 250 lines, as the bootstrap names the clusters and listeners that the rest speaks to.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from components.adapters.envoy.admin_pages import admin_address, admin_cluster, admin_listener
from components.adapters.envoy.console_routes import console_cluster
from components.adapters.envoy.rate_limit import rate_limit_filters, retry_after
from components.adapters.envoy.routes import TYPE, buffer_filter, cluster_name, lua_filter, route_file_of
from components.rollout.ports import Counts, StepFailed
from components.rollout.routing import SLOTS, RoutingState, Slot, other

Endpoint = tuple[str, int]
"""Host and port of one replica of a slot."""
MAX_CONNECTIONS = 10_000
"""Of clients; further ones are closed at once, so that none takes the files of the others."""
ONE_OF_TEN = 1000
"""Per cent by which healthy replicas count: one of ten still gets all that is its slot's. By Envoy's own 140, a release
that is not live would answer three of ten requests as soon as one of two replicas starts anew."""
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
LOCAL_REPLY = {"error": {"code": "gateway_error", "message": "%LOCAL_REPLY_BODY%", "field": None}}


class EnvoyRouter:
    """`components.rollout.ports.Router` on files in `folder`.

    `host` is what Envoy listens on; `admin_host` is where it is reached from here, if that is elsewhere. Its admin
    interface is at `admin_socket`, and what of it may be read at `admin_port`. `per_address_minute` is how many
    requests of one address are handed on; None hands on all. Without
    `console` no route leads to one.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        gateway_port: int,
        admin_port: int,
        endpoints: dict[Slot, Sequence[Endpoint]],
        admin_host: str | None = None,
        admin_socket: Path | None = None,
        per_address_minute: float | None = None,
        console: Endpoint | None = None,
    ) -> None:
        self._folder = folder
        self._host = host
        self._gateway_port = gateway_port
        self._admin_port = admin_port
        self._endpoints = endpoints
        self._admin_host = admin_host or host
        self._per_address_minute = per_address_minute
        self._admin_socket = admin_socket or folder / "admin.sock"
        self._console = console
        self.bootstrap_file = folder / "envoy.json"
        self.route_file = folder / "routes" / "routes.json"

    def write_bootstrap(self) -> Path:
        """Write what Envoy starts with; the routes are in a file of their own."""
        self.route_file.parent.mkdir(parents=True, exist_ok=True)
        bootstrap = {
            "node": {"id": "recops", "cluster": "recops"},
            "admin": {"address": admin_address(self._admin_socket)},
            "overload_manager": {"resource_monitors": [_connection_limit()]},
            "static_resources": {
                "listeners": [
                    self._listener(),
                    admin_listener(self._address(self._admin_port), self._admin_names()),
                ],
                "clusters": [
                    *(self._cluster(slot, fallback) for slot in SLOTS for fallback in (None, other(slot))),
                    admin_cluster(self._admin_socket),
                    *([console_cluster(*self._console)] if self._console else []),
                ],
            },
        }
        _replace(self.bootstrap_file, bootstrap)
        return self.bootstrap_file

    def project(self, read: Callable[[], RoutingState]) -> None:
        """Write the route file from what `read` returns, until nothing has changed between read and write.

        A process that was paused between the two so mends what it wrote late.

        Raises:
            StepFailed: the file cannot be written.
        """
        while True:
            state = read()
            try:
                _replace(self.route_file, route_file_of(state, self._console is not None, self._has_replicas))
            except OSError as error:
                raise StepFailed(f"the gateway's route file {self.route_file} cannot be written: {error}") from error
            if read().version == state.version:
                return

    def applied_version(self) -> int | None:
        """The version of the routing that Envoy follows now; None when Envoy does not answer."""
        found = self._ask("/config_dump?resource=dynamic_route_configs")
        configs = found.get("configs") if found else None
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

    def wait_drained(self, slot: Slot, timeout: float) -> bool:
        """Whether no request is under way to the slot, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while any(_number(host, "rq_active") for host in self._hosts_of(slot)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def counts(self) -> dict[Slot, Counts] | None:
        """Requests sent to each slot, and those it answered with a 5xx or not at all; None when Envoy does not say.

        By host, not by cluster: what a slot failed to answer counts against it also when the other one stood in.
        """
        if self._ask("/clusters?format=json") is None:
            return None
        counts: dict[Slot, Counts] = {}
        for slot in SLOTS:
            hosts = self._hosts_of(slot)
            failed = sum(_number(host, "rq_error") for host in hosts)
            counts[slot] = Counts(sum(_number(host, "rq_success") for host in hosts) + failed, failed)
        return counts

    def answers(self) -> bool:
        """Whether the gateway says anything at all, an error too; one whose listeners were drained does not."""
        try:
            urllib.request.urlopen(f"http://{self._admin_host}:{self._gateway_port}/livez", timeout=2.0).close()
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _is_healthy(self, slot: Slot) -> bool:
        """Every endpoint, in each cluster that it is part of."""
        hosts = self._hosts_of(slot)
        return bool(hosts) and not any(host["health_status"].get("failed_active_health_check") for host in hosts)

    def _hosts_of(self, slot: Slot) -> list[dict[str, Any]]:
        """What Envoy says of each endpoint of the slot, once for each cluster; empty when it does not answer."""
        found = self._ask("/clusters?format=json") or {}
        return [
            host
            for cluster in found.get("cluster_statuses", [])
            for host in cluster.get("host_statuses", [])
            if _belongs(host, cluster["name"], slot)
        ]

    def _ask(self, page: str) -> dict[str, Any] | None:
        """A page of Envoy's administration, or None."""
        try:
            with urllib.request.urlopen(f"http://{self._admin_host}:{self._admin_port}{page}", timeout=1.0) as reply:
                return dict(json.load(reply))
        except (OSError, ValueError):
            return None

    def _admin_names(self) -> list[str]:
        names = dict.fromkeys((self._admin_host, self._host, *LOCAL_NAMES))
        return [f"{name}:{self._admin_port}" for name in names]

    def _address(self, port: int) -> dict[str, Any]:
        return _socket_address((self._host, port))

    def _listener(self) -> dict[str, Any]:
        manager = {
            "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "gateway",
            "generate_request_id": True,
            "use_remote_address": True,
            "request_timeout": "30s",
            "request_headers_timeout": "10s",
            "stream_idle_timeout": "60s",
            "common_http_protocol_options": {"idle_timeout": "300s"},
            "local_reply_config": {
                "mappers": [
                    {**retry_after(), "body_format_override": {"json_format": LOCAL_REPLY}},
                    {
                        "filter": {"status_code_filter": _status_at_least(400)},
                        "body_format_override": {"json_format": LOCAL_REPLY},
                    },
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
                *(() if self._per_address_minute is None else rate_limit_filters(self._per_address_minute)),
                buffer_filter(),
                lua_filter(),
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"},
                },
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
            "name": cluster_name(slot, fallback),
            "type": "STATIC" if self._are_addresses(order) else "STRICT_DNS",
            "connect_timeout": "0.5s",
            "load_assignment": {
                "cluster_name": cluster_name(slot, fallback),
                "policy": {"overprovisioning_factor": ONE_OF_TEN},
                "endpoints": [
                    {
                        "priority": n,
                        "lb_endpoints": [
                            {"endpoint": {"address": _socket_address(each), "hostname": s}}
                            for each in self._endpoints[s]
                        ],
                    }
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
                "thresholds": [
                    dict.fromkeys(("max_retries", "max_requests", "max_pending_requests", "max_connections"), 4096)
                ]
            },
            # One slow request must not take the only endpoint out: nothing is panicked into an unhealthy host.
            "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        }

    @property
    def _has_replicas(self) -> bool:
        """Whether a slot has several; a name may stand for several addresses."""
        return not self._are_addresses(list(SLOTS)) or any(len(each) > 1 for each in self._endpoints.values())

    def _are_addresses(self, slots: list[Slot]) -> bool:
        try:
            return all(ipaddress.ip_address(host) for slot in slots for host, _ in self._endpoints[slot])
        except ValueError:
            return False


def _socket_address(endpoint: Endpoint) -> dict[str, Any]:
    return {"socket_address": {"address": endpoint[0], "port_value": endpoint[1]}}


def _connection_limit() -> dict[str, Any]:
    kind = f"{TYPE}.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    config = {"@type": kind, "max_active_downstream_connections": MAX_CONNECTIONS}
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": config}


def _belongs(host: dict[str, Any], cluster: str, slot: Slot) -> bool:
    """Whether it is an endpoint of the slot: of the cluster's first priority, or of its second."""
    first, _, second = cluster.partition("_then_")
    return slot == (second if host.get("priority", 0) else first.removesuffix("_only"))


def _number(host: dict[str, Any], name: str) -> int:
    return next((int(each.get("value", 0)) for each in host.get("stats", []) if each["name"] == name), 0)


def _status_at_least(status: int) -> dict[str, Any]:
    return {"comparison": {"op": "GE", "value": {"default_value": status, "runtime_key": "recops.local_reply"}}}


def _replace(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    aside.write_text(json.dumps(content, indent=1))
    aside.replace(path)
