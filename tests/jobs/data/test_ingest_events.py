"""What people do becomes part of the next data version, and who asked to be forgotten does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from benchmarks.stated_params import stated
from components.adapters.dvc.data_registry import DataRegistry, DataVersion, NothingChanged, VersionAdded
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.forgetting import forget_user
from components.adapters.store.tables import feedback, impressions
from components.adapters.store.write_queue import WriteQueue
from components.config.ingest import FeedbackScreening
from components.config.settings import Settings
from components.interactions.source import SourceError
from jobs.data.compose_version import QUARANTINED_FEEDBACK_FILE
from jobs.data.ingest import IngestRequest, run_ingest
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, films, ratings, settings_in

NOW = 1_767_225_600.0  # 2026
EVENTS = IngestRequest("events")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path / "home")
    migrate(settings.store_url)
    return settings


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def base(settings: Settings, tmp_path: Path) -> IngestRequest:
    """An ingest of 100 ratings of 20 users."""
    folder = tmp_path / "in"
    folder.mkdir()
    films().to_csv(folder / "items.csv", index=False)
    ratings(100).to_csv(folder / "interactions.csv", index=False)
    return IngestRequest(str(folder))


def did(settings: Settings, *events: tuple[str, str, str, str]) -> None:
    """(event, user, item, type) through the queue of the service; ratings are 1.0."""
    rows = [
        {
            "event_id": event_id,
            "request_id": None,
            "user_id": user,
            "item_id": item,
            "type": kind,
            "value": 1.0 if kind == "rating" else None,
            "occurred_at": NOW,
            "received_at": NOW,
        }
        for event_id, user, item, kind in events
    ]
    queue = WriteQueue(open_engine(settings.store_url))
    asyncio.run(queue.append_feedback(rows))
    queue.close()


def added(settings: Settings, request: IngestRequest) -> DataVersion:
    outcome = run_ingest(Workbench(settings, PARAMS), request, print)
    assert isinstance(outcome, VersionAdded), outcome
    return outcome.version


def rows_of(settings: Settings, version: DataVersion, folder: Path) -> pd.DataFrame:
    DataRegistry(settings).get(version.tag, folder)
    return pd.read_parquet(folder / "interactions.parquet")


def test_feedback_is_added_once_with_its_source_and_propensity(
    settings: Settings, base: IngestRequest, store: Engine, tmp_path: Path
) -> None:
    first = added(settings, base)
    assert (first.manifest.interactions, first.manifest.events) == (100, 0)
    with store.begin() as db:
        row = {"request_id": "r", "position": 1, "item_id": "i1", "user_id": "new", "shown_at": NOW - 60}
        db.execute(
            impressions.insert().values(**row, source="cf", score=1.0, propensity=0.25, release_id="r", variant="d")
        )
    did(settings, ("a", "new", "i1", "click"), ("b", "u0", "i1", "purchase"), ("c", "u0", "i2", "view"))
    did(settings, ("d", "u0", "i0", "rating"), ("e", "u0", "of tomorrow", "click"))
    version = added(settings, EVENTS)
    assert (version.manifest.interactions, version.manifest.events, version.manifest.own_impressions) == (102, 3, 1)
    assert version.manifest.own_share == 1 / 102
    assert version.manifest.events_read_until == NOW
    rows = rows_of(settings, version, tmp_path / "out").set_index("event_id")
    assert (rows.loc["a", "source"], rows.loc["a", "propensity"], rows.loc["a", "value"]) == ("events", 0.25, 5.0)
    assert pd.isna(rows.loc["b", "propensity"])
    assert rows.loc["d", "value"] == 1.0
    of_u0 = rows[(rows["user_id"] == "u0") & (rows["item_id"] == "i0")]
    assert list(of_u0.index) == ["d"]  # the rating takes the place of the one in the base
    assert set(rows["source"]) == {"base", "events"}
    assert isinstance(run_ingest(Workbench(settings, PARAMS), EVENTS, print), NothingChanged)


def test_events_stay_when_the_source_gives_more_and_when_the_store_is_pruned(
    settings: Settings, base: IngestRequest, store: Engine, tmp_path: Path
) -> None:
    added(settings, base)
    did(settings, ("a", "new", "i1", "click"))
    added(settings, EVENTS)
    with store.begin() as db:
        db.execute(feedback.delete())
    assert isinstance(run_ingest(Workbench(settings, PARAMS), EVENTS, print), NothingChanged)
    assert isinstance(run_ingest(Workbench(settings, PARAMS), base, print), NothingChanged)
    ratings(120).to_csv(Path(base.source) / "interactions.csv", index=False)
    version = added(settings, base)
    assert (version.manifest.interactions, version.manifest.events) == (121, 1)
    assert "a" in set(rows_of(settings, version, tmp_path / "out")["event_id"])


def test_an_event_of_an_item_of_tomorrow_counts_once_the_catalogue_has_it(
    settings: Settings, base: IngestRequest
) -> None:
    added(settings, base)
    did(settings, ("a", "u0", "i50", "click"))
    assert isinstance(run_ingest(Workbench(settings, PARAMS), EVENTS, print), NothingChanged)
    more = pd.concat([films(), pd.DataFrame({"item_id": ["i50"], "title": ["Film 50"]})])
    more.to_csv(Path(base.source) / "items.csv", index=False)
    added(settings, base)
    assert added(settings, EVENTS).manifest.events == 1


def test_a_forgotten_user_is_in_no_later_version_until_they_come_back(
    settings: Settings, base: IngestRequest, store: Engine, tmp_path: Path
) -> None:
    added(settings, base)
    did(settings, ("a", "u3", "i1", "click"), ("b", "u4", "i2", "click"))
    added(settings, EVENTS)
    deleted = forget_user(store, "u3", NOW + 1, "test")
    assert deleted["feedback"] == 1
    for request in (EVENTS, base):
        run_ingest(Workbench(settings, PARAMS), request, print)
        latest = DataRegistry(settings).latest()
        assert latest is not None
        folder = tmp_path / request.source.replace("/", "-")
        rows = rows_of(settings, latest, folder)
        assert "u3" not in set(rows["user_id"])
        assert {"u2", "u4"} <= set(rows["user_id"])
        assert latest.manifest.events == 1
        for file in folder.iterdir():
            assert b"u3" not in file.read_bytes()
    with store.begin() as db:
        row = {"request_id": None, "user_id": "u3", "item_id": "i9", "type": "click", "value": None}
        db.execute(feedback.insert().values(**row, event_id="c", occurred_at=NOW + 9, received_at=NOW + 9))
    back = rows_of(settings, added(settings, EVENTS), tmp_path / "back")
    assert list(back.loc[back["user_id"] == "u3", "event_id"]) == ["c"]


def test_a_crowd_of_made_up_users_is_quarantined_told_and_does_not_spoil_what_comes_after(
    settings: Settings, base: IngestRequest, tmp_path: Path
) -> None:
    added(settings, base)
    did(settings, ("a", "honest", "i1", "click"))
    made_up = [(f"bot{n}-{item}", f"bot{n}", item, "click") for n in range(200) for item in ("i7", f"i{n % 50}")]
    did(settings, *dict.fromkeys(made_up))
    lax = PARAMS.ingest.model_copy(update={"feedback": stated(FeedbackScreening, crowd_users=100_000)})
    spoiled = run_ingest(Workbench(settings, PARAMS.model_copy(update={"ingest": lax})), EVENTS, print)
    assert isinstance(spoiled, VersionAdded)
    assert spoiled.version.manifest.events > 200
    said: list[str] = []
    outcome = run_ingest(Workbench(settings, PARAMS), EVENTS, said.append)
    assert isinstance(outcome, VersionAdded)
    assert outcome.version.manifest.events == 1
    assert any("crowded items: i7" in line for line in said)
    assert any("crowded items: i7" in note for note in outcome.version.manifest.notes["events"])
    listed = pd.read_csv(settings.root / QUARANTINED_FEEDBACK_FILE)
    assert set(listed["user_id"]) == {f"bot{n}" for n in range(200)}
    users = rows_of(settings, outcome.version, tmp_path / "out")["user_id"]
    assert "honest" in set(users)
    assert not users.str.startswith("bot").any()


def test_events_need_a_base_and_take_no_options(settings: Settings) -> None:
    with pytest.raises(SourceError, match="no data version yet"):
        run_ingest(Workbench(settings, PARAMS), EVENTS, print)
    with pytest.raises(SourceError, match="leave out"):
        run_ingest(Workbench(settings, PARAMS), IngestRequest("events", until="90%"), print)


def test_what_people_do_stays_with_the_catalogue_that_was_live(
    settings: Settings, base: IngestRequest, tmp_path: Path
) -> None:
    added(settings, base)
    did(settings, ("a", "new", "i1", "click"))
    assert added(settings, EVENTS).manifest.events == 1
    other = tmp_path / "other"
    other.mkdir()
    films().to_csv(other / "items.csv", index=False)
    ratings(80).to_csv(other / "interactions.csv", index=False)
    version = added(settings, IngestRequest(str(other)))
    assert (version.manifest.interactions, version.manifest.events) == (80, 0)
    assert added(settings, base).manifest.events == 1


def test_only_what_is_new_is_read_and_what_the_version_has_stays(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "drops"
    folder.mkdir()
    ratings(60).to_csv(folder / "interactions-1.csv", index=False)
    request = IngestRequest(str(folder), only_new=True)
    assert added(settings, request).manifest.interactions == 60
    assert isinstance(run_ingest(Workbench(settings, PARAMS), request, print), NothingChanged)
    ratings(100).iloc[50:].to_csv(folder / "interactions-2.csv", index=False)
    said: list[str] = []
    outcome = run_ingest(Workbench(settings, PARAMS), request, said.append)
    assert isinstance(outcome, VersionAdded)
    assert outcome.version.manifest.interactions == 100
    assert outcome.version.manifest.merged == {"interactions": 10}
    assert any(line.startswith("read 50 interactions") for line in said)
