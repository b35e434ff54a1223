from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from prefect.states import Failed
from prefect.testing.utilities import prefect_test_harness

from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.config.settings import load_settings
from components.interactions.source import SourceError, SourceUnavailableError
from flows.ingest import as_task, ingest
from jobs.data.ingest import read_slice, register_version
from tests.ingest_worlds import films, ratings


@pytest.fixture(scope="module", autouse=True)
def _prefect() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A source with 200 good ratings."""
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "in"
    folder.mkdir()
    films().to_csv(folder / "items.csv", index=False)
    ratings(200).rename(columns={"user_id": "Kunde"}).to_csv(folder / "interactions.csv", index=False)
    return folder


def newest_artifact() -> str:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["ingest"])), sort=ArtifactSort.CREATED_DESC
        )
    return str(found[0].data)


def test_the_flow_ends_with_what_became_of_the_source(folder: Path) -> None:
    mapping = {"Kunde": "user_id"}
    made = ingest(str(folder), until="90%", mapping=mapping, return_state=True)
    assert (made.name, made.message) == ("Completed", "data-v1: 180 interactions, 0 rows in quarantine")
    assert "# data-v1" in newest_artifact()

    same = ingest(str(folder), until="90%", mapping=mapping, return_state=True)
    assert (same.type.value, same.name) == ("COMPLETED", "NothingChanged")
    assert same.result() == "data-v1"

    rows = ratings(200).rename(columns={"user_id": "Kunde"})
    rows.loc[rows.index < 100, "value"] = "11"
    rows.to_csv(folder / "interactions.csv", index=False)
    refused = ingest(str(folder), mapping=mapping, return_state=True)
    assert (refused.type.value, refused.name) == ("FAILED", "Refused")
    assert f"{folder}/interactions.csv: 100 of 200 rows (50.00%) are bad" in str(refused.message)
    assert "# Ingest refused" in newest_artifact()

    unmapped = ingest(str(folder), return_state=True)
    assert unmapped.type.value == "FAILED"
    assert "no column user_id" in str(unmapped.message)
    assert "\n" not in str(unmapped.message)
    assert [version.tag for version in DataRegistry(load_settings()).versions()] == ["data-v1"]


def test_only_what_may_pass_is_tried_again() -> None:
    for function in (read_slice, register_version):
        step: Any = as_task(function)
        assert step.retries == 2
        again = step.retry_condition_fn
        assert again is not None
        for error in (SourceUnavailableError("down"), DataRegistryError("down")):
            assert again(step, None, Failed(data=error)) is True
        assert again(step, None, Failed(data=SourceError("no such column"))) is False
