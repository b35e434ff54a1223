from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from components.adapters.dvc.data_registry import DataRegistry, DataVersion, NothingChanged, VersionAdded
from components.config.settings import Settings
from components.interactions.refusal import IngestRefused
from components.interactions.source import SourceError
from components.interactions.withholding import UntilError
from jobs.data.ingest import REFUSED_FILE, SQL, IngestRequest, run_ingest
from jobs.steps import Step
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, films, ratings, settings_in

ROWS = 2000
Corrupt = Callable[[pd.DataFrame, pd.Index], None]


def null_user(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "user_id"] = None


def null_item(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "item_id"] = None


def value_out_of_range(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "value"] = "11"


def value_no_number(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "value"] = "many"


def time_unparsable(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "timestamp"] = "yesterday"


def item_unknown(rows: pd.DataFrame, bad: pd.Index) -> None:
    rows.loc[bad, "item_id"] = "nowhere"


WAYS = {
    null_user: "null user_id",
    null_item: "null item_id",
    value_out_of_range: "value out of range",
    value_no_number: "value is not a number",
    time_unparsable: "unparsable timestamp",
    item_unknown: "unknown item",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    films().to_csv(tmp_path / "in" / "items.csv", index=False)
    return tmp_path / "in"


def ingest(settings: Settings, folder: Path, rows: pd.DataFrame) -> VersionAdded | NothingChanged | IngestRefused:
    rows.to_csv(folder / "interactions.csv", index=False)
    return run_ingest(Workbench(settings, PARAMS), IngestRequest(source=str(folder)), print)


def version_of(outcome: VersionAdded | NothingChanged | IngestRefused) -> DataVersion:
    assert isinstance(outcome, VersionAdded), outcome
    return outcome.version


def test_half_of_the_rows_corrupt_is_refused_with_file_and_reason_and_nothing_new(
    settings: Settings, folder: Path
) -> None:
    version_of(ingest(settings, folder, ratings(100)))
    for way, reason in WAYS.items():
        rows = ratings(ROWS)
        way(rows, rows.index[1::2])
        outcome = ingest(settings, folder, rows)
        assert isinstance(outcome, IngestRefused)
        assert f"{folder}/interactions.csv: 1000 of 2000 rows (50.00%) are bad (1000 × {reason})" in outcome.reason
        assert len(pd.read_csv(settings.root / REFUSED_FILE)) == 1000
        assert str(settings.root / REFUSED_FILE) in outcome.reason
    assert [version.tag for version in DataRegistry(settings).versions()] == ["data-v1"]


def test_a_few_corrupt_rows_of_every_kind_are_quarantined_exactly_and_the_rest_is_a_version(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    rows = ratings(ROWS)
    expected = {}
    for number, (way, reason) in enumerate(WAYS.items()):
        bad = rows.index[[101 + 200 * number]]
        way(rows, bad)
        expected[bad[0] + 1] = reason
    version = version_of(ingest(settings, folder, rows))
    assert version.manifest.interactions == ROWS - len(WAYS)
    assert version.manifest.quarantine == {"interactions": dict.fromkeys(WAYS.values(), 1)}
    DataRegistry(settings).get(version.tag, tmp_path / "out")
    quarantine = pd.read_csv(tmp_path / "out" / "quarantine.csv", dtype=str, keep_default_na=False)
    assert dict(zip(quarantine["row"].astype(int), quarantine["reason"], strict=True)) == expected
    cells = quarantine[rows.columns.tolist()].to_numpy().tolist()
    assert cells == rows.loc[[row - 1 for row in expected]].fillna("").to_numpy().tolist()


def test_half_a_percent_corrupt_in_one_way_is_quarantined_exactly(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    for way, reason in WAYS.items():
        rows = ratings(ROWS)
        bad = rows.index[100::200]
        way(rows, bad)
        version = version_of(ingest(settings, folder, rows))
        assert version.manifest.quarantine == {"interactions": {reason: 10}}
        DataRegistry(settings).get(version.tag, tmp_path / "out")
        assert pd.read_csv(tmp_path / "out" / "quarantine.csv")["row"].tolist() == (bad + 1).tolist()


def test_the_same_rows_in_another_order_make_no_version(settings: Settings, folder: Path) -> None:
    rows = ratings(ROWS)
    item_unknown(rows, rows.index[[7, 9]])
    version_of(ingest(settings, folder, rows))
    assert isinstance(ingest(settings, folder, rows.sample(frac=1, random_state=5)), NothingChanged)


def test_more_of_a_source_is_a_new_version_and_the_same_share_again_is_none(settings: Settings, folder: Path) -> None:
    ratings(ROWS).to_csv(folder / "interactions.csv", index=False)
    counts = []
    for until in ("90%", "95%", None):
        counts.append(
            version_of(
                run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder), until), print)
            ).manifest.interactions
        )
    assert counts == [1800, 1900, 2000]
    assert isinstance(
        run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder), "100%"), print), NothingChanged
    )
    moment = version_of(
        run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder), "2016-01-01T01:00:00Z"), print)
    )
    assert moment.manifest.interactions == 60
    assert moment.manifest.until == "2016-01-01T01:00:00Z"


def test_until_before_the_first_row_is_refused(settings: Settings, folder: Path) -> None:
    ratings(10).to_csv(folder / "interactions.csv", index=False)
    outcome = run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder), "2001-01-01"), print)
    assert isinstance(outcome, IngestRefused)
    assert "no interactions" in outcome.reason


def test_a_database_gives_the_version_that_its_rows_in_a_file_give(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    from_file = version_of(ingest(settings, folder, ratings(100)))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        ratings(100).rename(columns={"value": "stars"}).to_sql("ratings", database, index=False)
        films().to_sql("films", database, index=False)
    other = settings_in(tmp_path / "other", source_sql_url=f"sqlite:///{tmp_path}/shop.db")
    request = IngestRequest(SQL, mapping={"stars": "value"}, table="ratings", items_table="films")
    from_database = version_of(run_ingest(Workbench(other, PARAMS), request, print))
    assert from_database.md5 == from_file.md5
    assert from_database.manifest.source == "SQL table ratings"


def test_requests_that_make_no_sense_are_errors_that_say_what_to_do(settings: Settings) -> None:
    with pytest.raises(SourceError, match="option table"):
        run_ingest(Workbench(settings, PARAMS), IngestRequest(SQL), print)
    with pytest.raises(UntilError, match="until='soon'"):
        run_ingest(Workbench(settings, PARAMS), IngestRequest(until="soon"), print)
    with pytest.raises(SourceError, match=r"nowhere\.csv does not exist"):
        run_ingest(Workbench(settings, PARAMS), IngestRequest("nowhere.csv"), print)


def test_the_demo_grows_slice_by_slice(settings: Settings) -> None:
    first = version_of(run_ingest(Workbench(settings, PARAMS), IngestRequest(until="90%"), print))
    assert (first.manifest.source, first.manifest.interactions, first.manifest.quarantined) == ("movielens", 72_223, 2)
    assert isinstance(run_ingest(Workbench(settings, PARAMS), IngestRequest(until="90%"), print), NothingChanged)
    assert version_of(run_ingest(Workbench(settings, PARAMS), IngestRequest(), print)).manifest.interactions == 80_248


def test_the_steps_run_in_one_order_and_none_follows_a_refusal(settings: Settings, folder: Path) -> None:
    steps: list[str] = []

    def noted(step: Step) -> Step:
        steps.append(step.__name__)
        return step

    rows = ratings(100)
    rows.to_csv(folder / "interactions.csv", index=False)
    version_of(run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder)), print, noted))
    assert steps == ["read_slice", "screen_slice", "with_kept_events", "register_version"]
    steps.clear()
    rows.assign(value="11").to_csv(folder / "interactions.csv", index=False)
    assert isinstance(run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder)), print, noted), IngestRefused)
    assert steps == ["read_slice", "screen_slice"]


def test_a_log_without_values_is_a_version_of_implicit_ones_and_says_so(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    clicks = ratings(100).drop(columns="value").assign(type="click")
    clicks.to_csv(folder / "interactions.csv", index=False)
    manifest = version_of(run_ingest(Workbench(settings, PARAMS), IngestRequest(str(folder)), said.append)).manifest
    assert (manifest.interactions, manifest.min_value, manifest.max_value) == (100, 5.0, 5.0)
    assert "there is no column value: each interaction counts as 5, ingest.implicit_value" in said

    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        clicks.to_sql("clicks", database, index=False)
        films().to_sql("films", database, index=False)
    other = settings_in(tmp_path / "other", source_sql_url=f"sqlite:///{tmp_path}/shop.db")
    request = IngestRequest(SQL, table="clicks", items_table="films")
    assert version_of(run_ingest(Workbench(other, PARAMS), request, print)).manifest.files == manifest.files
