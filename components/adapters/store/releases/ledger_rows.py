"""Reads the ledger of releases from its tables and writes what has changed, within the caller's transaction.

Read is what a decision may need: what stands in a slot, the rollout that holds the lease with its releases, and
releases that are named. All of it is found by key, so that a history of thousands of releases costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from components.adapters.store.tables import release_states, releases, rollouts, routing, slots
from components.rollout.history import StateChange
from components.rollout.lease import LeaseHolder, LeaseLost
from components.rollout.ledger import Ledger, ReleaseRecord, Rollout
from components.rollout.release import Release, Variant
from components.rollout.routing import SLOTS, RoutingState
from components.rollout.states import State


def read_routing(db: Connection) -> RoutingState:
    """What is live; the empty routing before the first promotion."""
    return _routing_of(db, db.execute(select(routing)).one_or_none())


def read_ledger(db: Connection, named: Collection[str] = (), for_update: bool = False) -> Ledger:
    """The ledger with the `named` releases; `for_update` lets no other transaction read it so until this one ends."""
    this = select(routing).with_for_update() if for_update else select(routing)
    row = db.execute(this).one_or_none()
    if row is None and for_update:
        db.execute(insert(routing).values(id=1, epoch=0, version=1, live_weight=100, standby_ready=False))
        row = db.execute(this).one()
    state = _routing_of(db, row)
    holder = None
    if row is not None and row.lease_rollout_id is not None:
        holder = LeaseHolder(row.lease_rollout_id, row.lease_expires_at)
    running = _read_rollout(db, holder.rollout_id) if holder is not None else None
    wanted = {*named, *state.releases.values()}
    if running is not None:
        wanted |= {running.release_id, running.displaced_release_id}
    return Ledger(
        routing=state,
        holder=holder,
        releases=_read_records(db, wanted - {None}),
        rollouts={running.rollout_id: running} if running is not None else {},
        last_rollout_id=db.execute(select(func.max(rollouts.c.rollout_id))).scalar_one() or 0,
    )


def write_ledger(db: Connection, before: Ledger, after: Ledger) -> None:
    """Make the tables, which say `before`, say `after`.

    Raises:
        LeaseLost: their epoch is another than that of `before`.
    """
    if after == before:
        return
    _write_routing(db, before, after)
    for release_id, record in after.releases.items():
        _write_record(db, before.releases.get(release_id), record)
    for slot in SLOTS:
        values = {"release_id": after.routing.releases[slot], "should_run": after.routing.should_run[slot]}
        if values == {"release_id": before.routing.releases[slot], "should_run": before.routing.should_run[slot]}:
            continue
        if db.execute(update(slots).where(slots.c.slot == slot).values(**values)).rowcount == 0:
            db.execute(insert(slots).values(slot=slot, **values))
    for rollout_id, rollout in after.rollouts.items():
        if rollout_id not in before.rollouts:
            db.execute(insert(rollouts).values(asdict(rollout)))
            _keep_numbering(db, rollout_id)
        elif rollout != before.rollouts[rollout_id]:
            db.execute(update(rollouts).where(rollouts.c.rollout_id == rollout_id).values(asdict(rollout)))


def release_of(row: Row[Any]) -> Release:
    """The release in a row of the table `releases`."""
    values = {each.name: getattr(row, each.name) for each in fields(Release)}
    return Release(**{**values, "variants": tuple(Variant(**variant) for variant in row.variants)})


def _routing_of(db: Connection, row: Row[Any] | None) -> RoutingState:
    held = {slot.slot: slot for slot in db.execute(select(slots))}
    return RoutingState(
        epoch=row.epoch if row else 0,
        version=row.version if row else 0,
        live_slot=row.live_slot if row else None,
        live_weight=row.live_weight if row else 100,
        standby_ready=bool(row and row.standby_ready),
        releases={slot: held[slot].release_id if slot in held else None for slot in SLOTS},
        should_run={slot: bool(slot in held and held[slot].should_run) for slot in SLOTS},
        canary_weight=row.canary_weight if row else 0,
    )


def _read_rollout(db: Connection, rollout_id: int) -> Rollout | None:
    row = db.execute(select(rollouts).where(rollouts.c.rollout_id == rollout_id)).one_or_none()
    return None if row is None else Rollout(**row._mapping)


def _read_records(db: Connection, release_ids: Collection[str | None]) -> dict[str, ReleaseRecord]:
    if not release_ids:
        return {}
    changes: dict[str, list[StateChange]] = {}
    known = release_states.c.release_id.in_(release_ids)
    for row in db.execute(select(release_states).where(known).order_by(release_states.c.id)):
        change = StateChange(State(row.state), row.at, row.by, row.reason, row.epoch)
        changes.setdefault(row.release_id, []).append(change)
    rows = db.execute(select(releases).where(releases.c.release_id.in_(release_ids)))
    return {
        row.release_id: ReleaseRecord(release_of(row), State(row.state), tuple(changes.get(row.release_id, ())))
        for row in rows
    }


def _write_routing(db: Connection, before: Ledger, after: Ledger) -> None:
    state, holder = after.routing, after.holder
    values = {
        "epoch": state.epoch,
        "version": state.version,
        "lease_rollout_id": None if holder is None else holder.rollout_id,
        "lease_expires_at": None if holder is None else holder.expires_at,
        "live_slot": state.live_slot,
        "live_weight": state.live_weight,
        "standby_ready": state.standby_ready,
        "canary_weight": state.canary_weight,
    }
    expected = routing.c.epoch == before.routing.epoch
    if db.execute(update(routing).where(expected).values(**values)).rowcount == 0:
        raise LeaseLost(f"epoch {before.routing.epoch} has passed: another promotion or a rollback took over")


def _write_record(db: Connection, before: ReleaseRecord | None, after: ReleaseRecord) -> None:
    release_id, told = after.release.release_id, 0 if before is None else len(before.history)
    if before is None:
        db.execute(insert(releases).values({**asdict(after.release), "state": after.state}))
    elif after.state is not before.state:
        db.execute(update(releases).where(releases.c.release_id == release_id).values(state=after.state))
    for change in after.history[told:]:
        db.execute(insert(release_states).values(release_id=release_id, **asdict(change)))


def _keep_numbering(db: Connection, rollout_id: int) -> None:
    """PostgreSQL counts by a sequence of its own, for those who leave the number to it."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT setval(pg_get_serial_sequence('rollouts', 'rollout_id'), :last)"), {"last": rollout_id})
