"""`recops open`, `recops explain` and `recops doctor` say what they found, and the next step where it is not well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.doctor import doctor
from cli.explain import explain
from cli.open import open_console
from tests.console.small_console import SmallConsole, empty_store


@pytest.fixture
def recops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Over an empty store; no process of a stack runs."""
    (tmp_path / "events.db").write_bytes(empty_store())
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "run"))
    return CliRunner()


def states(result: Result) -> dict[str, str]:
    return {each["name"]: each["state"] for each in json.loads(result.output)}


def test_a_stack_that_does_not_run_is_ill_and_its_mend_is_named(recops: CliRunner) -> None:
    result = recops.invoke(doctor, ["--json"])
    found = states(result)
    assert result.exit_code == 1
    assert (found["Python"], found["stack"], found["event store"], found["live release"]) == (
        "well",
        "ill",
        "well",
        "ill",
    )
    assert "→ `make up`" in recops.invoke(doctor, []).output


def test_a_machine_without_a_compiler_is_ill(
    recops: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert states(recops.invoke(doctor, ["--json"]))["C++ compiler"] == "well"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert states(recops.invoke(doctor, ["--json"]))["C++ compiler"] == "ill"


def test_keys_that_are_asked_for_and_not_there_are_ill(recops: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(recops.invoke(doctor, ["--json"]))["keys"] == "well"
    monkeypatch.setenv("RECOPS_KEYS", "on")
    assert states(recops.invoke(doctor, ["--json"]))["keys"] == "ill"


def test_a_slot_that_should_answer_and_does_not_is_ill(recops: CliRunner, tmp_path: Path) -> None:
    console = SmallConsole(tmp_path)
    console.promote()
    console.close()
    result = recops.invoke(doctor, ["--json"])
    (slot,) = [each for each in json.loads(result.output) if each["name"] == "slot blue"]
    assert slot["state"] == "ill"
    assert "recops reconcile" in slot["mend"]
    result = recops.invoke(explain, ["1", "541"])
    assert result.exit_code == 1
    assert "blue does not say" in result.output


def test_without_a_gateway_there_is_nothing_to_open(recops: CliRunner) -> None:
    result = recops.invoke(open_console, ["--print"])
    assert result.exit_code == 1
    assert "`make up` starts the stack" in result.output
