"""Once there is an operator's key, nothing is changed without one, and all of it can be read afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.audit import audit
from cli.backup import backup
from cli.events import events
from cli.export import export
from cli.forget import forget
from cli.keys import keys
from cli.restore import restore
from cli.rollback import rollback

REFUSED = "needs the key of an operator"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECOPS_KEYS", "on")
    return tmp_path


@pytest.fixture
def operator(home: Path) -> str:
    """The key of one, and a store in which there is something to take back."""
    return run(keys, "make", "ann", "--role", "operator").stdout.strip()


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def commands(home: Path, key_id: str) -> dict[str, tuple[click.Command, tuple[str, ...]]]:
    return {
        "rollback": (rollback, ()),
        "forget": (forget, ("8",)),
        "restore": (restore, (str(home / "saved"), "--replace")),
        "keys make": (keys, ("make", "eve", "--role", "operator")),
        "keys rotate": (keys, ("rotate", key_id)),
        "events prune": (events, ("prune",)),
        "export": (export, (str(home / "out"),)),
        "backup": (backup, (str(home / "stolen"),)),
        "keys revoke": (keys, ("revoke", key_id)),
    }


@pytest.mark.parametrize("shown", [None, "rk_0", "server"])
def test_nobody_changes_or_takes_anything_without_the_key_of_an_operator(
    home: Path, operator: str, shown: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOPS_OPERATOR_KEY", operator)
    server = run(keys, "make", "shop").stdout.strip()
    assert run(backup, str(home / "saved")).exit_code == 0
    monkeypatch.setenv("RECOPS_KEYS", "off")  # what the environment says takes no lock off
    monkeypatch.setenv("RECOPS_OPERATOR_KEY", server if shown == "server" else shown or "")
    before = run(keys, "list", "--json").stdout
    tried = commands(home, operator.split("_")[1])
    for command, arguments in tried.values():
        result = run(command, *arguments)
        assert result.exit_code == 1
        assert REFUSED in result.output
    assert run(keys, "list", "--json").stdout == before
    assert not (home / "stolen").exists()
    assert not (home / "out").exists()
    entries = json.loads(run(audit, "--json", "--newest", str(len(tried))).stdout)
    assert [entry["action"] for entry in entries] == [f"refused: {name}" for name in tried]


def test_with_the_key_everything_is_done_and_noted(home: Path, operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOPS_OPERATOR_KEY", operator)
    assert run(backup, str(home / "saved")).exit_code == 0
    assert run(restore, str(home / "saved"), "--replace").exit_code == 0
    shop = run(keys, "make", "shop").stdout.split("_")[1]
    assert run(keys, "revoke", shop).exit_code == 0
    entries = json.loads(run(audit, "--json").stdout)
    assert [entry["action"] for entry in entries] == [
        *("keys make", "key made"),
        *("backup", "restore"),
        *("keys make", "key made", "keys revoke", "key revoked"),
    ]
    assert all(f"with key ann ({operator.split('_')[1]})" in entry["by"] for entry in entries[2:])


def test_a_key_that_was_taken_back_or_is_over_does_nothing(
    home: Path, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOPS_OPERATOR_KEY", operator)
    run(keys, "make", "ben", "--role", "operator")
    assert run(keys, "revoke", operator.split("_")[1]).exit_code == 0
    assert REFUSED in run(forget, "8").output


def test_a_machine_of_ones_own_needs_no_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOPS_KEYS", "auto")
    assert run(keys, "make", "shop").exit_code == 0
    assert run(backup, str(home / "saved")).exit_code == 0
    assert run(audit).exit_code == 0


def test_with_keys_on_the_first_key_of_an_operator_comes_first(home: Path) -> None:
    assert run(keys, "make", "shop").exit_code == 0
    assert "--role operator" in run(backup, str(home / "saved")).output
