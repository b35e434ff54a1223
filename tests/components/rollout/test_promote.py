"""Laws of promotion, rollback and reconciliation, on the real store with fake slots, router and aliases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.rollout.lease import Lease, LeaseHeld, LeaseLost
from components.rollout.lease_commands import Acquire, Finish, Renew
from components.rollout.outcomes import NothingToRollBackTo, Promoted, PromotionCancelled, PromotionRefused, RolledBack
from components.rollout.ports import StepFailed
from components.rollout.promote import Making, promote
from components.rollout.promotion_commands import (
    AddRelease,
    Advance,
    GiveUp,
    MakeLive,
    MarkStandby,
    RecordStep,
    TakeIdleSlot,
)
from components.rollout.reconcile import reconcile
from components.rollout.release import Release
from components.rollout.rollback import Cause, Outcome, roll_back, tidy_up
from components.rollout.routing import RoutingState, Slot
from components.rollout.states import State
from components.rollout.watch_canary import Clock
from tests.components.rollout.fake_world import CANARY, LIMITS, FakeWorld, make_release


@pytest.fixture
def fake(tmp_path: Path) -> FakeWorld:
    return FakeWorld(tmp_path)


def run(fake: FakeWorld) -> Promoted | PromotionRefused:
    return promote_with(fake, fake.making)


def promote_with(
    fake: FakeWorld, making: Making, by: str = "test", clock: Clock | None = None
) -> Promoted | PromotionRefused:
    clock = clock or Clock(fake.clock, fake.clock.sleep)
    return promote(fake.world, making, by, LIMITS, CANARY, lambda _line: None, clock)


TOLD = Cause("test", "told to")


def back(fake: FakeWorld, cause: Cause = TOLD) -> Outcome:
    outcome = roll_back(fake.world, cause, LIMITS, lambda _line: None)
    tidy_up(fake.world, outcome, cause, LIMITS, lambda _line: None)
    return outcome


def mend(fake: FakeWorld, told: list[str] | None = None, holder: Lease | None = None) -> RoutingState:
    """Reconcile; `holder` goes on renewing its lease meanwhile."""

    def sleep(seconds: float) -> None:
        fake.clock.sleep(seconds)
        if holder is not None:
            fake.ask(Renew(holder, LIMITS.lease))

    report = (told if told is not None else []).append
    return reconcile(fake.world, LIMITS.lease, LIMITS.ready, report, sleep)


def no_fence() -> None:
    """Nobody else is there."""


def test_the_first_release_goes_live_in_blue_without_a_standby(fake: FakeWorld) -> None:
    outcome = run(fake)
    assert isinstance(outcome, Promoted)
    assert (outcome.slot, outcome.previous_release) == ("blue", None)
    assert fake.store.routing().live_release == "release-1"
    assert fake.store.routing().standby_release is None
    assert fake.aliases.names == {"champion": 1}


def test_the_next_release_takes_the_other_slot_and_the_former_stands_by(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    state = fake.store.routing()
    assert (state.live_slot, state.live_release, state.standby_release) == ("green", "release-2", "release-1")
    assert fake.state_of("release-1") is State.STANDBY


def test_the_release_before_the_former_retires(fake: FakeWorld) -> None:
    for _ in range(3):
        run(fake)
    assert fake.state_of("release-1") is State.RETIRED
    assert fake.slots.running == {"blue": "release-3", "green": "release-2"}


def test_no_request_may_reach_a_release_before_it_is_tested(fake: FakeWorld) -> None:
    run(fake)
    seen = []
    fake.slots.before = lambda _step: seen.append(fake.router.followed[-1])
    run(fake)
    assert len(seen) == 3
    assert all(state.live_release == "release-1" and not state.standby_ready for state in seen)


@pytest.mark.parametrize("step", ["run", "wait_ready", "smoke_test"])
def test_a_failed_step_leaves_the_live_release_and_restores_the_standby(fake: FakeWorld, step: str) -> None:
    run(fake)
    run(fake)
    fake.slots.fail_at = step
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert step in outcome.reason
    state = fake.store.routing()
    assert (state.live_release, state.standby_release) == ("release-2", "release-1")
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}
    assert fake.state_of("release-3") is State.FAILED
    assert fake.router.followed[-1] == state


def test_a_failed_build_takes_no_slot(fake: FakeWorld) -> None:
    run(fake)

    def broken(release_id: str, parent_id: str | None) -> Release:
        raise StepFailed("build: model.bin is missing")

    outcome = promote_with(fake, replace(fake.making, build=broken))
    assert outcome == PromotionRefused("build: model.bin is missing", "release-2")
    assert fake.slots.running == {"blue": "release-1"}


def test_an_unforeseen_error_is_told_and_gives_the_lease_back(fake: FakeWorld) -> None:
    def broken(release_id: str, parent_id: str | None) -> Release:
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        promote_with(fake, replace(fake.making, build=broken))
    assert isinstance(run(fake), Promoted)


def test_mlflow_away_is_a_warning_and_reconcile_mends_it(fake: FakeWorld) -> None:
    fake.aliases.away = True
    outcome = run(fake)
    assert isinstance(outcome, Promoted)
    assert "champion" in outcome.warnings[0]
    fake.aliases.away = False
    mend(fake)
    assert fake.aliases.names == {"champion": 1}


def test_the_lease_is_renewed_once_the_former_release_has_drained(fake: FakeWorld) -> None:
    """Draining takes its time, and so may the registry: nobody may take over in between."""
    run(fake)
    seen = []

    def drain_for_long(_slot: Slot, _timeout: float) -> bool:
        fake.clock.sleep(LIMITS.lease - 1)
        return True

    def look(_alias: str, _model_version: int, _prompt_version: int | None) -> None:
        holder = fake.store.load().holder
        assert holder is not None
        seen.append(holder.expires_at - fake.clock.now)

    fake.router.wait_drained = drain_for_long  # type: ignore[method-assign]
    fake.aliases.point = look  # type: ignore[method-assign]
    assert isinstance(run(fake), Promoted)
    assert seen == [LIMITS.lease]


def test_rollback_swaps_live_and_standby_and_back(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    assert back(fake) == RolledBack("release-2", "release-1")
    assert fake.router.followed[-1].live_slot == "blue"
    assert fake.aliases.names == {"champion": 1}
    assert back(fake) == RolledBack("release-1", "release-2")


def test_rollback_without_a_standby_says_so(fake: FakeWorld) -> None:
    assert isinstance(back(fake), NothingToRollBackTo)
    run(fake)
    assert isinstance(back(fake), NothingToRollBackTo)
    assert fake.store.routing().live_release == "release-1"


def test_rollback_in_the_middle_of_a_promotion_cancels_it_and_goes_back(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    outcomes = []

    def roll_back_at_smoke_test(step: str) -> None:
        if step == "smoke_test":
            outcomes.append(back(fake))

    fake.slots.before = roll_back_at_smoke_test
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "holds the lease no more" in outcome.reason
    assert outcomes == [RolledBack("release-2", "release-1")]
    assert fake.state_of("release-3") is State.FAILED
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}
    assert fake.store.routing().standby_release == "release-2"


def test_rollback_of_the_first_releases_successor_in_the_making_only_cancels_it(fake: FakeWorld) -> None:
    run(fake)
    outcomes = []
    fake.slots.before = lambda step: outcomes.append(back(fake)) if step == "smoke_test" else None
    assert isinstance(run(fake), PromotionRefused)
    assert outcomes == [PromotionCancelled(2, "release-1")]
    assert fake.store.routing().live_release == "release-1"


def test_rollback_after_a_promotion_died_goes_back_at_once(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    dead = fake.ask(Acquire("the dead", 10.0))
    assert isinstance(dead, Lease)
    fake.ask(AddRelease(dead, make_release("release-3")))
    slot = fake.ask(TakeIdleSlot(dead))
    fake.slots.run(slot, make_release("release-3"), no_fence)
    assert back(fake) == RolledBack("release-2", "release-1")
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}


@pytest.mark.parametrize("step", ["run", "wait_ready", "smoke_test"])
def test_a_promotion_paused_within_a_step_leaves_the_slots_to_its_successor(fake: FakeWorld, step: str) -> None:
    run(fake)
    run(fake)

    def pause(at: str) -> None:
        if at == step:
            fake.slots.before = lambda _step: None
            fake.clock.sleep(LIMITS.lease + 1)
            assert isinstance(run(fake), Promoted)

    fake.slots.before = pause
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert fake.store.routing().live_release == "release-4"
    assert fake.slots.running == {"blue": "release-4", "green": "release-2"}
    assert fake.store.routing().standby_release == "release-2"


def test_a_failed_promotion_holds_the_lease_until_the_standby_is_back(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    fake.slots.fail_at = "smoke_test"
    seen = []

    def look(step: str) -> None:
        if step == "run" and fake.slots.running.get("blue") == "release-3":
            seen.append(fake.ask(Acquire("another", 10.0)))

    fake.slots.before = look
    assert isinstance(run(fake), PromotionRefused)
    assert [type(each) for each in seen] == [LeaseHeld]
    assert isinstance(fake.ask(Acquire("another", 10.0)), Lease)


def test_an_unforeseen_error_in_a_step_puts_the_standby_back(fake: FakeWorld) -> None:
    run(fake)
    run(fake)

    def broken(step: str) -> None:
        if step == "smoke_test":
            raise KeyError("items")

    fake.slots.before = broken
    with pytest.raises(KeyError):
        run(fake)
    assert fake.store.routing().standby_release == "release-1"
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}


def test_a_standby_that_was_stopped_while_it_started_is_started_again(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    stopped = [False, True, False]  # from the end: the live slot is asked first

    def stop_once(step: str) -> None:
        if step == "wait_ready" and stopped.pop():
            fake.slots.running.pop("blue")

    fake.slots.before = stop_once
    assert mend(fake).standby_release == "release-1"
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}


def test_a_standby_that_does_not_start_is_stopped_and_told(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    fake.slots.running = {"green": "release-2"}

    def refuse(step: str) -> None:
        if step == "wait_ready" and "blue" in fake.slots.running and asked.pop():
            raise StepFailed("blue is broken")

    asked = [True, True, False]  # from the end: the live slot is asked first
    fake.slots.before = refuse
    told: list[str] = []
    state = mend(fake, told)
    assert state.standby_release is None
    assert fake.slots.running == {"green": "release-2"}
    assert any("release-1 does not start in blue: blue is broken" in line for line in told)


def test_a_second_promotion_is_refused_with_the_id_of_the_first(fake: FakeWorld) -> None:
    first = fake.ask(Acquire("the first", 10.0))
    assert isinstance(first, Lease)

    def first_is_alive(seconds: float) -> None:
        fake.clock.sleep(seconds)
        fake.ask(Renew(first, 10.0))

    outcome = promote_with(fake, fake.making, "the second", Clock(fake.clock, first_is_alive))
    assert isinstance(outcome, PromotionRefused)
    assert "rollout 1" in outcome.reason
    assert "the first" in outcome.reason
    assert fake.built == []


def test_a_promotion_whose_process_died_is_taken_over_when_its_lease_ends(fake: FakeWorld) -> None:
    run(fake)
    dead = fake.ask(Acquire("the dead", 10.0))
    assert isinstance(dead, Lease)
    fake.ask(AddRelease(dead, make_release("release-2")))
    fake.ask(TakeIdleSlot(dead))
    outcome = run(fake)
    assert isinstance(outcome, Promoted)
    assert fake.store.routing().live_release == "release-3"
    assert fake.state_of("release-2") is State.FAILED


def test_a_promotion_paused_past_its_lease_changes_nothing(fake: FakeWorld) -> None:
    run(fake)
    late = fake.ask(Acquire("the paused", 10.0))
    assert isinstance(late, Lease)
    fake.ask(AddRelease(late, make_release("release-2")))
    fake.ask(TakeIdleSlot(late))
    fake.clock.sleep(11.0)
    run(fake)
    after = fake.store.routing()
    for attempt in (
        lambda: fake.ask(Renew(late, 10.0)),
        lambda: fake.ask(Advance(late, State.READY)),
        lambda: fake.ask(MakeLive(late)),
        lambda: fake.ask(GiveUp(late, "late")),
        lambda: fake.ask(MarkStandby(late, True)),
        lambda: fake.ask(Finish(late, "promoted")),
        lambda: fake.ask(RecordStep(late, "late")),
    ):
        with pytest.raises(LeaseLost):
            attempt()
    assert fake.store.routing() == after


def test_reconcile_leaves_a_running_promotion_alone(fake: FakeWorld) -> None:
    run(fake)
    lease = fake.ask(Acquire("running", 10.0))
    assert isinstance(lease, Lease)
    fake.ask(AddRelease(lease, make_release("release-2")))
    slot = fake.ask(TakeIdleSlot(lease))
    fake.slots.run(slot, make_release("release-2"), no_fence)
    mend(fake, holder=lease)
    assert fake.slots.running["green"] == "release-2"
    assert fake.store.routing().standby_release is None
    fake.ask(Advance(lease, State.READY))


def test_reconcile_closes_a_dead_promotion_and_starts_what_belongs_in_the_slots(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    lease = fake.ask(Acquire("the dead", 10.0))
    assert isinstance(lease, Lease)
    fake.ask(AddRelease(lease, make_release("release-3")))
    fake.ask(TakeIdleSlot(lease))
    fake.slots.running = {}
    fake.clock.sleep(11.0)
    told: list[str] = []
    state = mend(fake, told)
    assert fake.state_of("release-3") is State.FAILED
    assert (state.live_release, state.standby_release) == ("release-2", "release-1")
    assert fake.slots.running == {"green": "release-2", "blue": "release-1"}


def test_a_holder_that_died_after_the_switch_leaves_a_promoted_release(fake: FakeWorld) -> None:
    run(fake)
    lease = fake.ask(Acquire("the dead", 10.0))
    assert isinstance(lease, Lease)
    fake.ask(AddRelease(lease, make_release("release-2")))
    slot = fake.ask(TakeIdleSlot(lease))
    fake.slots.run(slot, make_release("release-2"), no_fence)
    for state in (State.READY, State.SMOKE_TESTED):
        fake.ask(Advance(lease, state))
    fake.ask(MakeLive(lease))
    fake.clock.sleep(11.0)
    mend(fake)
    assert fake.store.routing().live_release == "release-2"
    assert fake.state_of("release-2") is State.LIVE


def test_each_lease_has_a_greater_epoch(fake: FakeWorld) -> None:
    epochs = []
    for _ in range(3):
        lease = fake.ask(Acquire("test", 10.0))
        assert isinstance(lease, Lease)
        epochs.append(lease.epoch)
        assert isinstance(fake.ask(Acquire("other", 10.0)), LeaseHeld)
        fake.ask(Finish(lease, "promoted"))
    assert epochs == sorted(set(epochs))
