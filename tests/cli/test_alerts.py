"""What `recops alerts` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.alerts import alerts
from components.adapters.store.alerts.incidents import AlertStore, Outgoing
from components.adapters.store.engine import migrate, open_engine
from jobs.errors import NothingThereError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    monkeypatch.delenv("RECOPS_ALERT_URLS", raising=False)
    return tmp_path


def test_incidents_are_listed_with_what_was_done_and_who_was_told(home: Path) -> None:
    url = f"sqlite:///{home / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    store = AlertStore(engine)
    details = {"thread": [{"at": 1.0, "text": "retrained: version 3"}]}
    assert store.open("ndcg_drop", "ndcg_drop", "warning", details, [Outgoing("json-1", "opened", {})], 4e9) is not None
    engine.dispose()
    done = CliRunner().invoke(alerts, ["list", "--json"])
    (alert,) = json.loads(done.stdout)
    assert (alert["rule"], alert["state"], alert["resolved_at"]) == ("ndcg_drop", "open", None)
    assert alert["details"]["thread"][0]["text"] == "retrained: version 3"
    assert [(row["channel"], row["delivered_at"]) for row in alert["deliveries"]] == [("json-1", None)]
    assert "retrained: version 3" in CliRunner().invoke(alerts, ["list"], env={"COLUMNS": "200"}).stdout


def test_without_a_store_it_says_how_to_start(home: Path) -> None:
    assert isinstance(CliRunner().invoke(alerts, ["list"]).exception, NothingThereError)


def test_an_address_that_is_not_understood_is_an_error_without_the_address(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOPS_ALERT_URLS", "nonsense://hunter2")
    done = CliRunner().invoke(alerts, ["test"])
    assert done.exit_code == 1
    assert "RECOPS_ALERT_URLS: address 1 (nonsense)" in done.output
    assert "hunter2" not in done.output
