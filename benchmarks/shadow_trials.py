"""Repeats evaluations of prompts whose truth is known, and counts how often the decision is the right one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.shadow_world import CHALLENGER, CHAMPION, FACTS, Habits, Skill, draw_world, evaluate_once, titles_in
from components.config.shadow import ShadowConfig
from components.shadow.decision import Decision, Promote, Read, Refuse, decide
from components.shadow.evidence import ShadowEvidence, gather_evidence
from components.shadow.plan import users_to_plan
from components.shadow.scores import ndcg_of

COLD_BELOW = 5
CHAMPION_SKILL = Skill(noise=1.0)


@dataclass(frozen=True)
class Condition:
    """What is repeated: the challenger's skill, how people behave, how many requests, and when it is read."""

    challenger: Skill
    habits: Habits
    requests: int
    read: Read = "planned"


@dataclass(frozen=True)
class Counted:
    """How the evaluations of a condition ended, and what they found on average.

    Attributes:
        refused_for: how many were refused by each check.
        differences: mean of challenger minus champion by each source of truth.
        misled: how many times each source alone, with the bootstrap, would have promoted.
    """

    runs: int
    promoted: int
    refused: int
    undecided: int
    refused_for: Mapping[str, int]
    differences: Mapping[str, float]
    misled: Mapping[str, int]


def repeat(condition: Condition, policy: ShadowConfig, seed: int, runs: int) -> Counted:
    """`runs` evaluations with seeds of their own, each with a new world."""
    ended: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    misled: Counter[str] = Counter()
    found: dict[str, list[float]] = {}
    for run in range(runs):
        evidence, decision = evaluate_condition(condition, policy, np.random.default_rng([seed, run]))
        ended[type(decision).__name__] += 1
        if isinstance(decision, Refuse):
            failed.update(check.name for check in decision.checks if check.standing == "fails")
        for source, paired in evidence.by_source.items():
            misled[source] += paired.fixed.low > policy.min_gain
            if paired.users:
                found.setdefault(source, []).append(paired.difference)
    means = {source: float(np.mean(values)) for source, values in found.items()}
    return Counted(
        runs, ended["Promote"], ended["Refuse"], ended["Undecided"], dict(failed.most_common()), means, dict(misled)
    )


def evaluate_condition(
    condition: Condition, policy: ShadowConfig, rng: np.random.Generator
) -> tuple[ShadowEvidence, Decision]:
    """One evaluation of the condition."""
    cases, truth = evaluate_once(rng, condition.requests, CHAMPION_SKILL, condition.challenger, condition.habits)
    evidence = gather_evidence(cases, truth, FACTS, COLD_BELOW, policy, rng)
    return evidence, decide(evidence, policy, condition.read)


@dataclass(frozen=True)
class Extended:
    """How many evaluations were promoted at the planned read, and by any read until the last."""

    runs: int
    at_plan: int
    at_any: int


def repeat_extended(challenger: Skill, sizes: tuple[int, ...], policy: ShadowConfig, seed: int, runs: int) -> Extended:
    """Evaluations that are read at the first of `sizes`, and while undecided again at each further one."""
    at_plan = at_any = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        cases, truth = evaluate_once(rng, sizes[-1], CHAMPION_SKILL, challenger, Habits())
        for place, size in enumerate(sizes):
            read: Read = "later" if place else "planned"
            decision = decide(gather_evidence(cases[:size], truth, FACTS, COLD_BELOW, policy, rng), policy, read)
            if isinstance(decision, Promote):
                at_plan += place == 0
                at_any += 1
            if isinstance(decision, Promote | Refuse):
                break
    return Extended(runs, at_plan, at_any)


def true_gain(noise: float, habits: Habits, seed: int = 1, requests: int = 10_000) -> float:
    """NDCG@10 that a challenger of this noise gains over the champion by what users do later, in a large world.

    The same draws serve every noise, so that differences between noises are exact to a few per mille.
    """
    world, _, _ = draw_world(np.random.default_rng(seed), requests, CHAMPION_SKILL, Skill(noise), habits)
    gains = [
        ndcg_of(titles_in(world.orders[CHALLENGER][row]), relevant)
        - ndcg_of(titles_in(world.orders[CHAMPION][row]), relevant)
        for row, relevant in ((int(name[1:]), one.relevant) for name, one in world.truth.later.items())
    ]
    return float(np.mean(gains))


def noise_for(gain: float, habits: Habits) -> float:
    """The noise at which a challenger gains this much, by bisection to half a per cent of noise."""
    low, high = 0.2, 3.0
    base = true_gain(CHAMPION_SKILL.noise, habits)  # what the luck of these draws gives an equal prompt
    while high - low > 0.01:
        middle = (low + high) / 2
        if true_gain(middle, habits) - base > gain:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def requests_to_plan(policy: ShadowConfig, habits: Habits, seed: int = 2, runs: int = 10) -> int:
    """Requests of the planned read, from the spread in pilot evaluations of an equal prompt."""
    spreads, shares = [], []
    for run in range(runs):
        condition = Condition(CHAMPION_SKILL, habits, 500)
        evidence, _ = evaluate_condition(condition, policy, np.random.default_rng([seed, run]))
        target = evidence.target
        spreads.append(target.std_error * np.sqrt(target.users))
        shares.append(target.users / evidence.cases)
    return int(np.ceil(users_to_plan(float(np.mean(spreads)), policy) / np.mean(shares)))
