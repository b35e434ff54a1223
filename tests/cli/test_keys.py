"""Keys by hand, and a stack that opens to other machines only with them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.keys import keys
from components.config.settings import Settings, SettingsError
from jobs.access.manage_keys import make
from jobs.stack.check_keys import check_keys
from jobs.wiring.workbench import Workbench


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(keys, list(arguments), catch_exceptions=False)


def test_a_key_is_shown_once_and_its_life_is_listed(home: Path) -> None:
    made = run("make", "shop", "--role", "client", "--days", "30")
    text, key_id = made.stdout.strip(), made.stdout.split("_")[1]
    assert made.exit_code == 0
    assert "sign tokens" in made.stderr
    assert stat.S_IMODE((home / "stack-secret").stat().st_mode) == 0o600
    fresh = run("rotate", key_id).stdout.strip()
    assert fresh != text
    assert run("revoke", key_id).exit_code == 0
    assert run("revoke", key_id).exit_code == 1
    listed = json.loads(run("list", "--json").stdout)
    assert [(key["name"], key["role"], key["revoked_at"] is None) for key in listed] == [
        ("shop", "client", False),
        ("shop", "client", True),
    ]
    assert text not in run("list").stdout
    assert text.rpartition("_")[2] not in run("list", "--json").stdout


@pytest.mark.parametrize(
    ("host", "keys", "with_key", "said"),
    [
        ("127.0.0.1", "auto", False, "keys: off"),
        ("localhost", "auto", False, "keys: off"),
        ("127.0.0.1", "on", True, "keys: on, 1 good"),
        ("192.0.2.1", "auto", True, "keys: on, 1 good"),
        ("127.0.0.1", "on", False, None),
        ("192.0.2.1", "auto", False, None),
        ("192.0.2.1", "off", True, None),
        ("gateway.example", "off", True, None),
    ],
)
def test_a_stack_beyond_this_machine_needs_a_key(
    tmp_path: Path, host: str, keys: str, with_key: bool, said: str | None
) -> None:
    bench = Workbench(Settings.model_validate({"home": tmp_path, "host": host, "keys": keys}))
    bench.store.migrate()
    if with_key:
        make(bench, "shop", "server", None, 1.0, "test")
    try:
        if said is None:
            with pytest.raises(SettingsError):
                check_keys(bench)
        else:
            assert check_keys(bench).startswith(said)
    finally:
        bench.close()
