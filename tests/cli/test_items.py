"""Items are switched off and on by hand, and the list says which are off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.audit import audit
from cli.items import items


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(items, list(arguments), catch_exceptions=False)


def listed() -> list[tuple[str, str, bool]]:
    return [
        (each["item_id"], each["reason"], each["until"] is None) for each in json.loads(run("list", "--json").stdout)
    ]


@pytest.mark.usefixtures("home")
def test_items_go_off_and_come_back() -> None:
    assert run("off", "318", "541", "--reason", "sold out").exit_code == 0
    assert run("off", "7", "--until", "2999-01-01").exit_code == 0
    assert listed() == [("318", "sold out", True), ("541", "sold out", True), ("7", "", False)]
    assert "2999-01-01" in run("list").stdout
    assert "1 of 2 were off" in run("on", "318", "1").stdout
    assert [item_id for item_id, *_ in listed()] == ["541", "7"]


@pytest.mark.usefixtures("home")
def test_a_moment_that_is_over_is_refused() -> None:
    refused = run("off", "318", "--until", "2000-01-01")
    assert refused.exit_code == 1
    assert "--until" in refused.stderr
    assert listed() == []


@pytest.mark.usefixtures("home")
def test_the_log_holds_who_switched_what_off_and_why() -> None:
    run("off", "318", "--reason", "sold out")
    run("on", "318")
    told = json.loads(CliRunner().invoke(audit, ["--json"], catch_exceptions=False).stdout)
    assert [(each["action"], each["details"]["item_ids"]) for each in told] == [
        ("items off", ["318"]),
        ("items on", ["318"]),
    ]
    assert told[0]["details"]["reason"] == "sold out"
