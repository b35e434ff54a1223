from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.logs import logs


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "envoy.log").write_text("one\ntwo\nthree\n")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(logs, list(arguments))


def test_the_last_lines_are_printed_as_many_as_asked_for() -> None:
    assert run("envoy").output == "one\ntwo\nthree\n"
    assert run("envoy", "-n", "2").output == "two\nthree\n"
    assert run("envoy", "-n", "0").output == ""


def test_fewer_than_no_lines_are_refused() -> None:
    done = run("envoy", "-n", "-1")
    assert done.exit_code == 2
    assert "-1 is not in the range x>=0" in done.output
