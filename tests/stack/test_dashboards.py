"""The rules and every query of the dashboard, on a real Prometheus that scrapes a running stack."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.adapters.store.alerts.incidents import Alert
from monitoring.quality_metrics import write_quality_metrics
from tests.free_ports import free_ports
from tests.stack.small_stack import USERS, SmallStack

DASHBOARDS = Path(__file__).parents[2] / "monitoring" / "dashboards"

pytestmark = pytest.mark.slow


def test_promtool_accepts_the_rules() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(["promtool", "check", "rules", DASHBOARDS / "rules.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Quiet(SimpleHTTPRequestHandler):
    """Serves the monitor's file, in the place of a node exporter."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def quality_port(tmp_path: Path) -> Iterator[int]:
    alert = Alert(1, "ndcg_drop", "ndcg_drop", "warning", "open", 1, 0.0, 0.0, None, {})
    figures = {"ndcg_all": 0.1, "ndcg_engaged": 0.4, "ctr": 0.02, "drift_score": 0.1, "revenue": float("nan")}
    write_quality_metrics(
        tmp_path / "metrics", figures, [alert], {"json-1": 2}, {("monitor", "completed"): 3}, time.time()
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def prometheus(stack: SmallStack, quality_port: int, tmp_path: Path) -> Iterator[str]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    settings = stack.settings
    (port,) = free_ports(1)
    slots = [f"127.0.0.1:{settings.blue_port}", f"127.0.0.1:{settings.green_port}"]
    jobs: list[dict[str, Any]] = [
        {"job_name": "slots", "static_configs": [{"targets": slots}]},
        {
            "job_name": "envoy",
            "metrics_path": "/stats/prometheus",
            "static_configs": [{"targets": [f"127.0.0.1:{settings.envoy_admin_port}"]}],
        },
        {"job_name": "monitor", "static_configs": [{"targets": [f"127.0.0.1:{quality_port}"]}]},
    ]
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(DASHBOARDS / "rules.yml")],
        "scrape_configs": jobs,
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    yield url
    process.terminate()
    process.wait(30)


def test_every_query_of_the_dashboard_returns_data(stack: SmallStack, prometheus: str) -> None:
    dashboard = json.loads((DASHBOARDS / "grafana.json").read_text())
    queries = {target["expr"]: panel["title"] for panel in dashboard["panels"] for target in panel["targets"]}
    gateway = stack.settings.gateway_url
    deadline, without = time.monotonic() + 60, dict(queries)
    with httpx.Client(base_url=gateway, timeout=10) as client:
        while without and time.monotonic() < deadline:
            for user in USERS:
                client.post("/recommend", json={"user_id": user})
            client.post("/feedback", json={"user_id": "1", "item_id": "101", "type": "click"})
            without = {query: title for query, title in without.items() if not _answer(prometheus, query)}
            time.sleep(1)
    for query, title in queries.items():
        print(f"{len(_answer(prometheus, query)):3d} series  {title}: {query}")
    assert not without


def _answer(prometheus: str, query: str) -> list[Any]:
    """Series with a number in them."""
    try:
        reply = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=10)
    except httpx.HTTPError:
        return []
    assert reply.status_code != 400, f"{query}: {reply.text}"
    if reply.status_code != 200:
        return []
    return [each for each in reply.json()["data"]["result"] if each["value"][1] != "NaN"]
