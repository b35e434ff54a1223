"""Laws of the ledger with known answers; what holds in any order is in test_ledger_machine.py."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from components.rollout.lease import Lease, LeaseHeld, LeaseLost
from components.rollout.lease_commands import Acquire, AcquireMaintenance, Finish, Renew
from components.rollout.ledger import Command, Ledger, UnknownRelease
from components.rollout.outcomes import CanaryStopped, NothingToRollBackTo, RolledBack, StandbyNotReady
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
from components.rollout.states import IllegalStep, State
from tests.components.rollout.fake_world import make_release

T = TypeVar("T")


class Kept:
    """A ledger that somebody keeps, at a moment that only moves when told."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.now = 1_000.0

    def ask(self, command: Command[T]) -> T:
        outcome, self.ledger = command.decide(self.ledger, self.now)
        return outcome

    def acquire(self) -> Lease:
        lease = self.ask(Acquire("test", 10.0))
        assert isinstance(lease, Lease)
        return lease

    def bring_up(self, lease: Lease) -> None:
        """As far as the smoke test."""
        self.ask(AddRelease(lease, make_release(f"release-{lease.rollout_id}")))
        self.ask(TakeIdleSlot(lease))
        self.ask(Advance(lease, State.READY))
        self.ask(Advance(lease, State.SMOKE_TESTED))

    def promote(self) -> None:
        lease = self.acquire()
        self.bring_up(lease)
        self.ask(MakeLive(lease))
        self.ask(FinishDraining())
        self.ask(Finish(lease, "promoted"))


@pytest.fixture
def kept() -> Kept:
    """Two releases: release-2 live in green, release-1 standing by in blue."""
    kept = Kept()
    kept.promote()
    kept.promote()
    return kept


def test_a_lease_is_held_until_its_very_end_and_no_longer(kept: Kept) -> None:
    kept.acquire()
    kept.now += 9.999
    assert kept.ask(Acquire("another", 10.0)) == LeaseHeld(3, "test", 1_010.0)
    kept.now = 1_010.0
    assert isinstance(kept.ask(Acquire("another", 10.0)), Lease)


def test_a_renewed_lease_ends_so_much_later(kept: Kept) -> None:
    lease = kept.acquire()
    kept.now += 6.0
    kept.ask(Renew(lease, 10.0))
    assert kept.ledger.holder is not None
    assert kept.ledger.holder.expires_at == 1_016.0


def test_one_who_restores_and_lost_the_lease_to_another_who_restores_may_do_nothing(kept: Kept) -> None:
    late = kept.ask(AcquireMaintenance(10.0))
    kept.now += 11.0
    current = kept.ask(AcquireMaintenance(10.0))
    assert isinstance(late, Lease)
    assert isinstance(current, Lease)
    assert late.rollout_id == current.rollout_id
    for command in (Renew(late, 10.0), MarkStandby(late, False), Finish(late, "restored")):
        with pytest.raises(LeaseLost, match="holds the lease no more"):
            kept.ask(command)
    kept.ask(Renew(current, 10.0))


def test_a_release_that_was_rejected_stands_by_for_nobody(kept: Kept) -> None:
    assert kept.ask(RollBack("alert", "clicks", reject=True)) == RolledBack("release-2", "release-1")
    routing = kept.ledger.routing
    assert (routing.live_release, routing.standby_release, routing.standby_ready) == ("release-1", None, False)
    assert (routing.releases["green"], routing.should_run["green"]) == (None, False)
    assert kept.ledger.state_of("release-2") is State.REJECTED
    assert isinstance(kept.ask(RollBack("test", "back again")), NothingToRollBackTo)


def test_each_change_of_who_answers_has_a_greater_version_and_nothing_else_has(kept: Kept) -> None:
    versions = [kept.ledger.routing.version]

    def grows(command: Command[Any]) -> bool:
        kept.ask(command)
        versions.append(kept.ledger.routing.version)
        return versions[-1] > versions[-2]

    lease = kept.acquire()
    assert not grows(AddRelease(lease, make_release("release-3")))
    assert not grows(RecordStep(lease, "gate"))
    assert grows(TakeIdleSlot(lease))
    assert not grows(Advance(lease, State.READY))
    assert not grows(Advance(lease, State.SMOKE_TESTED))
    assert grows(SetCanary(lease, 5))
    assert grows(SetCanary(lease, 100))
    assert grows(MakeLive(lease))
    assert not grows(FinishDraining())
    assert not grows(Finish(lease, "promoted"))
    assert grows(RollBack("test", "back"))
    restoring = kept.ask(AcquireMaintenance(10.0))
    assert isinstance(restoring, Lease)
    assert not grows(MarkStandby(restoring, True))
    assert grows(MarkStandby(restoring, False))


def test_a_canary_that_does_harm_gives_its_slot_back_and_is_rejected(kept: Kept) -> None:
    lease = kept.acquire()
    kept.bring_up(lease)
    kept.ask(SetCanary(lease, 5))
    kept.ask(GiveUp(lease, "too slow", rejected=True))
    record = kept.ledger.record_of("release-3")
    assert (record.state, record.history[-1].reason) == (State.REJECTED, "too slow")
    routing = kept.ledger.routing
    assert (routing.live_release, routing.releases["blue"], routing.canary_weight) == ("release-2", "release-1", 0)
    kept.ask(MarkStandby(lease, True))
    kept.ask(Finish(lease, "rejected", "too slow"))
    assert kept.ledger.routing.standby_release == "release-1"


def test_a_canary_goes_before_the_live_release_unless_that_is_blamed(kept: Kept) -> None:
    lease = kept.acquire()
    kept.bring_up(lease)
    kept.ask(SetCanary(lease, 5))
    before = kept.ledger
    assert kept.ask(RollBack("test", "odd")) == CanaryStopped("release-3", "release-2")
    kept.ledger = before
    assert kept.ask(RollBack("test", "odd", blamed="release-2")) == StandbyNotReady("release-1")
    kept.ledger = before
    assert isinstance(kept.ask(RollBack("test", "odd", blamed="release-1")), NothingToRollBackTo)
    assert kept.ledger == before


def test_nobody_goes_back_to_a_release_that_was_rejected_or_never_live(kept: Kept) -> None:
    kept.ask(RollBack("alert", "clicks", reject=True))
    lease = kept.acquire()
    kept.bring_up(lease)
    before = kept.ledger
    for release_id, standing in (("release-2", "rejected"), ("release-4", "smoke-tested")):
        outcome = kept.ask(GoBackTo(release_id, "test", "told to", 10.0))
        assert isinstance(outcome, NothingToRollBackTo)
        assert f"{release_id} is {standing}" in outcome.reason
    with pytest.raises(UnknownRelease, match="recops releases"):
        kept.ask(GoBackTo("release-99", "test", "told to", 10.0))
    assert kept.ledger == before


def test_going_back_to_a_standby_whose_slot_was_taken_keeps_it_warm(kept: Kept) -> None:
    lease = kept.acquire()
    kept.bring_up(lease)
    assert kept.ask(GoBackTo("release-1", "test", "told to", 10.0)) == StandbyNotReady("release-1")
    assert kept.ledger.state_of("release-1") is State.STANDBY
    assert kept.ledger.routing.releases["blue"] == "release-1"
    assert kept.ledger.rollouts[3].outcome == "cancelled"


@pytest.mark.parametrize("outcome", ["promoted", "failed"])
def test_no_rollout_ends_with_its_release_half_way(kept: Kept, outcome: str) -> None:
    lease = kept.acquire()
    kept.bring_up(lease)
    with pytest.raises(IllegalStep, match="release-3 is smoke-tested: give it up before its rollout ends"):
        kept.ask(Finish(lease, outcome))


def test_only_a_new_release_is_tried_and_only_beside_a_live_one(kept: Kept) -> None:
    kept.promote()
    lease = kept.ask(GoBackTo("release-1", "test", "told to", 10.0))
    assert isinstance(lease, Lease)
    kept.ask(TakeIdleSlot(lease))
    kept.ask(Advance(lease, State.READY))
    kept.ask(Advance(lease, State.SMOKE_TESTED))
    with pytest.raises(IllegalStep, match="only a new release is tried"):
        kept.ask(SetCanary(lease, 5))
    first = Kept()
    lease = first.acquire()
    first.bring_up(lease)
    with pytest.raises(IllegalStep, match="beside one that is live"):
        first.ask(SetCanary(lease, 5))


def test_what_was_never_live_does_not_stand_by(kept: Kept) -> None:
    lease = kept.acquire()
    kept.bring_up(lease)
    with pytest.raises(IllegalStep, match="release-3 in the idle slot cannot stand by"):
        kept.ask(MarkStandby(lease, True))


def test_a_rollout_builds_one_release_and_takes_one_slot(kept: Kept) -> None:
    lease = kept.acquire()
    with pytest.raises(IllegalStep, match="not about a release yet"):
        kept.ask(TakeIdleSlot(lease))
    kept.bring_up(lease)
    with pytest.raises(IllegalStep, match="built once"):
        kept.ask(AddRelease(lease, make_release("release-9")))
    with pytest.raises(IllegalStep, match="blue, already"):
        kept.ask(TakeIdleSlot(lease))


def test_one_who_restores_promotes_nothing(kept: Kept) -> None:
    lease = kept.ask(AcquireMaintenance(10.0))
    assert isinstance(lease, Lease)
    with pytest.raises(IllegalStep, match="a lease for restoring promotes nothing"):
        kept.ask(AddRelease(lease, make_release("release-3")))


def test_what_a_dead_holder_left_is_closed_by_the_next(kept: Kept) -> None:
    kept.bring_up(kept.acquire())
    kept.now += 10.0
    kept.acquire()
    left = kept.ledger.rollouts[3]
    assert (left.outcome, left.finished_at) == ("abandoned", 1_010.0)
    assert left.reason == "its process died or was paused past its lease, at: smoke-tested"
    assert kept.ledger.state_of("release-3") is State.FAILED
