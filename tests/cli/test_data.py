from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.data import data
from components.adapters.dvc.data_registry import DataRegistry
from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.interactions.data_version import Provenance
from tests.ingest_worlds import screened

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout with params.yaml."""
    (tmp_path / "params.yaml").write_text(PARAMS.read_text())
    monkeypatch.setenv("RECOPS_PROJECT", str(tmp_path))
    monkeypatch.setenv("RECOPS_HOME", ".recops")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def ingest(*sizes: int) -> None:
    for size in sizes:
        DataRegistry(load_settings()).add_version(screened(size), Provenance("shop", "90%"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(data, list(arguments))


def test_without_a_version_the_list_says_how_to_make_one() -> None:
    assert "recops up" in run("list").output
    assert json.loads(run("list", "--json").output) == []


def test_versions_are_listed_oldest_first() -> None:
    ingest(100, 1200)
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["data-v1", "data-v2"]
    assert "1,200" in lines[2]
    listed = json.loads(run("list", "--json").output)
    assert [(entry["version"], entry["interactions"]) for entry in listed] == [("data-v1", 100), ("data-v2", 1200)]


def test_a_version_is_shown_with_its_source_and_digests() -> None:
    ingest(100)
    shown = json.loads(run("show", "data-v1", "--json").output)
    assert (shown["source"], shown["until"], shown["quarantine"]) == ("shop", "90%", {})
    text = run("show", "data-v1").output
    assert shown["md5"] in text
    assert shown["files"]["interactions.parquet"] in text


def test_get_writes_the_files_of_the_version(tmp_path: Path) -> None:
    ingest(100)
    result = run("get", "data-v1", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "data-v1 is in" in result.output
    assert (tmp_path / "out" / "interactions.parquet").is_file()


def test_use_changes_the_version_in_params_and_nothing_else(project: Path) -> None:
    ingest(100, 110)
    before = (project / "params.yaml").read_text()
    result = run("use", "data-v2")
    assert result.exit_code == 0, result.output
    assert (project / "params.yaml").read_text() == before.replace("version: data-v1", "version: data-v2")
    assert read_params(project / "params.yaml").data.version == "data-v2"


@pytest.mark.parametrize("arguments", [("show", "data-v9"), ("get", "data-v9", "out"), ("use", "data-v9")])
def test_an_unknown_tag_is_one_line_with_the_known_ones(project: Path, arguments: tuple[str, ...]) -> None:
    ingest(100)
    before = (project / "params.yaml").read_text()
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.output == "Error: the data registry has no version 'data-v9'; there are data-v1\n"
    assert (project / "params.yaml").read_text() == before
