"""Promotions, canaries, ways back, lost leases, crashes and reconciliations in any order, and what must always hold.

What is expected is kept beside the ledger, by simpler means: who holds the lease and until when, and what a rollback
would go back to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule

from components.rollout.lease import Lease, LeaseHeld, LeaseLost
from components.rollout.lease_commands import Acquire, AcquireMaintenance, Finish, Renew
from components.rollout.ledger import NOTHING_YET, Command, HeldCommand, Ledger
from components.rollout.outcomes import RolledBack
from components.rollout.promotion_commands import (
    AddRelease,
    Advance,
    FinishDraining,
    GiveUp,
    MakeLive,
    MarkStandby,
    RecordStep,
    SetCanary,
    TakeIdleSlot,
)
from components.rollout.rollback_commands import GoBackTo, RollBack
from components.rollout.states import FINAL, WARM, IllegalStep, State
from tests.components.rollout.fake_world import make_release

LEASE_SECONDS = 10.0
STEPS = st.sampled_from([0, 1, 2, 5, 7, 9, 10, 11, 12, 100])
Step = Callable[[Ledger], Command[Any] | None]
"""The next command of somebody who holds a lease, from what the ledger says at that moment; None to go on without."""


class Actor:
    """Somebody with a lease, and what is left to do with it; `halted` when it crashed, was refused, or is done."""

    def __init__(self, lease: Lease, steps: list[Step]) -> None:
        self.lease = lease
        self.steps = steps


def promotion(lease: Lease) -> list[Step]:
    """As `components.rollout.promote` does it."""
    release = make_release(f"release-{lease.rollout_id}")

    def canary(weight: int) -> Step:
        return lambda ledger: SetCanary(lease, weight) if ledger.routing.live_slot else None

    return [
        lambda _: RecordStep(lease, "build"),
        lambda _: AddRelease(lease, release),
        lambda _: RecordStep(lease, "gate", {"checks": []}),
        *starting(lease),
        *(canary(weight) for weight in (5, 25, 100)),
        *switching(lease, "promoted"),
    ]


def starting(lease: Lease) -> list[Step]:
    return [
        lambda _: TakeIdleSlot(lease),
        lambda _: Renew(lease, LEASE_SECONDS),
        lambda _: Advance(lease, State.READY),
        lambda _: RecordStep(lease, "smoke test", {"questions": 1}),
        lambda _: Advance(lease, State.SMOKE_TESTED),
    ]


def switching(lease: Lease, outcome: str) -> list[Step]:
    return [
        lambda _: MakeLive(lease),
        lambda _: FinishDraining(),
        lambda _: Renew(lease, LEASE_SECONDS),
        lambda _: Finish(lease, outcome),
    ]


def restoring(lease: Lease, starts: bool, outcome: str) -> list[Step]:
    """As `restore_standby` does it, for a standby that starts or does not."""

    def mark(ledger: Ledger) -> Command[Any] | None:
        standby = ledger.routing.releases[ledger.routing.idle_slot]
        there = standby is not None and ledger.state_of(standby) in WARM
        return MarkStandby(lease, starts) if there else None

    return [
        lambda _: Renew(lease, LEASE_SECONDS),
        mark,
        lambda _: FinishDraining() if starts else None,
        lambda _: Finish(lease, outcome),
    ]


def strays(lease: Lease) -> list[Command[Any]]:
    """All that a lease can be used for, in season or out."""
    return [
        RecordStep(lease, "stray"),
        AddRelease(lease, make_release(f"release-{lease.rollout_id}")),
        TakeIdleSlot(lease),
        Advance(lease, State.READY),
        Advance(lease, State.SMOKE_TESTED),
        SetCanary(lease, 25),
        MakeLive(lease),
        GiveUp(lease, "stray"),
        GiveUp(lease, "stray", rejected=True),
        MarkStandby(lease, True),
        MarkStandby(lease, False),
        Renew(lease, LEASE_SECONDS),
        Finish(lease, "stray"),
        FinishDraining(),
    ]


class LedgerMachine(RuleBasedStateMachine):
    """The ledger on its own."""

    actors = Bundle("actors")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.ledger = Ledger(routing=replace(NOTHING_YET, version=1))
        self.current: Lease | None = None
        self.ends_at = 0.0
        self.way_back: str | None = None

    # What may happen

    @initialize(promotions=st.integers(0, 4))
    def something_has_happened_before(self, promotions: int) -> None:
        for _ in range(promotions):
            lease = self.ask(Acquire("somebody", LEASE_SECONDS))
            self.go_on(Actor(lease, promotion(lease)), 100)

    @rule(target=actors, steps=STEPS)
    def somebody_promotes(self, steps: int) -> Any:
        lease = self.ask(Acquire("somebody", LEASE_SECONDS))
        return self.go_on(Actor(lease, promotion(lease)), steps) if isinstance(lease, Lease) else multiple()

    @rule(target=actors, starts=st.booleans(), steps=STEPS)
    def somebody_reconciles(self, starts: bool, steps: int) -> Any:
        lease = self.ask(AcquireMaintenance(LEASE_SECONDS))
        if not isinstance(lease, Lease):
            return multiple()
        return self.go_on(Actor(lease, restoring(lease, starts, "reconciled")), steps)

    @rule(target=actors, which=st.integers(0, 30), reject=st.booleans(), steps=STEPS)
    def somebody_goes_back_to_a_release_by_name(self, which: int, reject: bool, steps: int) -> Any:
        if not self.ledger.releases:
            return multiple()
        name = sorted(self.ledger.releases)[which % len(self.ledger.releases)]
        lease = self.ask(GoBackTo(name, "somebody", "by name", LEASE_SECONDS, reject))
        if not isinstance(lease, Lease):
            return multiple()
        return self.go_on(Actor(lease, [*starting(lease), *switching(lease, "rolled back")]), steps)

    @rule(reject=st.booleans(), blamed=st.sampled_from(["", "", "live", "idle"]))
    def somebody_rolls_back(self, reject: bool, blamed: str) -> None:
        routing = self.ledger.routing
        named = {"live": routing.live_release, "idle": routing.releases[routing.idle_slot]}
        self.ask(RollBack("somebody", "looks odd", named.get(blamed), reject))

    @rule(actor=actors, steps=STEPS)
    def an_actor_goes_on(self, actor: Actor, steps: int) -> None:
        self.go_on(actor, steps)

    def go_on(self, actor: Actor, steps: int) -> Actor:
        """Some of what the actor has to do yet, all of it where `steps` are many; it ends where it is refused."""
        todo, actor.steps = actor.steps[:steps], actor.steps[steps:]
        for step in todo:
            command = step(self.ledger)
            if command is not None and self.ask(command) in (LeaseLost, IllegalStep):
                actor.steps = []
                break
        return actor

    @rule(target=actors, rejected=st.booleans(), starts=st.booleans(), steps=STEPS)
    def the_running_one_gives_up(self, rejected: bool, starts: bool, steps: int) -> Any:
        running = self.ledger.running
        if self.current is None or running is None or running.release_id == self.ledger.routing.live_release:
            return multiple()
        tried = self.ledger.routing.canary_weight > 0
        self.ask(GiveUp(self.current, "harm", rejected and tried))
        return self.go_on(Actor(self.current, restoring(self.current, starts, "failed")), steps)

    @rule(actor=consumes(actors))
    def an_actor_crashes(self, actor: Actor) -> None:
        actor.steps = []

    @rule(actor=actors, which=st.integers(0, 13))
    def an_actor_does_something_out_of_order(self, actor: Actor, which: int) -> None:
        self.ask(strays(actor.lease)[which])

    @rule(left=st.sampled_from([5.0, 0.5, 0.0, -5.0]))
    def time_passes_until_so_much_of_the_lease_is_left(self, left: float) -> None:
        self.now = max(self.now, self.ends_at - left)

    def teardown(self) -> None:
        """Whatever has happened, the next promotion goes live once the lease of the last one has ended."""
        self.now += 2 * LEASE_SECONDS
        lease = self.ask(Acquire("the last", LEASE_SECONDS))
        assert isinstance(lease, Lease)
        for step in promotion(lease):
            command = step(self.ledger)
            assert command is None or self.ask(command) is None or isinstance(command, TakeIdleSlot)
        assert self.ledger.routing.live_release == f"release-{lease.rollout_id}"

    # What must hold

    def ask(self, command: Command[Any]) -> Any:
        """What comes of the command, or how it was refused; everything that must hold is checked."""
        before = self.ledger
        try:
            outcome, self.ledger = command.decide(before, self.now)
        except (LeaseLost, IllegalStep) as error:
            outcome = type(error)
        assert not isinstance(outcome, Lease) or outcome.epoch > before.routing.epoch
        self.check_the_lease(command, outcome)
        self.check_what_grows(before, self.ledger)
        self.note_the_way_back(command, outcome, before)
        self.at_most_one_release_is_live_and_it_is_where_the_routing_says()
        self.live_and_standby_stand_in_different_slots()
        self.what_could_be_rolled_back_to_is_never_retired()
        self.nobody_is_sent_to_what_was_not_tested()
        self.what_is_not_at_its_end_stands_in_a_slot_or_belongs_to_the_rollout_that_runs()
        return outcome

    def check_the_lease(self, command: Command[Any], outcome: Any) -> None:
        """Only the newest lease, until it is given back, may do anything; a new one is given when the old has ended."""
        if isinstance(command, HeldCommand):
            assert (outcome is LeaseLost) == (command.lease != self.current), (command, outcome, self.current)
        if isinstance(command, Acquire | AcquireMaintenance):
            free = self.current is None or self.ends_at <= self.now
            assert isinstance(outcome, Lease if free else LeaseHeld)
        if isinstance(outcome, Lease):
            self.current, self.ends_at = outcome, self.now + LEASE_SECONDS
        elif isinstance(command, Renew) and outcome is None:
            self.ends_at = self.now + LEASE_SECONDS
        elif self.ledger.holder is None:
            assert self.current is None or isinstance(command, Finish | RollBack | GoBackTo)
            self.current = None

    def check_what_grows(self, before: Ledger, after: Ledger) -> None:
        was, now = before.routing, after.routing
        assert now.epoch >= was.epoch
        assert now.version > was.version or now == replace(was, epoch=now.epoch)
        assert after.last_rollout_id >= before.last_rollout_id
        for release_id, record in before.releases.items():
            later = after.releases[release_id]
            assert later.history[: len(record.history)] == record.history
            if record.state in (State.REJECTED, State.FAILED):
                assert later.state is record.state
            if later.state is State.LIVE and record.state is not State.LIVE:
                assert State.SMOKE_TESTED in [change.state for change in record.history]

    def note_the_way_back(self, command: Command[Any], outcome: Any, before: Ledger) -> None:
        if isinstance(command, MakeLive) and outcome is None:
            self.way_back = before.routing.live_release
        elif isinstance(outcome, RolledBack) and isinstance(command, RollBack | GoBackTo):
            assert outcome.to_release == self.way_back
            self.way_back = None if command.reject else outcome.from_release

    def at_most_one_release_is_live_and_it_is_where_the_routing_says(self) -> None:
        live = [name for name, record in self.ledger.releases.items() if record.state is State.LIVE]
        assert live == [name for name in (self.ledger.routing.live_release,) if name is not None]

    def live_and_standby_stand_in_different_slots(self) -> None:
        blue, green = self.ledger.routing.releases.values()
        assert blue is None or blue != green

    def what_could_be_rolled_back_to_is_never_retired(self) -> None:
        if self.way_back is None:
            return
        assert self.ledger.state_of(self.way_back) in WARM
        running, routing = self.ledger.running, self.ledger.routing
        displaced = None if running is None else running.displaced_release_id
        assert self.way_back in (routing.releases[routing.idle_slot], displaced)
        assert running is not None or routing.releases[routing.idle_slot] == self.way_back

    def nobody_is_sent_to_what_was_not_tested(self) -> None:
        routing = self.ledger.routing
        idle = routing.releases[routing.idle_slot]
        if routing.standby_ready:
            assert self.ledger.state_of(idle or "") in WARM
        if routing.canary_weight:
            assert self.ledger.state_of(idle or "") is State.CANARY

    def what_is_not_at_its_end_stands_in_a_slot_or_belongs_to_the_rollout_that_runs(self) -> None:
        running = self.ledger.running
        known = {*self.ledger.routing.releases.values()}
        if running is not None:
            known |= {running.release_id, running.displaced_release_id}
        assert {name for name, record in self.ledger.releases.items() if record.state not in FINAL} <= known
        unfinished = [each for each in self.ledger.rollouts.values() if each.outcome is None]
        assert unfinished == ([] if running is None else [running])
