"""The cluster's gateway as router: writes the shares of the slots into an HTTPRoute of the Kubernetes Gateway API.

Its weights hold for each request, not for each user: during a canary a user may be answered by either release. Where
that matters, put Envoy (`envoy_router`) behind the cluster's gateway instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from components.rollout.ports import Counts, StepFailed
from components.rollout.routing import SLOTS, RoutingState, Slot, shares_of

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
VERSION = "recops/routing-version"
CONFLICT = 409
ATTEMPTS = 5
TIMEOUT = httpx.Timeout(5.0)
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Cluster:
    """Where the Kubernetes API answers, and how one proves who one is."""

    url: str
    headers: Mapping[str, str]
    certificates: str | bool = True


def cluster_of_pod(environ: Mapping[str, str], account: Path = ACCOUNT) -> Cluster:
    """The cluster that this process runs in.

    Raises:
        StepFailed: it runs in none.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT", "443")
    token = account / "token"
    if not host or not token.is_file():
        raise StepFailed("this is no pod of a cluster: RECOPS_ROUTER=gateway_api works in one only; use envoy")
    headers = {"authorization": f"Bearer {token.read_text().strip()}"}
    return Cluster(f"https://{host}:{port}", headers, str(account / "ca.crt"))


class GatewayApiRouter:
    """`components.rollout.ports.Router` on the HTTPRoute `namespace/name`, with services `recops-blue` and -green."""

    def __init__(self, cluster: Cluster, route: str) -> None:
        namespace, _, name = route.partition("/")
        self._cluster = cluster
        self._path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes/{name}"

    def project(self, read: Callable[[], RoutingState]) -> None:
        """Write the weights, until nothing has changed between read and write.

        Raises:
            StepFailed: the API does not take them.
        """
        for _ in range(ATTEMPTS):
            state = read()
            if self._write(state) and read().version == state.version:
                return
        raise StepFailed(f"the route {self._path} changes faster than it can be written; run `recops reconcile`")

    def wait_healthy(self, slot: Slot, timeout: float) -> bool:  # noqa: ARG002 - probes decide, and cannot be asked
        """The cluster's own readiness probes decide, and each replica has been asked before."""
        return True

    def wait_applied(self, version: int, timeout: float) -> bool:
        """Whether the gateway has accepted this version of the weights, or a later one, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (applied := self.applied_version()) is None or applied < version:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def applied_version(self) -> int | None:
        """The version that the gateway has accepted; None when it has not, or the API does not answer."""
        try:
            route = self._call("GET").json()
        except StepFailed:
            return None
        metadata = route["metadata"]
        written = metadata.get("annotations", {}).get(VERSION)
        return int(written) if written is not None and _is_accepted(route, metadata.get("generation", 0)) else None

    def wait_drained(self, slot: Slot, timeout: float) -> bool:  # noqa: ARG002 - the same for both
        """Nothing tells what is under way: wait as long as the longest answer may take, within `timeout`."""
        time.sleep(min(timeout, 2.0))
        return True

    def counts(self) -> dict[Slot, Counts] | None:
        """The Gateway API has no counters: a canary is judged by the event store alone."""
        return None

    def _write(self, state: RoutingState) -> bool:
        """Whether the route was written; False when somebody else wrote it at the same moment."""
        route = self._call("GET").json()
        weights = {share.slot: share.weight for share in shares_of(state)}
        for rule in route["spec"]["rules"]:
            for backend in rule.get("backendRefs", []):
                slot = next((each for each in SLOTS if backend["name"] == f"recops-{each}"), None)
                if slot is not None:
                    backend["weight"] = weights.get(slot, 0)
        route["metadata"].setdefault("annotations", {})[VERSION] = str(state.version)
        return self._call("PUT", route).status_code != CONFLICT

    def _call(self, method: str, body: Any = None) -> httpx.Response:
        try:
            with httpx.Client(verify=self._cluster.certificates, timeout=TIMEOUT) as client:
                reply = client.request(
                    method, self._cluster.url + self._path, json=body, headers=dict(self._cluster.headers)
                )
        except (httpx.HTTPError, OSError) as error:
            raise StepFailed(f"the Kubernetes API does not answer at {self._cluster.url}: {error}") from error
        if reply.status_code >= 400 and not (method == "PUT" and reply.status_code == CONFLICT):
            raise StepFailed(
                f"the Kubernetes API answers {reply.status_code} to {method} {self._path}: {reply.text[:300]}"
            )
        return reply


def _is_accepted(route: dict[str, Any], generation: int) -> bool:
    parents = route.get("status", {}).get("parents", [])
    accepted = [
        condition["status"] == "True" and condition.get("observedGeneration", generation) >= generation
        for parent in parents
        for condition in parent.get("conditions", [])
        if condition["type"] == "Accepted"
    ]
    return bool(accepted) and all(accepted)
