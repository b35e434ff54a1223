"""Laws of a canary within a promotion, on the real store with fake slots, router, aliases and traffic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import read_history
from components.config.promotion import Canary
from components.rollout.lease import Lease
from components.rollout.ledger import Command
from components.rollout.outcomes import CanaryStopped, NothingToRollBackTo, Promoted, PromotionRefused, RolledBack
from components.rollout.ports import Counts, EmptyAnswer, StepFailed
from components.rollout.promote import promote
from components.rollout.promotion_commands import FinishDraining, GiveUp, SetCanary
from components.rollout.reconcile import reconcile
from components.rollout.rollback import Cause, cause_of_alert, roll_back, roll_back_to, tidy_up
from components.rollout.states import IllegalStep, State
from components.rollout.watch_canary import Clock
from tests.components.rollout.fake_world import CANARY, LIMITS, FakeWorld, make_arm

T = TypeVar("T")
TOLD = Cause("test", "told to")
HOLD = CANARY.model_copy(update={"on_low_traffic": "hold", "max_hold_seconds": 5.0})


@pytest.fixture
def fake(tmp_path: Path) -> FakeWorld:
    """Two releases: release-2 live in green, release-1 standing by in blue."""
    fake = FakeWorld(tmp_path)
    for _ in range(2):
        assert isinstance(run(fake), Promoted)
    return fake


def run(fake: FakeWorld, plan: Canary = CANARY, told: list[str] | None = None) -> Promoted | PromotionRefused:
    report = (told if told is not None else []).append
    return promote(fake.world, fake.making, "test", LIMITS, plan, report, Clock(fake.clock, fake.clock.sleep))


def stored_rollout(fake: FakeWorld, number: int) -> dict[str, Any]:
    """Its row in the history."""
    return read_history(open_engine(fake.url))["rollouts"][number - 1]


def quiet(_line: str) -> None:
    """Nobody listens."""


def at_first_look(fake: FakeWorld, act: Callable[[], None]) -> None:
    """`act` in the midst of the next canary."""

    def once(_release_id: str) -> None:
        fake.traffic.before = lambda _release_id: None
        act()

    fake.traffic.before = once


def test_the_first_release_skips_the_canary_and_the_next_goes_through_every_step(tmp_path: Path) -> None:
    fake = FakeWorld(tmp_path)
    run(fake)
    assert {each.canary_weight for each in fake.router.followed} == {0}
    run(fake)
    weights = [state.canary_weight for state in fake.router.followed]
    assert list(dict.fromkeys(weights)) == [0, 5, 25, 100]
    assert weights[-1] == 0
    told = [(change.state, change.reason) for change in fake.store.load("release-2").record_of("release-2").history]
    assert told[4:] == [("canary", "5 %"), ("canary", "25 %"), ("canary", "100 %"), ("live", None)]


def test_the_former_release_drains_before_it_stands_by(fake: FakeWorld) -> None:
    run(fake)
    states = [change.state for change in fake.store.load("release-2").record_of("release-2").history]
    assert states[-3:] == [State.LIVE, State.DRAINING, State.STANDBY]


def test_harm_ends_the_canary_and_rejects_the_release_with_the_reason(fake: FakeWorld) -> None:
    fake.traffic.arms = {
        "release-2": make_arm(4000),
        "release-3": make_arm(300, milliseconds=np.full(300, 100.0)),
    }
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "canary at 5 % of the users" in outcome.reason
    assert "slow answers: p95 100.0 ms, live 10.0 ms" in outcome.reason
    assert fake.state_of("release-3") is State.REJECTED
    state = fake.store.routing()
    assert (state.live_release, state.standby_release, state.canary_weight) == ("release-2", "release-1", 0)
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}
    assert fake.router.followed[-1] == state


def test_a_slot_that_is_slow_for_a_while_is_looked_at_again_and_the_release_goes_live(fake: FakeWorld) -> None:
    told: list[str] = []
    began = fake.clock.now

    def burst(release_id: str) -> None:
        slow = 500.0 if 0.75 < fake.clock.now - began <= 1.25 else 10.0
        times = np.where(np.arange(400) >= 300, slow, 10.0)
        fake.traffic.arms = {"release-2": make_arm(4000), "release-3": make_arm(400, milliseconds=times)}

    fake.traffic.before = burst
    assert isinstance(run(fake, told=told), Promoted)
    assert any("looking again" in line and "a burst on the slot" in line for line in told)


def test_a_step_of_two_looks_that_ends_in_doubt_is_prolonged_until_the_release_is_found_out(fake: FakeWorld) -> None:
    fake.traffic.arms = {
        "release-2": make_arm(4000),
        "release-3": make_arm(300, milliseconds=np.full(300, 100.0)),
    }
    outcome = run(fake, CANARY.model_copy(update={"looks_per_step": 2}))
    assert isinstance(outcome, PromotionRefused)
    assert "canary at 5 % of the users, after 1.5 s: slow answers" in outcome.reason


def test_one_empty_list_beside_a_full_one_is_enough(fake: FakeWorld) -> None:
    fake.traffic.empty = [EmptyAnswer("42", {"user_id": "42", "k": 10})]
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "an empty list for user '42', who gets a full one from the live release" in outcome.reason


def test_an_empty_list_that_the_live_release_gives_as_well_is_no_harm(fake: FakeWorld) -> None:
    fake.traffic.empty = [EmptyAnswer("42", {"user_id": "42", "k": 10})]
    fake.slots.gives_items = lambda slot, question, timeout: False  # type: ignore[method-assign]
    assert isinstance(run(fake), Promoted)


def test_failed_requests_are_those_of_the_step_alone(fake: FakeWorld) -> None:
    fake.router.requests = {"blue": Counts(10_000, 5_000), "green": Counts(10_000, 0)}
    assert isinstance(run(fake), Promoted)

    def fail_meanwhile() -> None:
        fake.router.requests = {"blue": Counts(20_000, 5_000), "green": Counts(10_500, 50)}

    at_first_look(fake, fail_meanwhile)
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "errors: 10.00% of 500 requests" in outcome.reason


def test_everybody_on_trial_is_held_against_what_the_live_release_answered_in_the_step_before(fake: FakeWorld) -> None:
    fake.traffic.arms = {"release-2": make_arm(4000), "release-3": make_arm(300)}

    def slow_at_the_end(release_id: str) -> None:
        if fake.store.routing().canary_weight == 100:
            fake.traffic.arms = {"release-3": make_arm(300, milliseconds=np.full(300, 100.0))}

    fake.traffic.before = slow_at_the_end
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "canary at 100 % of the users" in outcome.reason
    assert fake.store.routing().live_release == "release-2"


def test_low_traffic_proceeds_or_holds_as_told(fake: FakeWorld) -> None:
    assert isinstance(run(fake), Promoted)
    told: list[str] = []
    outcome = run(fake, HOLD, told)
    assert isinstance(outcome, PromotionRefused)
    assert "0 requests, live 0, within 5 s; 100 of each are needed" in outcome.reason
    assert any("holding until there are more" in line for line in told)


def test_a_held_canary_goes_on_when_there_is_enough(fake: FakeWorld) -> None:
    live = fake.store.routing().live_release or ""

    def more() -> None:
        fake.traffic.arms = {live: make_arm(200), "release-3": make_arm(200)}

    at_first_look(fake, more)
    assert isinstance(run(fake, HOLD), Promoted)


def test_what_each_look_found_is_kept(fake: FakeWorld) -> None:
    fake.traffic.arms = {"release-2": make_arm(4000), "release-3": make_arm(300)}
    run(fake)
    checks = stored_rollout(fake, 3)["checks"]
    assert {"gate", "smoke test", "canary 5 %", "canary 25 %", "canary 100 %"} <= set(checks)
    kept = checks["canary 25 %"]
    assert (kept["live_requests"], kept["canary_requests"], kept["harm"]) == (4000, 300, None)
    assert [each["name"] for each in kept["guardrails"]] == ["errors", "empty lists", "slow answers", "clicks"]


def test_a_rollback_in_the_midst_of_a_canary_gives_all_users_back_to_the_live_release(fake: FakeWorld) -> None:
    outcomes = []
    at_first_look(fake, lambda: outcomes.append(roll_back(fake.world, TOLD, LIMITS, quiet)))
    outcome = run(fake)
    assert outcomes == [CanaryStopped("release-3", "release-2")]
    assert isinstance(outcome, PromotionRefused)
    assert "holds the lease no more" in outcome.reason
    assert fake.state_of("release-3") is State.FAILED
    assert fake.store.routing().live_release == "release-2"
    tidy_up(fake.world, outcomes[0], TOLD, LIMITS, quiet)
    assert fake.store.routing().standby_release == "release-1"
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}


def test_an_alert_rejects_the_canary_or_the_release_that_it_blames(fake: FakeWorld) -> None:
    alert = cause_of_alert("ctr", "clicks have halved", "release-3")
    at_first_look(fake, lambda: roll_back(fake.world, alert, LIMITS, quiet))
    run(fake)
    assert fake.state_of("release-3") is State.REJECTED
    blamed = cause_of_alert("ctr", "clicks have halved", "release-2")
    fake.ask(FinishDraining())
    reconcile(fake.world, LIMITS.lease, LIMITS.ready, quiet, fake.clock.sleep)
    outcome = roll_back(fake.world, blamed, LIMITS, quiet)
    assert isinstance(outcome, RolledBack)
    tidy_up(fake.world, outcome, blamed, LIMITS, quiet)
    assert fake.state_of("release-2") is State.REJECTED
    state = fake.store.routing()
    assert (state.live_release, state.standby_release) == ("release-1", None)
    assert fake.slots.running == {"blue": "release-1"}
    assert isinstance(run(fake), Promoted)


def test_an_alert_against_a_release_that_does_not_answer_changes_nothing(fake: FakeWorld) -> None:
    before = fake.store.routing()
    outcome = roll_back(fake.world, cause_of_alert("ctr", "low", "release-1"), LIMITS, quiet)
    assert outcome == NothingToRollBackTo("release-1 does not answer; release-2 is live")
    assert fake.store.routing() == before


def test_a_canary_whose_process_died_is_undone_by_reconcile(fake: FakeWorld) -> None:
    class Dead(BaseException):
        """As if killed: nothing is put in order."""

    def die() -> None:
        raise Dead

    at_first_look(fake, die)
    with pytest.raises(Dead):
        run(fake)
    assert fake.store.routing().canary_weight == 5
    fake.clock.sleep(LIMITS.lease + 1)
    state = reconcile(fake.world, LIMITS.lease, LIMITS.ready, quiet, fake.clock.sleep)
    assert (state.live_release, state.standby_release, state.canary_weight) == ("release-2", "release-1", 0)
    assert fake.state_of("release-3") is State.FAILED
    assert fake.slots.running == {"blue": "release-1", "green": "release-2"}


def test_the_store_lets_no_canary_shrink(fake: FakeWorld) -> None:
    def shrink() -> None:
        with pytest.raises(IllegalStep):
            fake.ask(SetCanary(Lease(3, fake.store.routing().epoch), 5))

    at_first_look(fake, shrink)
    assert isinstance(run(fake), Promoted)


def test_any_release_that_has_been_live_can_be_gone_back_to(fake: FakeWorld) -> None:
    run(fake)
    run(fake)
    assert fake.state_of("release-1") is State.RETIRED
    assert roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet) == RolledBack("release-4", "release-1")
    state = fake.store.routing()
    assert (state.live_release, state.standby_release) == ("release-1", "release-4")
    assert fake.state_of("release-3") is State.RETIRED
    assert fake.aliases.names == {"champion": 1}


def test_going_back_to_the_standby_needs_no_start(fake: FakeWorld) -> None:
    def nothing_may_start(step: str) -> None:
        raise AssertionError(step)

    fake.slots.before = nothing_may_start
    assert roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet) == RolledBack("release-2", "release-1")


def test_going_back_far_cancels_a_running_canary(fake: FakeWorld) -> None:
    run(fake)
    outcomes = []
    at_first_look(fake, lambda: outcomes.append(roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet)))
    assert isinstance(run(fake), PromotionRefused)
    assert outcomes == [RolledBack("release-3", "release-1")]
    assert fake.store.routing().live_release == "release-1"


def test_a_former_release_that_does_not_come_up_changes_nothing(fake: FakeWorld) -> None:
    run(fake)
    before = fake.store.routing()
    fake.slots.fail_at = "smoke_test"
    outcome = roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet)
    assert isinstance(outcome, NothingToRollBackTo)
    assert "release-1 does not come up" in outcome.reason
    after = fake.store.routing()
    assert (after.live_release, after.standby_release) == (before.live_release, before.standby_release)
    assert fake.state_of("release-1") is State.RETIRED


@pytest.mark.parametrize(("target", "reason"), [("release-2", "is live already"), ("release-3", "release-3 is failed")])
def test_there_is_no_going_back_to_what_is_live_or_never_was(fake: FakeWorld, target: str, reason: str) -> None:
    fake.slots.fail_at = "smoke_test"
    run(fake)
    outcome = roll_back_to(fake.world, target, TOLD, LIMITS, quiet)
    assert isinstance(outcome, NothingToRollBackTo)
    assert reason in outcome.reason


def test_a_rejected_release_is_not_gone_back_to_and_nothing_that_runs_is_disturbed(fake: FakeWorld) -> None:
    blamed = cause_of_alert("ctr", "clicks have halved", "release-2")
    assert isinstance(roll_back(fake.world, blamed, LIMITS, quiet), RolledBack)
    outcomes = []
    at_first_look(fake, lambda: outcomes.append(roll_back_to(fake.world, "release-2", TOLD, LIMITS, quiet)))
    assert isinstance(run(fake), Promoted)
    refused = "release-2 is rejected; only a release that has been live can be gone back to"
    assert outcomes == [NothingToRollBackTo(refused)]
    assert fake.state_of("release-2") is State.REJECTED


def test_a_standby_whose_slot_a_canary_has_taken_is_gone_back_to_by_name_and_stays_when_it_does_not_start(
    fake: FakeWorld,
) -> None:
    """`--to` used to retire it first, so that one failed start cost the way back."""
    outcomes = []
    fails = [True, True, True, True]

    def refuse(step: str) -> None:
        if step == "wait_ready" and fails:
            fails.pop()
            raise StepFailed("blue is broken")

    def go_back() -> None:
        fake.slots.before = refuse
        outcomes.append(roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet))

    at_first_look(fake, go_back)
    assert isinstance(run(fake), PromotionRefused)
    assert isinstance(outcomes[0], NothingToRollBackTo)
    assert fake.state_of("release-1") is State.STANDBY
    fails.clear()
    assert roll_back_to(fake.world, "release-1", TOLD, LIMITS, quiet) == RolledBack("release-2", "release-1")


def test_the_registry_is_told_what_became_of_each_release(fake: FakeWorld) -> None:
    line = fake.aliases.tags[2, "recops.release-2"]
    assert line.startswith("live since 1970-01-01")
    assert "canary (25 %)" in line
    assert fake.aliases.tags[1, "recops.release-1"].startswith("standby since")


def test_a_store_that_takes_nothing_more_is_told_and_the_live_release_answers_on(fake: FakeWorld) -> None:
    def full() -> None:
        raise StepFailed("the event store does not take the write: disk is full")

    commit = fake.store.commit

    def until_it_is_full(command: Command[T]) -> T:
        if isinstance(command, GiveUp):
            full()
        return commit(command)

    fake.store.commit = until_it_is_full  # type: ignore[method-assign]
    fake.slots.fail_at = "smoke_test"
    outcome = run(fake)
    assert isinstance(outcome, PromotionRefused)
    assert "smoke_test was told to fail" in outcome.reason
    assert "disk is full; `recops reconcile`" in outcome.reason
    assert fake.store.routing().live_release == "release-2"
