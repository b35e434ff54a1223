"""Decides what an interleaved experiment has shown, as honestly as an A/B test: by clicks, user by user."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import stdtr, stdtrit

from components.experiments.declaration import Declaration, GuardrailName
from components.experiments.evidence import ExperimentEvidence, ExperimentGuardrail, VariantComparison
from components.experiments.fixed_horizon import Difference, Values, linearised
from components.experiments.holm import adjust_together
from components.experiments.interleaved_log import InterleavedLog
from components.experiments.interleaving import Preference, PreferenceOpen, Preferred, read_interleaved
from components.experiments.interleaving_plan import UNLIKE
from components.experiments.power import MinimumEffect
from components.experiments.reading import NoWinnerAllowed, StillOpen, Winner
from components.experiments.sample_ratio import RatioMismatch, check_sample_ratio
from components.experiments.sequential import always_valid

PREFERENCE = "preference"
"""Share of the credited clicks, which is what decides."""
USUAL_SCALE = MinimumEffect(0.05, "relative")
"""Of a guardrail, where the declared effect is in the primary metric's own unit."""


def read_interleaved_experiment(
    declaration: Declaration, planned_users: int, planned_days: int, log: InterleavedLog, days: int, cold_threshold: int
) -> Winner | StillOpen | NoWinnerAllowed:
    """The draft's coin first, then the clicks by the declared test, then the guardrails.

    The coin is thrown before anybody clicks. If one variant begins more often than chance allows, the draft favours it,
    or the other had nothing to place in some lists, and no winner may be named. There is no `NoDifference`: the share
    of clicks is on another scale than the declared effect, so rankings that people like alike stay open.

    Args:
        planned_users: who are shown drafted lists.
        days: whole ones since the start.
        cold_threshold: users of whom fewer interactions were known at first are cold.
    """
    users = len(log.first_at)
    began = (int((log.began == 0).sum()), int((log.began == 1).sum()))
    coin = check_sample_ratio(began, (0.5, 0.5), what="lists begun by each")
    evidence = ExperimentEvidence((users, users), coin)
    if isinstance(coin, RatioMismatch):
        return NoWinnerAllowed(f"the draft is not fair: {coin.reason}", evidence)
    found = _preference(declaration, log)
    if found.preference is None:
        return _open(_reason_of(found), evidence, max(0, planned_users - users), planned_days - days)
    evidence = replace(
        evidence,
        primary=(_as_comparison(log, found.preference),),
        guardrails=_guard(declaration, log),
        segments=_segments(declaration, log, cold_threshold),
    )
    if declaration.test == "fixed" and (users < planned_users or days < planned_days):
        reason = "a fixed test is read once, at its planned users and days; to look before, declare a sequential one"
        return _open(reason, evidence, max(0, planned_users - users), planned_days - days)
    return _decide(declaration, found, evidence, planned_users, planned_days, days)


def _decide(
    declaration: Declaration,
    found: Preferred | PreferenceOpen,
    evidence: ExperimentEvidence,
    planned_users: int,
    planned_days: int,
    days: int,
) -> Winner | StillOpen | NoWinnerAllowed:
    control, other = declaration.split.variants
    users = evidence.users[0]
    seen = found.preference
    assert seen is not None  # noqa: S101 - looked at before
    shown = (
        f"{other} has {seen.value:+.1%} more of the credited clicks than {control}, "
        f"between {seen.low:+.1%} and {seen.high:+.1%}, {seen.users:,} users with any"
    )
    if isinstance(found, Preferred):
        harmed = next((each for each in evidence.guardrails if each.harmed), None)
        if found.ranking == 1 and harmed is not None:
            line = f"{harmed.comparison.metric} is {harmed.comparison.difference.value:+.4g} beside {control}"
            return NoWinnerAllowed(f"{shown}, but the guardrail {line}, p = {harmed.p_harm:.2g}", evidence)
        return Winner((control, other)[found.ranking], shown, evidence)
    of_ab = math.ceil(planned_users / UNLIKE)
    needed = math.ceil(users * ((seen.high - seen.value) / abs(seen.value)) ** 2) if seen.value else of_ab
    if needed >= of_ab:
        reason = f"{shown}: may be 0; past {of_ab:,} users an A/B test tells as much, and the effect itself"
    else:
        reason = f"{shown}: may be 0; {needed:,} users would tell"
    needed = min(needed, of_ab)
    if declaration.test == "fixed":
        again = max(planned_days, math.ceil(days * needed / users))
        return _open(f"{reason}, in a new experiment, since this one has been read", evidence, needed, again)
    more = max(0, needed - users)
    return _open(reason, evidence, more, max(planned_days - days, math.ceil(days * more / users)))


def _preference(declaration: Declaration, log: InterleavedLog) -> Preferred | PreferenceOpen:
    return read_interleaved(log.user, log.clicks[:, 0], log.clicks[:, 1], declaration.test, declaration.level)


def _reason_of(found: Preferred | PreferenceOpen) -> str:
    return found.reason if isinstance(found, PreferenceOpen) else ""


def _open(reason: str, evidence: ExperimentEvidence, users: int, days: int) -> StillOpen:
    return StillOpen(reason, users, max(0, days), evidence)


def _as_comparison(log: InterleavedLog, seen: Preference) -> VariantComparison:
    one, other = log.clicks[:, :2].sum(axis=0) / log.clicks[:, :2].sum()
    users = (seen.users, seen.users)
    difference = Difference(float(one), float(other), seen.value, seen.low, seen.high, 0.0, seen.p_value, users)
    return VariantComparison(PREFERENCE, log.variants[1], difference, "higher", 0.0, 0.0)


def _segments(
    declaration: Declaration, log: InterleavedLog, cold_threshold: int
) -> tuple[tuple[str, str, VariantComparison], ...]:
    """Warm and cold users apart, where enough of them have credited clicks."""
    warm = log.n_known >= cold_threshold
    found = []
    for label, rows in (("cold", ~warm), ("warm", warm)) if declaration.segments else ():
        part = log.of_users(rows)
        if (seen := _preference(declaration, part).preference) is not None:
            found.append(("history", label, _as_comparison(part, seen)))
    return tuple(found)


def _guard(declaration: Declaration, log: InterleavedLog) -> tuple[ExperimentGuardrail, ...]:
    """What each list cost by either's own ranking, in pairs; harm is adjusted over all guardrails by Holm."""
    columns: dict[GuardrailName, Values] = {
        "latency_ms": log.latency_ms,
        "cost_usd": log.cost_usd,
        "errors": log.failed,
    }
    relative = declaration.effect if declaration.minimum_effect.kind == "relative" else USUAL_SCALE
    compared: dict[str, VariantComparison] = {}
    harms: dict[str, float] = {}
    for name, tolerance in declaration.guardrails.items():
        found = _compare_pairs(log, columns[name], 0.0, relative, declaration)
        beyond = _compare_pairs(log, columns[name], tolerance, relative, declaration)
        compared[name] = VariantComparison(name, log.variants[1], found, "lower", relative.absolute(found.control), 0.0)
        harms[name] = beyond.p_value / 2 if beyond.value > 0 else 1 - beyond.p_value / 2
    adjusted = adjust_together(harms)
    return tuple(
        ExperimentGuardrail(one, adjusted[name], adjusted[name] <= declaration.level) for name, one in compared.items()
    )


def _compare_pairs(
    log: InterleavedLog, column: Values, lead: float, scale: MinimumEffect, declaration: Declaration
) -> Difference:
    """Per list, the second variant's less the first's and less `lead`; (n_lists, 2), with the user as unit."""
    users = len(log.first_at)
    lists = np.bincount(log.user, minlength=users).astype(np.float64)
    more = np.bincount(log.user, weights=column[:, 1] - column[:, 0], minlength=users) - lead * lists
    values = linearised(more, lists)
    value, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(users)
    means = (float(column[:, 0].mean()), float(column[:, 1].mean()))
    if error < 1e-12:  # of rounding
        return Difference(*means, value, value, value, 0.0, float(value == 0), (users, users))
    reach = float(stdtrit(users - 1, 1 - declaration.level / 2)) * error
    p_value = 2 * float(stdtr(users - 1, -abs(value) / error))
    found = Difference(*means, value, value - reach, value + reach, error, p_value, (users, users))
    if declaration.test == "sequential":
        return always_valid(found, scale.absolute(float(column.mean())), declaration.level)
    return found
