"""Laws of the ledger's rows, on each database."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text

from components.adapters.store.releases.history import read_release
from components.adapters.store.releases.ledger_rows import read_ledger, write_ledger
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.adapters.store.tables import release_states, releases, rollouts, routing
from components.rollout.lease import Lease, LeaseLost
from components.rollout.lease_commands import Acquire, Finish
from components.rollout.ledger import UnknownRelease
from components.rollout.promotion_commands import AddRelease, Advance, GiveUp, MakeLive, SetCanary, TakeIdleSlot
from components.rollout.rollback_commands import RollBack
from components.rollout.states import State
from tests.components.rollout.fake_world import make_release


@pytest.fixture
def store(engine: Engine) -> SqlReleaseStore:
    """Two releases, the second one live."""
    store = SqlReleaseStore(engine, lambda: 1_000.0)
    for _ in range(2):
        lease = bring_up(store)
        store.commit(MakeLive(lease))
        store.commit(Finish(lease, "promoted"))
    return store


def bring_up(store: SqlReleaseStore) -> Lease:
    lease = store.commit(Acquire("test", 10.0))
    assert isinstance(lease, Lease)
    store.commit(AddRelease(lease, make_release(f"release-{lease.rollout_id}")))
    store.commit(TakeIdleSlot(lease))
    store.commit(Advance(lease, State.READY))
    store.commit(Advance(lease, State.SMOKE_TESTED))
    return lease


def test_nothing_is_written_over_an_epoch_that_has_passed(engine: Engine, store: SqlReleaseStore) -> None:
    late = store.load()
    store.commit(RollBack("test", "meanwhile"))
    after = late.placed("blue", None).routed(live_slot="blue")
    with pytest.raises(LeaseLost, match="epoch 2 has passed"), engine.begin() as db:
        write_ledger(db, late, after)
    assert store.routing().live_release == "release-1"


def test_what_is_read_again_is_what_was_written(engine: Engine, store: SqlReleaseStore) -> None:
    lease = bring_up(store)
    with engine.begin() as db:
        before = read_ledger(db, for_update=True)
        _, after = SetCanary(lease, 5).decide(before, 1_234.5)
        write_ledger(db, before, after)
    assert store.load() == after


def test_a_history_of_thousands_of_releases_is_never_read_through(engine: Engine, store: SqlReleaseStore) -> None:
    lived = [replace(make_release(f"old-{number}"), created_at=float(number)) for number in range(2_000)]
    with engine.begin() as db:
        db.execute(insert(releases), [{**asdict(each), "state": State.RETIRED} for each in lived])
        rows = [{"release_id": each.release_id, "state": "live", "at": 1.0, "by": "x", "epoch": 1} for each in lived]
        db.execute(insert(release_states), rows)
        if engine.dialect.name == "postgresql":
            db.execute(text("ANALYZE"))
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, values, *_: asked.append((sql, values)))
    assert set(store.load("old-7").releases) == {"release-1", "release-2", "old-7"}
    lease = bring_up(store)
    store.commit(GiveUp(lease, "enough"))
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as db:
        for sql, values in [each for each in asked if each[0].startswith("SELECT") and "FROM" in each[0]]:
            rows = db.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' * sqlite}{sql}", values)
            plan = "\n".join(str(row) for row in rows)
            for table in ("releases", "release_states"):
                assert f"SCAN {table}" not in plan, plan
                assert f"Seq Scan on {table}" not in plan, plan


def test_rollouts_are_numbered_on_by_whoever_leaves_it_to_the_database(engine: Engine, store: SqlReleaseStore) -> None:
    values = {"kind": "promote", "started_by": "x", "started_at": 1.0, "epoch": 9, "step": "acquired", "checks": {}}
    with engine.begin() as db:
        assert db.execute(insert(rollouts).values(values)).inserted_primary_key == (3,)
    assert store.commit(Acquire("test", 10.0)) == Lease(4, 3)


def test_the_rejected_are_told_with_the_last_reason_oldest_first(store: SqlReleaseStore) -> None:
    store.commit(RollBack("alert", "clicks have halved", reject=True))
    lease = bring_up(store)
    store.commit(SetCanary(lease, 5))
    store.commit(GiveUp(lease, "too slow", rejected=True))
    told = [(release.release_id, reason) for release, reason in store.rejected()]
    assert told == [("release-2", "clicks have halved"), ("release-4", "too slow")]


def test_each_change_is_written_once_with_its_epoch(engine: Engine, store: SqlReleaseStore) -> None:
    states = [(each["state"], each["epoch"]) for each in read_release(engine, "release-1")["states"]]
    first = [(state, 1) for state in ("built", "starting", "ready", "smoke-tested", "live")]
    assert states == [*first, ("draining", 2)]


def test_a_release_that_nobody_knows_is_said_to_be_unknown(store: SqlReleaseStore) -> None:
    for ask in (store.release, store.load("release-9").record_of):
        with pytest.raises(UnknownRelease, match="no release 'release-9'; `recops releases` lists them"):
            ask("release-9")


def test_before_the_first_promotion_nothing_is_live_and_reading_writes_nothing(engine: Engine) -> None:
    store = SqlReleaseStore(engine)
    assert store.load().routing == store.routing()
    assert store.routing().live_release is None
    with engine.connect() as db:
        assert db.execute(select(routing)).all() == []
