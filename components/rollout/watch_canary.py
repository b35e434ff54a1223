"""Lets a release answer a growing share of the users, and looks again and again whether it does harm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from components.config.promotion import Canary
from components.rollout.canary_judge import Arm, CanaryJudgement, judge_canary
from components.rollout.lease import Lease
from components.rollout.lease_commands import Renew
from components.rollout.ports import Counts, World
from components.rollout.promotion_commands import RecordStep, SetCanary
from components.rollout.release import Release
from components.rollout.routing import Slot, other

Report = Callable[[str], None]
FOLLOW_SECONDS = 5.0
"""How long to wait for the router to follow; its clock of a step starts then."""
PROBES = 20
"""Empty answers of the canary that are put to the live release at each look."""
PROBE_SECONDS = 2.0
BEAT_SECONDS = 0.5
MORE_LOOKS = 4
"""At most, beyond those of the plan, at a step that ends in doubt."""
NONE = Counts(0, 0)


class CanaryHarmful(Exception):
    """The canary does harm, or could not be judged; the message says why."""


@dataclass(frozen=True)
class Clock:
    """Time as the world has it: `now` in seconds since 1970."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Trial:
    """A canary under way: `live_release` answers the other users from the slot beside it."""

    world: World
    lease: Lease
    lease_seconds: float
    release: Release
    slot: Slot
    live_release: str
    plan: Canary
    clock: Clock


def watch_canary(trial: Trial, report: Report) -> None:
    """Take the canary through all steps of the plan.

    At the last step, where everybody is answered by the canary, it is held against what the live release answered in
    the step before.

    Raises:
        CanaryHarmful: at the first look that shows harm, or when there was too little traffic for too long.
        LeaseLost: a rollback or another promotion came in between.
    """
    beside: Arm | None = None
    for weight in trial.plan.steps:
        store = trial.world.store
        store.commit(SetCanary(trial.lease, weight))
        trial.world.router.project(store.routing)
        trial.world.router.wait_applied(store.routing().version, FOLLOW_SECONDS)
        report(f"{trial.release.release_id} answers {weight} % of the users")
        beside = _step(trial, weight, beside, report)


def _step(trial: Trial, weight: int, beside: Arm | None, report: Report) -> Arm:
    plan, clock = trial.plan, trial.clock
    looks, before = [clock.now()], trial.world.router.counts()
    while True:
        _pass(trial, plan.seconds_per_step / plan.looks_per_step)
        if len(looks) == plan.looks_per_step:
            _await_traffic(trial, weight, looks[0], before, report)
        looks.append(clock.now())
        live, canary = _arms(trial, looks[0], before)
        if weight == 100 and beside is not None:
            live = beside
        judged = judge_canary(live, canary, _empty_beside_full(trial, looks[0]), plan, looks)
        seconds = round(looks[-1] - looks[0], 1)
        found = {"seconds": seconds, **as_values(judged)}
        trial.world.store.commit(RecordStep(trial.lease, f"canary {weight} %", found))
        if judged.harm is not None:
            raise CanaryHarmful(f"canary at {weight} % of the users, after {seconds:g} s: {judged.harm}")
        if len(looks) <= plan.looks_per_step:
            continue
        if judged.doubt is None or len(looks) > plan.looks_per_step + MORE_LOOKS:
            report(f"canary {weight} %: {_in_words(judged)}")
            return live
        report(f"canary {weight} %: looking again, {judged.doubt}")


def as_values(judged: CanaryJudgement) -> dict[str, Any]:
    """Plain values for the history; what does not exist is left out."""
    guardrails = [asdict(each) for each in judged.guardrails]
    for guardrail in guardrails:
        for key in ("live", "canary"):
            if math.isnan(guardrail[key]):
                del guardrail[key]
    return {**asdict(judged), "guardrails": guardrails, "harm": judged.harm, "doubt": judged.doubt}


def _in_words(judged: CanaryJudgement) -> str:
    if not judged.canary_requests:
        return "nobody asked"
    said = "; ".join(each.explanation for each in judged.guardrails)
    return f"{judged.canary_requests} requests of {judged.canary_users} users, live {judged.live_requests}; {said}"


def _await_traffic(trial: Trial, weight: int, began: float, before: dict[Slot, Counts] | None, report: Report) -> None:
    """Hold the step until there is enough to judge, if the plan wants that."""
    plan = trial.plan
    held = False
    while plan.on_low_traffic == "hold":
        live, canary = _arms(trial, began, before)
        enough = [canary.requests >= plan.min_requests, live.requests >= plan.min_requests or weight == 100]
        if all(enough):
            return
        if not held:
            report(f"canary {weight} %: {canary.requests} requests, live {live.requests}; holding until there are more")
            held = True
        if trial.clock.now() - began > plan.max_hold_seconds:
            raise CanaryHarmful(
                f"canary at {weight} % of the users: {canary.requests} requests, live {live.requests}, within "
                f"{plan.max_hold_seconds:g} s; {plan.min_requests} of each are needed to judge (promotion.canary)"
            )
        _pass(trial, max(BEAT_SECONDS, plan.seconds_per_step / 10))


def _arms(trial: Trial, began: float, before: dict[Slot, Counts] | None) -> tuple[Arm, Arm]:
    """What live release and canary answered since the step began."""
    after = trial.world.router.counts()
    live_slot = other(trial.slot)
    live = trial.world.traffic.answered(trial.live_release, began, _since(before, after, live_slot))
    canary = trial.world.traffic.answered(trial.release.release_id, began, _since(before, after, trial.slot))
    return live, canary


def _since(before: dict[Slot, Counts] | None, after: dict[Slot, Counts] | None, slot: Slot) -> Counts:
    """The difference; a router that was started again since has counted from nought."""
    if after is None:
        return NONE
    now, then = after[slot], before[slot] if before else NONE
    if now.asked < then.asked:
        return now
    return replace(now, asked=now.asked - then.asked, failed=max(now.failed - then.failed, 0))


def _empty_beside_full(trial: Trial, began: float) -> list[str]:
    """Users whom the canary gave nothing, and the live release, asked the same now, gives something."""
    empty = trial.world.traffic.empty_answers(trial.release.release_id, began, PROBES)
    slots, live = trial.world.slots, other(trial.slot)
    return [each.user_id for each in empty if slots.gives_items(live, each.question, PROBE_SECONDS)]


def _pass(trial: Trial, seconds: float) -> None:
    """Let time pass, noticing at once that the lease was lost."""
    until = trial.clock.now() + seconds
    while (left := until - trial.clock.now()) > 0:
        trial.clock.sleep(min(left, BEAT_SECONDS))
        trial.world.store.commit(Renew(trial.lease, trial.lease_seconds))
