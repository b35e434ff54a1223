"""Laws of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, sections
from cli.main import recops as root
from tests.free_ports import free_ports

CONVERSATIONS = {"chat", "mcp"}
"""Commands that are no question with one answer."""
HEAVY = ("prefect", "mlflow", "dvc", "bentoml", "pandas", "sqlalchemy", "supervisor", "numpy", "pydantic", "rich")


def recops(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RECOPS_HOME": str(tmp_path), **settings}
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_help_lists_every_command_and_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, cli.main\n"
        "sys.argv[1:] = ['--help']\n"
        "try: cli.main.main()\n"
        "except SystemExit: pass\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in ("up", "down", "status", "logs", "data", "releases", "rollback", "reconcile"):
        assert f"  {command} " in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_every_command_stands_in_one_section() -> None:
    named = [name for names in sections().values() for name in names]
    assert sorted(named) == sorted(COMMANDS)


@pytest.mark.parametrize("command", ["up", "down", "status", "logs", "data", "releases", "rollback", "reconcile"])
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    done = recops(tmp_path, command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage:")


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    done = recops(tmp_path, "status", RECOPS_GATEWAI_PORT="1")
    assert done.returncode == 2
    assert "unknown setting RECOPS_GATEWAI_PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["prepare", "up"])
def test_a_store_that_does_not_answer_is_one_line_without_its_password(tmp_path: Path, command: str) -> None:
    names = ("GATEWAY", "BLUE", "GREEN", "MLFLOW", "PREFECT", "ENVOY_ADMIN", "EVIDENTLY", "LLM")
    ports = {f"RECOPS_{name}_PORT": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    url = f"postgresql://anna:hidden@127.0.0.1:{free_ports(1)[0]}/shop"
    done = recops(tmp_path, command, RECOPS_EVENT_STORE_URL=url, **ports)
    assert done.returncode == 2
    assert "the event store does not answer" in done.stderr
    assert "RECOPS_EVENT_STORE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["status", "releases", "rollback"])
def test_before_the_first_up_commands_say_what_to_do_and_leave_no_trace(tmp_path: Path, command: str) -> None:
    done = recops(tmp_path, command)
    assert done.returncode != 0
    assert "make up" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_with_its_setting_and_nothing_is_changed(tmp_path: Path) -> None:
    import socket

    gateway, *others = free_ports(7)
    names = ("BLUE", "GREEN", "MLFLOW", "PREFECT", "ENVOY_ADMIN", "EVIDENTLY")
    settings = {f"RECOPS_{name}_PORT": str(port) for name, port in zip(names, others, strict=True)}
    with socket.socket() as held:
        held.bind(("127.0.0.1", gateway))
        held.listen()
        done = recops(tmp_path, "up", RECOPS_GATEWAY_PORT=str(gateway), **settings)
    assert done.returncode == 1
    assert f"port {gateway} (gateway) is taken" in done.stderr
    assert "RECOPS_GATEWAY_PORT" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_rollback_with_nothing_live_says_so(tmp_path: Path) -> None:
    from components.adapters.store.engine import migrate

    migrate(f"sqlite:///{tmp_path / 'events.db'}")
    done = recops(tmp_path, "rollback")
    assert done.returncode == 1
    assert "nothing is live yet" in done.stderr
    assert json.loads(recops(tmp_path, "releases", "--json").stdout) == {"releases": [], "rollouts": []}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its path, those of groups as well."""

    def walk(
        command: click.Command, path: tuple[str, ...], context: click.Context
    ) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group):
            yield " ".join(path), command
            return
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name), click.Context(command, parent=context))

    yield from walk(root, (), click.Context(root))


def test_a_command_that_finds_something_wrong_ends_with_1(tmp_path: Path) -> None:
    source = tmp_path / "log.csv"
    source.write_text("user_id,item_id,value\nu,i,99\n")
    assert recops(tmp_path, "data", "check", str(source)).returncode == 1
    source.write_text("user_id,item_id,value\nu,i,4\n")
    assert recops(tmp_path, "data", "check", str(source)).returncode == 0
    prefect = {"RECOPS_PREFECT_PORT": str(free_ports(1)[0])}
    assert recops(tmp_path, "alerts", "test", **prefect).returncode == 1
    assert recops(tmp_path, "--help").returncode == 0


def test_every_command_that_says_anything_says_it_as_json_too() -> None:
    lacking = {
        path for path, command in commands() if "--json" not in {name for p in command.params for name in p.opts}
    }
    assert lacking == CONVERSATIONS


def test_what_a_command_says_as_json_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "blue.log").write_text("one\ntwo\n")
    assert json.loads(recops(tmp_path, "logs", "--json").stdout) == {"logs": ["blue"]}
    assert json.loads(recops(tmp_path, "logs", "blue", "--json", "-n", "1").stdout) == {"log": "blue", "lines": ["two"]}
    assert recops(tmp_path, "logs", "blue", "--json", "-f").returncode == 2
    assert json.loads(recops(tmp_path, "down", "--json").stdout) == {"stopped": False}
