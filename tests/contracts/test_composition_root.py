"""Who may open the event store, build registries and clients, and read settings and params: read from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILDERS = {
    "open_engine",
    "create_engine",
    "load_settings",
    "Settings",
    "read_params",
    "read_preset",
    "SqlReleaseStore",
    "AlertStore",
    "EvaluationStore",
    "SqlExperiments",
    "MonitorFacts",
    "LlmBudget",
    "UserEventReader",
    "DataRegistry",
    "PipelineRepository",
    "ModelRegistry",
    "PromptRegistry",
    "MlflowAliases",
    "PrefectApi",
    "Supervisor",
    "EnvoyRouter",
    "GatewayApiRouter",
    "ClaudeBatches",
}


def calls_in(path: Path) -> Iterator[str]:
    """The names that are called as plain functions or classes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def builders_in(*folders: str) -> dict[str, set[str]]:
    """What each module builds, by its path."""
    found = {
        path.relative_to(ROOT).as_posix(): BUILDERS & set(calls_in(path))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }
    return {path: names for path, names in found.items() if names}


def test_only_the_workbench_builds_what_flows_commands_and_jobs_act_on() -> None:
    built = builders_in("jobs", "cli", "flows", "console")
    assert set(built) == {"jobs/wiring/event_store.py", "jobs/wiring/workbench.py"}


def test_the_service_and_the_workbench_open_the_event_store_and_the_workbench_reads_params() -> None:
    built = builders_in("jobs", "cli", "flows", "console", "bentos", "monitoring")
    openers = {path for path, names in built.items() if "open_engine" in names}
    assert openers == {"bentos/wiring.py", "jobs/wiring/event_store.py"}
    assert {path for path, names in built.items() if "read_params" in names} == {"jobs/wiring/workbench.py"}


@pytest.mark.parametrize("code", ["open_engine(url)", "x = read_params(path).llm", "with f(PrefectApi(url)): pass"])
def test_a_builder_is_found_wherever_it_is_called(code: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code)
    assert BUILDERS & set(calls_in(tmp_path / "module.py"))
