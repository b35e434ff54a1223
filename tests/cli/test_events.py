"""The commands on the event store: count, prune, export, backup, restore, forget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from cli.main import recops
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import call
from tests.free_ports import free_ports
from tests.worlds import make_bundle

LIKES = [{"user_id": "newcomer", "item_id": item, "type": "click", "event_id": item} for item in ("101", "104")]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    blue, green = free_ports(2)
    settings = Settings(home=tmp_path / "home", slot="blue", blue_port=blue, green_port=green)
    migrate(settings.store_url)
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(name="default", routing=RoutingConfig(cold_start_threshold=5, candidates=100))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    return settings


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("RECOPS_HOME", str(settings.root))
    monkeypatch.setenv("RECOPS_BLUE_PORT", str(settings.blue_port))
    monkeypatch.setenv("RECOPS_GREEN_PORT", str(settings.green_port))
    yield settings.root


def run(*arguments: str) -> Result:
    return CliRunner().invoke(recops, arguments, standalone_mode=False, catch_exceptions=False)


def answers(settings: Settings, src: Path) -> list[dict[str, object]]:
    """What the service says to somebody whom only the store knows, and to somebody of the training data."""
    app = build_app(settings, src)
    bodies = [call(app, "POST", "/recommend", {"user_id": user, "k": 5}).json for user in ("newcomer", "8")]
    app.close()
    return [{key: body[key] for key in ("items", "route", "degraded")} for body in bodies]


def test_a_restored_backup_answers_the_same(settings: Settings, home: Path, tmp_path: Path) -> None:
    app = build_app(settings, tmp_path / "src")
    assert call(app, "POST", "/feedback", LIKES).json["accepted"] == 2
    app.close()
    before = answers(settings, tmp_path / "src")
    assert before[0]["route"] == "fold_in"
    folder = str(tmp_path / "backup")
    assert "2 feedback" in run("backup", folder).output
    assert "came back the same" in run("restore", folder, "--drill").output
    for file in settings.root.glob("events.db*"):
        file.unlink()
    migrate(settings.store_url)
    assert answers(settings, tmp_path / "src")[0]["route"] == "popularity"
    assert run("restore", folder, "--replace").output.startswith("restored")
    assert answers(settings, tmp_path / "src") == before


def test_a_forgotten_user_is_a_stranger_again(settings: Settings, home: Path, tmp_path: Path) -> None:
    stranger = answers(settings, tmp_path / "src")[0]
    app = build_app(settings, tmp_path / "src")
    call(app, "POST", "/feedback", LIKES)
    call(app, "POST", "/recommend", {"user_id": "newcomer", "k": 5})
    app.close()
    assert answers(settings, tmp_path / "src")[0] != stranger
    forgotten = json.loads(run("forget", "newcomer", "--json").output)
    assert (forgotten["feedback"], forgotten["requests"]) == (2, 3)
    assert answers(settings, tmp_path / "src")[0] == stranger


def test_what_is_stored_can_be_exported_counted_and_pruned(settings: Settings, home: Path, tmp_path: Path) -> None:
    app = build_app(settings, tmp_path / "src")
    call(app, "POST", "/feedback", LIKES)
    body = call(app, "POST", "/recommend", {"user_id": "8", "k": 3}).json
    app.close()
    run("export", str(tmp_path / "out"))
    shown = pd.read_parquet(tmp_path / "out" / "impressions.parquet")
    assert list(shown["item_id"]) == [item["item_id"] for item in body["items"]]
    ids = pd.read_parquet(tmp_path / "out" / "feedback.parquet")["event_id"]
    assert [each.partition("~")[0] for each in ids] == ["101", "104"]
    assert "0 rows" in run("export", str(tmp_path / "none"), "--table", "feedback", "--until", "2020-01-01").output
    assert json.loads(run("events", "count", "--json").output)["feedback"] == 2
    assert json.loads(run("events", "prune", "--json").output) == {
        "deleted": dict.fromkeys(
            [
                "impressions",
                "requests",
                "llm_calls",
                "shadow_results",
                "alerts",
                "alert_silences",
                "conversations",
                "evaluations",
                "hourly_rollups",
            ],
            0,
        ),
        "kept_unread": 0,
    }
