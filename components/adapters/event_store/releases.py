"""The truth about releases: states with their history, what is live, and the lease with its fencing epoch.

Every write of a promotion is one transaction that first checks that the epoch of its lease is still the stored one.
Longer than most files because the rows it writes belong together: splitting would spread one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from components.adapters.event_store.engine import reading
from components.adapters.event_store.tables import release_states, releases, rollouts, routing, slots
from components.rollout.outcomes import NothingToRollBackTo, PromotionCancelled, RolledBack, StandbyNotReady
from components.rollout.ports import MAINTENANCE, Lease, LeaseHeld, LeaseLost
from components.rollout.release import Release, Variant
from components.rollout.routing import SLOTS, RoutingState, Slot, other
from components.rollout.states import State, check_step


class UnknownRelease(LookupError):
    """No release has this id."""


class SqlReleaseStore:
    """`components.rollout.ports.ReleaseStore` on the event store; `now` gives seconds since 1970."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    # What is so

    def routing(self) -> RoutingState:
        """The stored state of the routing; the empty one before the first promotion."""
        with reading(self._engine) as db:
            return _routing(db)

    def release(self, release_id: str) -> Release:
        """The release of this id.

        Raises:
            UnknownRelease: there is none.
        """
        with reading(self._engine) as db:
            return _release_of(_release_row(db, release_id))

    def state_of(self, release_id: str) -> State:
        """Where the release stands."""
        with reading(self._engine) as db:
            return State(_release_row(db, release_id).state)

    # The lease

    def acquire(self, kind: str, by: str, lease_seconds: float) -> Lease | LeaseHeld:
        """The lease with a new epoch, or who holds it. Closes the rollout of a holder whose lease has ended."""
        with self._engine.begin() as db:
            held = self._succeed(db)
            if held is not None:
                return held
            state, now = _routing(db), self._now()
            epoch = state.epoch + 1
            rollout_id = db.execute(
                insert(rollouts).values(
                    kind=kind,
                    from_release_id=state.live_release,
                    started_by=by,
                    started_at=now,
                    epoch=epoch,
                    step="acquired",
                    checks={},
                )
            ).inserted_primary_key[0]  # type: ignore[index]
            db.execute(
                update(routing).values(epoch=epoch, lease_rollout_id=rollout_id, lease_expires_at=now + lease_seconds)
            )
            return Lease(rollout_id, epoch)

    def acquire_maintenance(self, lease_seconds: float) -> Lease | LeaseHeld:
        """A lease for restoring what the store says; it is no rollout, and leaves no line in the history."""
        with self._engine.begin() as db:
            held = self._succeed(db)
            if held is not None:
                return held
            epoch = _routing(db).epoch + 1
            expires_at = self._now() + lease_seconds
            db.execute(update(routing).values(epoch=epoch, lease_rollout_id=MAINTENANCE, lease_expires_at=expires_at))
            return Lease(MAINTENANCE, epoch)

    def renew(self, lease: Lease, lease_seconds: float) -> None:
        """Hold the lease for another `lease_seconds`.

        Raises:
            LeaseLost: the epoch has moved on.
        """
        with self._held(lease) as db:
            db.execute(update(routing).values(lease_expires_at=self._now() + lease_seconds))

    def finish(self, lease: Lease, outcome: str, reason: str | None = None) -> None:
        """Close the rollout and give the lease back."""
        with self._held(lease) as db:
            self._end_rollout(db, lease.rollout_id, outcome, reason)

    def fail(self, lease: Lease, reason: str) -> None:
        """The rollout's release is failed, and the slot it took goes back to what stood there. Keeps the lease."""
        with self._held(lease) as db:
            self._undo(db, _rollout(db, lease.rollout_id), reason)
            self._step(db, lease.rollout_id, "putting the standby back")

    # The steps of a promotion

    def record_step(self, lease: Lease, step: str, check: dict[str, Any] | None = None) -> None:
        """Note where the rollout is, and what it found there."""
        with self._held(lease) as db:
            self._step(db, lease.rollout_id, step, check)

    def add_release(self, lease: Lease, release: Release) -> None:
        """Store a release that was built."""
        with self._held(lease) as db:
            values = {
                **{key: value for key, value in vars(release).items() if key != "variants"},
                "variants": [vars(variant) for variant in release.variants],
                "state": State.BUILT,
            }
            db.execute(insert(releases).values(**values))
            db.execute(
                update(rollouts).where(rollouts.c.rollout_id == lease.rollout_id).values(release_id=release.release_id)
            )
            self._note_state(db, release.release_id, State.BUILT, lease.epoch, release.created_by, None)

    def move(self, lease: Lease, release_id: str, state: State, reason: str | None = None) -> None:
        """Bring the release to its next state.

        Raises:
            IllegalStep: the state may not follow the present one.
        """
        with self._held(lease) as db:
            self._move(db, release_id, state, lease.epoch, self._by(db, lease), reason)
            self._step(db, lease.rollout_id, state)

    def take_idle_slot(self, lease: Lease, release_id: str) -> Slot:
        """Give the idle slot to the release, which is starting from now on; no request may go there yet."""
        with self._held(lease) as db:
            state = _routing(db)
            slot = state.idle_slot
            self._move(db, release_id, State.STARTING, lease.epoch, self._by(db, lease), None)
            db.execute(
                update(rollouts)
                .where(rollouts.c.rollout_id == lease.rollout_id)
                .values(slot=slot, displaced_release_id=state.releases[slot], step=State.STARTING)
            )
            _put(db, slot, release_id)
            db.execute(update(routing).values(standby_ready=False, live_weight=100, version=state.version + 1))
            return slot

    def make_live(self, lease: Lease, release_id: str) -> None:
        """Switch: the release answers, the one before it stands by, the one it displaced retires."""
        with self._held(lease) as db:
            state = _routing(db)
            by = self._by(db, lease)
            rollout = _rollout(db, lease.rollout_id)
            self._move(db, release_id, State.LIVE, lease.epoch, by, None)
            if state.live_release is not None:
                self._move(db, state.live_release, State.STANDBY, lease.epoch, by, f"succeeded by {release_id}")
            if rollout.displaced_release_id is not None:
                self._move(
                    db, rollout.displaced_release_id, State.RETIRED, lease.epoch, by, f"displaced by {release_id}"
                )
            self._step(db, lease.rollout_id, State.LIVE)
            db.execute(
                update(routing).values(
                    live_slot=rollout.slot,
                    live_weight=100,
                    standby_ready=state.live_slot is not None,
                    version=state.version + 1,
                )
            )

    def mark_standby(self, lease: Lease, ready: bool) -> None:
        """Whether the idle slot's release answers, so that it may take over."""
        with self._held(lease) as db:
            state = _routing(db)
            if state.standby_ready is not ready:
                db.execute(update(routing).values(standby_ready=ready, live_weight=100, version=state.version + 1))

    # The way back

    def roll_back(
        self, by: str, reason: str
    ) -> RolledBack | StandbyNotReady | PromotionCancelled | NothingToRollBackTo:
        """Raise the epoch, which ends any lease, and switch to the standby if one is ready."""
        with self._engine.begin() as db:
            row, now = _routing_row(db), self._now()
            epoch = row.epoch + 1
            running = row.lease_rollout_id or None  # a restoration has nothing to cancel
            if running is not None:
                self._close(db, _rollout(db, running), "cancelled", f"rolled back by {by}: {reason}")
            db.execute(update(routing).values(epoch=epoch, lease_rollout_id=None, lease_expires_at=None))
            state = _routing(db)
            if state.live_slot is None or state.live_release is None:
                return NothingToRollBackTo("nothing is live yet; run `recops up`")
            former = state.releases[state.idle_slot]
            if former is None or _release_row(db, former).state != State.STANDBY:
                if running is not None:
                    return PromotionCancelled(running, state.live_release)
                return NothingToRollBackTo(f"there is no release before {state.live_release} in the other slot")
            if state.standby_release is None:
                return StandbyNotReady(former)
            self._move(db, state.standby_release, State.LIVE, epoch, by, reason)
            self._move(db, state.live_release, State.STANDBY, epoch, by, reason)
            db.execute(
                update(routing).values(live_slot=other(state.live_slot), live_weight=100, version=state.version + 1)
            )
            db.execute(
                insert(rollouts).values(
                    kind="rollback",
                    release_id=state.standby_release,
                    from_release_id=state.live_release,
                    started_by=by,
                    started_at=now,
                    epoch=epoch,
                    step=State.LIVE,
                    finished_at=now,
                    outcome="rolled back",
                    reason=reason,
                    checks={},
                    slot=other(state.live_slot),
                )
            )
            return RolledBack(state.live_release, state.standby_release)

    def set_live_weight(self, weight: int) -> None:
        """Share the requests: `weight` per cent for the live slot, the rest for a ready standby.

        Needs no lease: it moves requests between two releases that have both passed their tests.
        """
        if not 0 <= weight <= 100:
            raise ValueError(f"weight is in per cent, 0 to 100, not {weight}")
        with self._engine.begin() as db:
            row = _routing_row(db)
            db.execute(update(routing).values(live_weight=weight, version=row.version + 1))

    # Within a transaction

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[Connection]:
        with self._engine.begin() as db:
            row = _routing_row(db)
            if (row.epoch, row.lease_rollout_id) != (lease.epoch, lease.rollout_id):
                raise LeaseLost(
                    f"rollout {lease.rollout_id} holds the lease no more (epoch {lease.epoch}, now {row.epoch}): "
                    "another promotion or a rollback took over"
                )
            yield db

    def _by(self, db: Connection, lease: Lease) -> str:
        by = db.execute(select(rollouts.c.started_by).where(rollouts.c.rollout_id == lease.rollout_id)).scalar_one()
        return str(by)

    def _close(self, db: Connection, rollout: Row[Any], outcome: str, reason: str) -> None:
        """End a rollout in the place of its holder: past the switch it is promoted, before it everything is undone."""
        if not self._went_live(db, rollout):
            self._undo(db, rollout, reason)
            self._end_rollout(db, rollout.rollout_id, outcome, reason)
        else:
            self._end_rollout(db, rollout.rollout_id, "promoted", reason)

    def _went_live(self, db: Connection, rollout: Row[Any]) -> bool:
        if rollout.release_id is None:
            return False
        return _release_row(db, rollout.release_id).state in (State.LIVE, State.STANDBY)

    def _undo(self, db: Connection, rollout: Row[Any], reason: str) -> None:
        if rollout.release_id is not None and _release_row(db, rollout.release_id).state != State.FAILED:
            self._move(db, rollout.release_id, State.FAILED, rollout.epoch, rollout.started_by, reason)
            if rollout.slot is not None:
                _put(db, rollout.slot, rollout.displaced_release_id)
                db.execute(update(routing).values(standby_ready=False, version=_routing_row(db).version + 1))

    def _succeed(self, db: Connection) -> LeaseHeld | None:
        """Who holds the lease; None when nobody does, or the lease has ended, and its rollout is closed."""
        row = _routing_row(db)
        if row.lease_rollout_id is None:
            return None
        holder = _rollout(db, row.lease_rollout_id) if row.lease_rollout_id != MAINTENANCE else None
        if row.lease_expires_at > self._now():
            return LeaseHeld(row.lease_rollout_id, holder.started_by if holder else "reconcile", row.lease_expires_at)
        if holder is not None:
            self._close(db, holder, "abandoned", f"its process died or was paused past its lease, at: {holder.step}")
        return None

    def _end_rollout(self, db: Connection, rollout_id: int, outcome: str, reason: str | None) -> None:
        db.execute(
            update(rollouts)
            .where(rollouts.c.rollout_id == rollout_id)
            .values(finished_at=self._now(), outcome=outcome, reason=reason)
        )
        db.execute(update(routing).values(lease_rollout_id=None, lease_expires_at=None))

    def _step(self, db: Connection, rollout_id: int, step: str, check: dict[str, Any] | None = None) -> None:
        this = rollouts.c.rollout_id == rollout_id
        values: dict[str, Any] = {"step": step}
        if check is not None:
            checks = db.execute(select(rollouts.c.checks).where(this)).scalar_one()
            values["checks"] = {**checks, step: check}
        db.execute(update(rollouts).where(this).values(**values))

    def _move(self, db: Connection, release_id: str, state: State, epoch: int, by: str, reason: str | None) -> None:
        check_step(State(_release_row(db, release_id).state), state)
        db.execute(update(releases).where(releases.c.release_id == release_id).values(state=state))
        self._note_state(db, release_id, state, epoch, by, reason)

    def _note_state(
        self, db: Connection, release_id: str, state: State, epoch: int, by: str, reason: str | None
    ) -> None:
        db.execute(
            insert(release_states).values(
                release_id=release_id, state=state, at=self._now(), by=by, reason=reason, epoch=epoch
            )
        )


def _routing_row(db: Connection) -> Row[Any]:
    row = db.execute(select(routing).with_for_update()).one_or_none()
    if row is None:
        db.execute(insert(routing).values(id=1, epoch=0, version=1, live_weight=100, standby_ready=False))
        row = db.execute(select(routing)).one()
    return row


def _routing(db: Connection) -> RoutingState:
    row = db.execute(select(routing)).one_or_none()
    held = {slot.slot: slot for slot in db.execute(select(slots))}
    return RoutingState(
        epoch=row.epoch if row else 0,
        version=row.version if row else 0,
        live_slot=row.live_slot if row else None,
        live_weight=row.live_weight if row else 100,
        standby_ready=bool(row and row.standby_ready),
        releases={slot: held[slot].release_id if slot in held else None for slot in SLOTS},
        should_run={slot: bool(slot in held and held[slot].should_run) for slot in SLOTS},
    )


def _release_row(db: Connection, release_id: str) -> Row[Any]:
    row = db.execute(select(releases).where(releases.c.release_id == release_id)).one_or_none()
    if row is None:
        raise UnknownRelease(f"there is no release {release_id!r}; `recops releases` lists them")
    return row


def _rollout(db: Connection, rollout_id: int) -> Row[Any]:
    return db.execute(select(rollouts).where(rollouts.c.rollout_id == rollout_id)).one()


def _release_of(row: Row[Any]) -> Release:
    values = dict(row._mapping)
    values.pop("state")
    values["variants"] = tuple(Variant(**variant) for variant in values["variants"])
    return Release(**values)


def _put(db: Connection, slot: Slot, release_id: str | None) -> None:
    values = {"release_id": release_id, "should_run": release_id is not None}
    if db.execute(update(slots).where(slots.c.slot == slot).values(**values)).rowcount == 0:
        db.execute(insert(slots).values(slot=slot, **values))
