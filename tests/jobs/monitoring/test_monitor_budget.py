"""A day without money for language models has no pace, and the monitor goes on."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import insert

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import llm_calls
from components.config.settings import Settings
from jobs.monitoring.monitor import MonitorRequest, run_monitor
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports

PARAMS = Path(__file__).parents[3] / "params.yaml"


def test_a_budget_of_nothing_does_not_stop_the_monitor(tmp_path: Path) -> None:
    text = PARAMS.read_text()
    assert "\n  daily_budget_usd: 5.0 " in text
    (tmp_path / "params.yaml").write_text(text.replace("\n  daily_budget_usd: 5.0 ", "\n  daily_budget_usd: 0.0 "))
    admin, prefect = free_ports(2)
    settings = Settings(project=tmp_path, home=tmp_path / "home", envoy_admin_port=admin, prefect_port=prefect)
    migrate(settings.store_url)
    engine = open_engine(settings.store_url)
    call = {"call_id": "c", "called_at": time.time(), "release_id": "r", "tier": "cheap", "model": "m", "outcome": "ok"}
    tokens = {"input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 0, "latency_ms": 1.0, "cost_usd": 0.5}
    with engine.begin() as db:
        db.execute(insert(llm_calls).values(**call, **tokens))
    engine.dispose()
    ran = run_monitor(Workbench(settings), MonitorRequest(window_minutes=60, horizon_minutes=0), lambda _line: None)
    assert all("pace" not in told.message.title for told in ran.looked.told)
