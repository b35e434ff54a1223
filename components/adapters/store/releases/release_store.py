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
from sqlalchemy.exc import DBAPIError

from components.adapters.store.engine import reading
from components.adapters.store.tables import release_states, releases, rollouts, routing, slots
from components.rollout.history import StateChange
from components.rollout.outcomes import (
    CanaryStopped,
    NothingToRollBackTo,
    PromotionCancelled,
    RolledBack,
    StandbyNotReady,
)
from components.rollout.ports import MAINTENANCE, Lease, LeaseHeld, LeaseLost, StepFailed
from components.rollout.release import Release, Variant
from components.rollout.routing import SLOTS, RoutingState, Slot, other
from components.rollout.states import WARM, State, check_growth, check_step

PUT_BACK = "putting the standby back"
"""The step of a rollout that has failed and been undone in the store, while its holder restores the slots."""


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

    def states_of(self, release_id: str) -> list[StateChange]:
        """All that became of the release, oldest first."""
        with reading(self._engine) as db:
            rows = db.execute(
                select(release_states).where(release_states.c.release_id == release_id).order_by(release_states.c.id)
            )
            return [StateChange(State(row.state), row.at, row.by, row.reason) for row in rows]

    def rejected(self) -> list[tuple[Release, str]]:
        """The releases that were rejected, oldest first, and why."""
        with reading(self._engine) as db:
            rows = db.execute(select(releases).where(releases.c.state == State.REJECTED).order_by("created_at")).all()
        return [(_release_of(row), self.states_of(row.release_id)[-1].reason or "") for row in rows]

    def rollout(self, rollout_id: int) -> Row[Any]:
        """What was started under this number, with its checks so far."""
        with reading(self._engine) as db:
            return _rollout(db, rollout_id)

    # The lease

    def lease_ends_at(self) -> float | None:
        """When the lease ends that somebody holds (seconds since 1970), which may be past; None when nobody does."""
        with reading(self._engine) as db:
            row = db.execute(select(routing.c.lease_rollout_id, routing.c.lease_expires_at)).one_or_none()
        return None if row is None or row.lease_rollout_id is None else float(row.lease_expires_at)

    def acquire(self, kind: str, by: str, lease_seconds: float) -> Lease | LeaseHeld:
        """The lease with a new epoch, or who holds it. Closes the rollout of a holder whose lease has ended."""
        with self._writing() as db:
            held = self._succeed(db)
            if held is not None:
                return held
            return self._begin_rollout(db, kind, by, lease_seconds)

    def seize(self, kind: str, by: str, reason: str, lease_seconds: float) -> Lease:
        """The lease at once, whoever holds it: what runs is cancelled."""
        with self._writing() as db:
            running = _routing_row(db).lease_rollout_id or None
            if running is not None:
                self._close(db, _rollout(db, running), "cancelled", f"rolled back by {by}: {reason}")
            return self._begin_rollout(db, kind, by, lease_seconds, reason)

    def acquire_maintenance(self, lease_seconds: float) -> Lease | LeaseHeld:
        """A lease for restoring what the store says; it is no rollout, and leaves no line in the history."""
        with self._writing() as db:
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

    def reject(self, lease: Lease, reason: str) -> None:
        """As `fail`, for a canary that did harm: no release of its recipe is promoted again by itself."""
        with self._held(lease) as db:
            self._undo(db, _rollout(db, lease.rollout_id), reason, State.REJECTED)

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
            self._concerns(db, lease, release.release_id)
            self._note_state(db, release.release_id, State.BUILT, lease.epoch, release.created_by, None)

    def take_up(self, lease: Lease, release_id: str) -> Release:
        """The rollout is about a release that was built before."""
        with self._held(lease) as db:
            self._concerns(db, lease, release_id)
            return _release_of(_release_row(db, release_id))

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
            _route(db, standby_ready=False)
            return slot

    def set_canary(self, lease: Lease, release_id: str, weight: int) -> None:
        """Let the release in the idle slot answer `weight` per cent of the users.

        Raises:
            IllegalStep: the share does not grow, or the release has not passed its smoke test.
        """
        with self._held(lease) as db:
            check_growth(_routing(db).canary_weight, weight)
            self._move(db, release_id, State.CANARY, lease.epoch, self._by(db, lease), f"{weight} %")
            self._step(db, lease.rollout_id, f"{State.CANARY} {weight} %")
            _route(db, canary_weight=weight)

    def make_live(self, lease: Lease, release_id: str) -> None:
        """Switch: the release answers, the one before it drains to stand by, the one it displaced retires."""
        with self._held(lease) as db:
            state = _routing(db)
            by = self._by(db, lease)
            rollout = _rollout(db, lease.rollout_id)
            self._move(db, release_id, State.LIVE, lease.epoch, by, None)
            if state.live_release is not None:
                self._move(db, state.live_release, State.DRAINING, lease.epoch, by, f"succeeded by {release_id}")
            displaced = rollout.displaced_release_id
            if displaced is not None and _release_row(db, displaced).state in WARM:
                self._move(db, displaced, State.RETIRED, lease.epoch, by, f"displaced by {release_id}")
            self._step(db, lease.rollout_id, State.LIVE)
            _route(db, live_slot=rollout.slot, standby_ready=state.live_slot is not None)

    def finish_draining(self) -> None:
        """The release in the idle slot has answered its last request and stands by, if it was draining.

        Needs no lease, as it changes nothing but a name.
        """
        with self._writing() as db:
            state = _routing(db)
            former = state.releases[state.idle_slot] if state.live_slot else None
            if former is not None and _release_row(db, former).state == State.DRAINING:
                self._move(db, former, State.STANDBY, state.epoch, "recops", "has answered its last request")

    def mark_standby(self, lease: Lease, ready: bool) -> None:
        """Whether the idle slot's release answers, so that it may take over."""
        with self._held(lease) as db:
            state = _routing(db)
            if state.standby_ready is not ready:
                _route(db, standby_ready=ready)

    # The way back

    def roll_back(
        self, by: str, reason: str, blamed: str | None = None, reject: bool = False
    ) -> RolledBack | CanaryStopped | StandbyNotReady | PromotionCancelled | NothingToRollBackTo:
        """Raise the epoch, which ends any lease, and let the release answer that did so before.

        That is the live one while a canary takes a share, else the standby if one is ready. `blamed` names the release
        that is to go, whichever takes traffic last by default. With `reject` it never comes back by itself.
        """
        with self._writing() as db:
            state = _routing(db)
            canary, live = state.canary_release, state.live_release
            if live is None:
                return NothingToRollBackTo("nothing is live yet; run `recops up`")
            if blamed not in (None, live, canary):
                return NothingToRollBackTo(f"{blamed} does not answer; {live} is live")
            running = _routing_row(db).lease_rollout_id or None  # a restoration has nothing to cancel
            if running is not None:
                bad = State.REJECTED if reject and canary and blamed != live else State.FAILED
                self._close(db, _rollout(db, running), "cancelled", f"rolled back by {by}: {reason}", bad)
            epoch = _routing(db).epoch + 1
            db.execute(update(routing).values(epoch=epoch, lease_rollout_id=None, lease_expires_at=None))
            if canary is not None and blamed != live:
                self._note_rollback(db, live, canary, state.live_slot, by, reason)
                return CanaryStopped(canary, live)
            return self._to_standby(db, running, by, reason, reject)

    def _to_standby(
        self, db: Connection, running: int | None, by: str, reason: str, reject: bool
    ) -> RolledBack | StandbyNotReady | PromotionCancelled | NothingToRollBackTo:
        state = _routing(db)
        slot, live = state.live_slot, state.live_release
        assert slot is not None  # noqa: S101 - something is live
        assert live is not None  # noqa: S101
        former = state.releases[other(slot)]
        if former is None or _release_row(db, former).state not in WARM:
            if running is not None:
                return PromotionCancelled(running, live)
            return NothingToRollBackTo(f"there is no release before {live} in the other slot")
        if state.standby_release is None:
            return StandbyNotReady(former)
        self._move(db, former, State.LIVE, state.epoch, by, reason)
        self._move(db, live, State.REJECTED if reject else State.DRAINING, state.epoch, by, reason)
        if reject:
            _put(db, slot, None)
        _route(db, live_slot=other(slot), standby_ready=not reject)
        self._note_rollback(db, former, live, other(slot), by, reason)
        return RolledBack(live, former)

    # Within a transaction

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as db:
                yield db
        except DBAPIError as error:
            raise StepFailed(f"the event store does not take the write: {error.orig}") from error

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[Connection]:
        with self._writing() as db:
            row = _routing_row(db)
            if (row.epoch, row.lease_rollout_id) != (lease.epoch, lease.rollout_id):
                raise LeaseLost(
                    f"rollout {lease.rollout_id} holds the lease no more (epoch {lease.epoch}, now {row.epoch}): "
                    "another promotion or a rollback took over"
                )
            yield db

    def _begin_rollout(
        self, db: Connection, kind: str, by: str, lease_seconds: float, reason: str | None = None
    ) -> Lease:
        state, now = _routing(db), self._now()
        epoch = state.epoch + 1
        values: dict[str, Any] = {
            "kind": kind,
            "from_release_id": state.live_release,
            "started_by": by,
            "started_at": now,
            "epoch": epoch,
            "step": "acquired",
            "reason": reason,
            "checks": {},
        }
        rollout_id = db.execute(insert(rollouts).values(values)).inserted_primary_key[0]  # type: ignore[index]
        lease = {"lease_rollout_id": rollout_id, "lease_expires_at": now + lease_seconds}
        db.execute(update(routing).values(epoch=epoch, **lease))
        return Lease(rollout_id, epoch)

    def _note_rollback(self, db: Connection, to: str, away_from: str, slot: Slot | None, by: str, reason: str) -> None:
        """A line in the history for what was done at once."""
        state, now = _routing(db), self._now()
        values: dict[str, Any] = {
            "kind": "rollback",
            "release_id": to,
            "from_release_id": away_from,
            "slot": slot,
            "started_by": by,
            "started_at": now,
            "epoch": state.epoch,
            "step": State.LIVE,
            "finished_at": now,
            "outcome": "rolled back",
            "reason": reason,
            "checks": {},
        }
        db.execute(insert(rollouts).values(values))

    def _concerns(self, db: Connection, lease: Lease, release_id: str) -> None:
        this = rollouts.c.rollout_id == lease.rollout_id
        db.execute(update(rollouts).where(this).values(release_id=release_id))

    def _by(self, db: Connection, lease: Lease) -> str:
        by = db.execute(select(rollouts.c.started_by).where(rollouts.c.rollout_id == lease.rollout_id)).scalar_one()
        return str(by)

    def _close(self, db: Connection, rollout: Row[Any], outcome: str, reason: str, bad: State = State.FAILED) -> None:
        """End a rollout in the place of its holder: past the switch it is done, before it everything is undone."""
        if not _went_live(rollout):
            self._undo(db, rollout, reason, bad)
            self._end_rollout(db, rollout.rollout_id, outcome, reason)
        else:
            told = reason if outcome == "abandoned" else None
            self._end_rollout(db, rollout.rollout_id, "promoted" if rollout.kind == "promote" else "rolled back", told)

    def _undo(self, db: Connection, rollout: Row[Any], reason: str, bad: State = State.FAILED) -> None:
        """The rollout's release is `bad`, or retired if it has been live once, and its slot is as it was before."""
        if rollout.release_id is None or rollout.step == PUT_BACK:
            return
        state = _release_row(db, rollout.release_id).state
        if rollout.slot is not None:
            _put(db, rollout.slot, rollout.displaced_release_id)
            _route(db, standby_ready=False)
        if state != State.RETIRED:
            known = release_states.c.release_id == rollout.release_id
            lived = db.execute(select(release_states.c.id).where(known, release_states.c.state == State.LIVE)).first()
            following = State.RETIRED if lived is not None else bad
            self._move(db, rollout.release_id, following, rollout.epoch, rollout.started_by, reason)
        self._step(db, rollout.rollout_id, PUT_BACK)

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
        values = {"finished_at": self._now(), "outcome": outcome} | ({"reason": reason} if reason else {})
        db.execute(update(rollouts).where(rollouts.c.rollout_id == rollout_id).values(values))
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
        canary_weight=row.canary_weight if row else 0,
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


def _went_live(rollout: Row[Any]) -> bool:
    return rollout.release_id is not None and rollout.step == State.LIVE


def _route(db: Connection, **values: Any) -> None:
    """Change who answers; without a word of it no canary takes a share, and a standby none either."""
    version = _routing_row(db).version + 1
    db.execute(update(routing).values({"live_weight": 100, "canary_weight": 0, "version": version, **values}))


def _put(db: Connection, slot: Slot, release_id: str | None) -> None:
    values = {"release_id": release_id, "should_run": release_id is not None}
    if db.execute(update(slots).where(slots.c.slot == slot).values(**values)).rowcount == 0:
        db.execute(insert(slots).values(slot=slot, **values))
