"""The cluster's gateway as router, against a server that keeps one HTTPRoute as the Kubernetes API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.adapters.envoy.gateway_api_router import Cluster, GatewayApiRouter, cluster_of_pod
from components.rollout.ports import StepFailed
from components.rollout.routing import RoutingState

PATH = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/recops"


class Api(ThreadingHTTPServer):
    """Refuses a write that was not made from the newest version of the object, and any without the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.conflicts = 0
        self.route: dict[str, Any] = {
            "metadata": {"name": "recops", "resourceVersion": "1", "generation": 1},
            "spec": {
                "rules": [
                    {
                        "backendRefs": [
                            {"name": "recops-blue", "port": 3001, "weight": 100},
                            {"name": "recops-green", "port": 3002, "weight": 0},
                        ]
                    }
                ]
            },
        }

    def accept(self) -> None:
        condition = {"type": "Accepted", "status": "True", "observedGeneration": self.route["metadata"]["generation"]}
        self.route["status"] = {"parents": [{"conditions": [condition]}]}

    @property
    def weights(self) -> dict[str, int]:
        return {each["name"]: each["weight"] for each in self.route["spec"]["rules"][0]["backendRefs"]}


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._reply(self.server.route)

    def do_PUT(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        now = self.server.route["metadata"]
        if self.server.conflicts or sent["metadata"]["resourceVersion"] != now["resourceVersion"]:
            self.server.conflicts -= 1
            self._reply({"reason": "Conflict"}, 409)
            return
        sent["metadata"]["resourceVersion"] = str(int(now["resourceVersion"]) + 1)
        sent["metadata"]["generation"] += 1
        self.server.route = sent
        self._reply(sent)

    def _reply(self, body: dict[str, Any], status: int = 200) -> None:
        if self.headers["authorization"] != "Bearer known" or self.path != PATH:
            body, status = {"reason": "Forbidden"}, 403
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def router(api: Api, account: str = "known") -> GatewayApiRouter:
    url = f"http://127.0.0.1:{api.server_address[1]}"
    return GatewayApiRouter(Cluster(url, {"authorization": f"Bearer {account}"}), "shop/recops")


def state(version: int, canary_weight: int = 0, live: str = "green") -> RoutingState:
    return RoutingState(
        epoch=1,
        version=version,
        live_slot=live,  # type: ignore[arg-type]
        live_weight=100,
        standby_ready=False,
        releases={"blue": "release-1", "green": "release-2"},
        should_run={"blue": True, "green": True},
        canary_weight=canary_weight,
    )


def test_the_route_gets_the_weights_of_the_stored_state_and_a_canary_its_share(api: Api) -> None:
    router(api).project(lambda: state(7))
    assert api.weights == {"recops-blue": 0, "recops-green": 100}
    router(api).project(lambda: state(8, canary_weight=25))
    assert api.weights == {"recops-blue": 25, "recops-green": 75}


def test_a_version_counts_as_applied_once_the_gateway_has_accepted_what_was_written(api: Api) -> None:
    api.accept()
    router(api).project(lambda: state(7))
    assert not router(api).wait_applied(7, 0.0)
    api.accept()
    assert router(api).wait_applied(7, 0.0)
    assert not router(api).wait_applied(8, 0.0)


def test_a_write_that_meets_another_is_made_again_from_the_newest_object(api: Api) -> None:
    api.conflicts = 2
    router(api).project(lambda: state(7))
    assert api.weights == {"recops-blue": 0, "recops-green": 100}


def test_a_state_that_changed_while_it_was_written_is_written_again(api: Api) -> None:
    states = iter([state(7), state(8, live="blue"), state(8, live="blue"), state(8, live="blue")])
    router(api).project(lambda: next(states))
    assert api.weights == {"recops-blue": 100, "recops-green": 0}


def test_a_refusal_says_what_the_api_said_and_shows_no_token(api: Api) -> None:
    with pytest.raises(StepFailed, match="403") as refused:
        router(api, "stolen").project(lambda: state(7))
    assert "stolen" not in str(refused.value)


def test_outside_a_cluster_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="RECOPS_ROUTER"):
        cluster_of_pod({}, tmp_path)
    (tmp_path / "token").write_text("known\n")
    found = cluster_of_pod({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path)
    assert found.url == "https://10.0.0.1:443"
    assert found.headers == {"authorization": "Bearer known"}
