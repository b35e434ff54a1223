"""Decides what an adaptive experiment has shown, and what shares the next users are to be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.experiments.adaptive import Arms, name_winner, next_shares
from components.experiments.allocation import AllocatedShares, expected_shares
from components.experiments.declaration import Declaration
from components.experiments.evidence import Declared, ExperimentEvidence, Metric, compare_variants, guard, has_values
from components.experiments.experiment_log import ExperimentLog, total_by_user
from components.experiments.power import MinimumEffect
from components.experiments.read_log import USUAL_EFFECT, guardrail_of
from components.experiments.reading import NoWinnerAllowed, StillOpen, Winner
from components.experiments.sample_ratio import RatioMismatch, RatioUnknown, check_sample_ratio

HOUR = 3600.0
LEAST_USERS = 100
"""Of each variant whose time is over, before shares change or anybody is named."""


@dataclass(frozen=True)
class AdaptiveReading:
    """The decision, and the shares of the users to come; None where they stay as they are."""

    decision: Winner | StillOpen | NoWinnerAllowed
    shares: tuple[float, ...] | None


def read_adaptive(
    declaration: Declaration,
    planned_users: int,
    over_time: Sequence[AllocatedShares],
    log: ExperimentLog,
    until: float,
    rng: np.random.Generator,
) -> AdaptiveReading:
    """The sample ratio by the shares of each moment, then the likelihood ratio of the best and its rival, then harm.

    A user counts once `declaration.reward_hours` have passed since their first exposure, by what they did in those, so
    that a variant which has newer users is not held to have worse ones.

    Args:
        planned_users: per variant, were the shares equal.
        until: the moment of the reading (seconds since 1970).
    """
    variants = len(log.variants)
    users = tuple(int(each) for each in np.bincount(log.variant, minlength=variants))
    if not sum(users):
        return AdaptiveReading(_open("nobody has come yet", planned_users, users, _nothing(users)), None)
    ratio = check_sample_ratio(users, expected_shares(log.first_at, over_time))
    evidence = ExperimentEvidence(users, ratio)
    if isinstance(ratio, RatioMismatch):
        return AdaptiveReading(NoWinnerAllowed(ratio.reason, evidence), None)
    over, did = rewards(declaration, log, until)
    arms = Arms(*(np.bincount(log.variant[rows], minlength=variants) for rows in (over, over & did)))
    if arms.users.min() < LEAST_USERS or isinstance(ratio, RatioUnknown):
        reason = (
            f"{arms.users.min()} users of the smallest variant came {declaration.reward_hours:g} hours ago or more: "
            f"nothing is said, and shares stay, before {LEAST_USERS}"
        )
        return AdaptiveReading(_open(reason, planned_users, users, evidence), None)
    guardrails = _guardrails(declaration, log)
    if not all(has_values(each, log.variant, variants) for each in guardrails):
        return AdaptiveReading(_open("one of the variants made no list", planned_users, users, evidence), None)
    evidence = _with_evidence(declaration, log, guardrails, over, did, evidence)
    shares = tuple(next_shares(arms, rng).tolist())
    return AdaptiveReading(_decide(declaration, arms, planned_users, evidence), shares)


def rewards(declaration: Declaration, log: ExperimentLog, until: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whose time is over, and who did what is rewarded within it, each (n_users,)."""
    ends = log.first_at + declaration.reward_hours * HOUR
    kind = "purchase" if declaration.primary == "conversion" else "click"
    of_list = log.event_request >= 0
    own = np.where(of_list, log.inside[np.maximum(log.event_request, 0)] & (log.event_position >= 0), kind != "click")
    first, end = log.first_at[log.event_user], ends[log.event_user]
    counted = (log.event_type == kind) & own & (log.event_at >= first) & (log.event_at <= end)
    did = np.bincount(log.event_user[counted], minlength=len(log.variant)) > 0
    return ends <= until, did


def _decide(
    declaration: Declaration, arms: Arms, planned_users: int, evidence: ExperimentEvidence
) -> Winner | StillOpen | NoWinnerAllowed:
    names = declaration.split.variants
    rates = ", ".join(
        f"{name} {did / users:.2%} of {users:,}"
        for name, did, users in zip(names, arms.rewarded.tolist(), arms.users.tolist(), strict=True)
    )
    found = name_winner(arms, declaration.level)
    if found is None:
        reason = f"{rates}: none stands out yet; the next users go where they tell most"
        return _open(reason, planned_users, evidence.users, evidence)
    best = names[found.variant]
    harmed = next((each for each in evidence.guardrails if each.harmed and each.comparison.variant == best), None)
    shown = f"{rates}: log likelihood ratio {found.statistic:.1f}, over {found.threshold:.1f}"
    if harmed is not None:
        line = f"{harmed.comparison.metric} is {harmed.comparison.difference.value:+.4g} beside {names[0]}"
        return NoWinnerAllowed(f"{shown}, but the guardrail {line}, p = {harmed.p_harm:.2g}", evidence)
    return Winner(best, shown, evidence)


def _guardrails(declaration: Declaration, log: ExperimentLog) -> list[Metric]:
    effect = declaration.effect if declaration.minimum_effect.kind == "relative" else USUAL_EFFECT
    totals = total_by_user(log)
    return [guardrail_of(name, totals, effect, most) for name, most in declaration.guardrails.items()]


def _with_evidence(
    declaration: Declaration,
    log: ExperimentLog,
    guardrails: Sequence[Metric],
    over: NDArray[np.bool_],
    did: NDArray[np.bool_],
    evidence: ExperimentEvidence,
) -> ExperimentEvidence:
    declared = Declared(declaration.split, declaration.primary, "sequential", 0, 0, declaration.level)
    effect = MinimumEffect(declaration.minimum_effect.size, declaration.minimum_effect.kind)
    rate = Metric(declaration.primary, did[over].astype(np.float64), effect)
    return replace(
        evidence,
        primary=compare_variants(declared, rate, log.variant[over]) if did[over].any() else (),
        guardrails=guard(declared, guardrails, log.variant),
    )


def _open(reason: str, planned_users: int, users: tuple[int, ...], evidence: ExperimentEvidence) -> StillOpen:
    return StillOpen(reason, max(0, planned_users - sum(users) // len(users)), 0, evidence)


def _nothing(users: tuple[int, ...]) -> ExperimentEvidence:
    return ExperimentEvidence(users, RatioUnknown(0))
