"""Decides on a challenger prompt: promote it, refuse it with the reasons, or say how many requests are still needed.

Looks before the planned size may refuse, which saves money, and never promote. The planned read is made once, with the
bootstrap at `read_level`; every later one, after an undecided planned read, with the always-valid confidence sequence
at `sequential_level`. So a prompt that is not better by the minimum is promoted with a probability of at most the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.config.shadow import ShadowConfig
from components.experiments.power import squared_signal
from components.metrics.bootstrap import Interval
from components.shadow.evidence import LEAST_USERS, ShadowEvidence
from components.shadow.fault_rate import FaultRate, replies_needed
from components.shadow.figures import number, signed
from components.shadow.paired import Paired

Read = Literal["look", "planned", "later"]
Standing = Literal["holds", "fails", "open"]


@dataclass(frozen=True)
class ShadowCheck:
    """One question, its answer, and how many requests in all would answer it while it is open (None: unknown)."""

    name: str
    standing: Standing
    explanation: str
    requests_needed: int | None = None


@dataclass(frozen=True)
class Promote:
    """Better by the minimum, and every guardrail holds."""

    checks: tuple[ShadowCheck, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(check.explanation for check in self.checks)


@dataclass(frozen=True)
class Refuse:
    """A check failed for good; `reasons` are those of the failed ones."""

    checks: tuple[ShadowCheck, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(check.explanation for check in self.checks if check.standing == "fails")


@dataclass(frozen=True)
class Undecided:
    """Nothing failed, but not all holds yet.

    Attributes:
        requests_needed: beyond those evaluated; None when no number of them would tell.
    """

    checks: tuple[ShadowCheck, ...]
    requests_needed: int | None

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(check.explanation for check in self.checks if check.standing == "open")


Decision = Promote | Refuse | Undecided


def decide(evidence: ShadowEvidence, policy: ShadowConfig, read: Read) -> Decision:
    """The decision that this evidence allows at this read."""
    checks = tuple(_checks(evidence, policy, read))
    standings = {check.standing for check in checks}
    if "fails" in standings:
        return Refuse(checks)
    if read == "look":
        left = max(0, policy.sample_size - evidence.cases)
        held = "before the planned size nothing is promoted"
        return Undecided((*checks, ShadowCheck("size", "open", held, policy.sample_size)), left)
    if "open" not in standings:
        return Promote(checks)
    needed = [check.requests_needed for check in checks if check.standing == "open"]
    known = [number for number in needed if number is not None]
    more = max(1, max(known) - evidence.cases) if len(known) == len(needed) else None
    return Undecided(checks, more)


def _checks(evidence: ShadowEvidence, policy: ShadowConfig, read: Read) -> Iterator[ShadowCheck]:
    yield _target(evidence, policy, read)
    if evidence.source == "later":
        yield _all_agree(evidence, policy, read)
    if evidence.by_source["listed"].effective_users >= LEAST_USERS:
        yield _listed(evidence.by_source["listed"], policy, read)
    yield _rare("reply faults", evidence.faults, policy.max_fault_rate, policy, read)
    if evidence.explanation_faults.replies:
        limit = policy.max_explanation_fault_rate
        yield _rare("explanation faults", evidence.explanation_faults, limit, policy, read)
    drops = {"diversity": -policy.max_diversity_drop, "category spread": -policy.max_spread_drop}
    rises = {"cost": policy.max_cost_ratio - 1, "latency": policy.max_latency_ratio - 1}
    for name, share in (drops | rises).items():
        if evidence.guards[name].requests:
            yield _guard(name, evidence.guards[name], share, read)


def _target(evidence: ShadowEvidence, policy: ShadowConfig, read: Read) -> ShadowCheck:
    name = "target"
    if evidence.source is None:
        best = max(
            (evidence.by_source[source] for source in ("explored", "later")), key=lambda one: one.effective_users
        )
        needed = math.ceil(evidence.cases * LEAST_USERS / best.effective_users) if best.effective_users else None
        said = (
            f"the unbiased ground truth is worth {best.effective_users:.0f} users, and tells nothing below "
            f"{LEAST_USERS}: "
            "users' later interactions have to come in, or positions filled at random"
        )
        return ShadowCheck(name, "open", said, needed)
    found, bounds = evidence.target, _bounds(evidence.target, read)
    shown = f"NDCG@10 by what users {_WAYS[evidence.source]}: {_shown(found, bounds)}"
    if bounds.low > policy.min_gain:
        return ShadowCheck(name, "holds", f"{shown}, so better by more than {policy.min_gain:g}")
    if bounds.high < policy.min_gain:
        return ShadowCheck(name, "fails", f"{shown}, so not better by {policy.min_gain:g}")
    said = f"{shown}: the minimum of {policy.min_gain:+g} lies within"
    return ShadowCheck(name, "open", said, _requests_to_tell(evidence.cases, found, policy))


_WAYS = {"later": "did later, through no list", "explored": "took from positions filled at random"}


def _all_agree(evidence: ShadowEvidence, policy: ShadowConfig, read: Read) -> ShadowCheck:
    """What was taken from the champion's lists is missing from `later`, so the gain must show with it as well."""
    found, bounds = evidence.by_source["all"], _bounds(evidence.by_source["all"], read)
    shown = f"NDCG@10 with what users took from lists as well: {_shown(found, bounds)}"
    if bounds.low > policy.min_gain:
        return ShadowCheck("all interactions", "holds", f"{shown}, so the gain is not only what the lists hid")
    said = (
        f"{shown}: the gain may be no more than what the champion's lists took out of the ground truth; "
        "positions filled at random would tell"
    )
    return ShadowCheck("all interactions", "open", said, _requests_to_tell(evidence.cases, found, policy))


def _listed(found: Paired, policy: ShadowConfig, read: Read) -> ShadowCheck:
    bounds, limit = _bounds(found, read), -policy.max_listed_loss * found.champion
    shown = f"NDCG@10 by clicks in the champion's own lists: {_shown(found, bounds)}"
    if bounds.high < limit:
        return ShadowCheck(
            "clicks", "fails", f"{shown}, a loss of over {policy.max_listed_loss:.0%} of {found.champion:.3f}"
        )
    return ShadowCheck("clicks", "holds", f"{shown}, which proves nothing for a challenger, and is no gross loss")


def _rare(name: str, found: FaultRate, limit: float, policy: ShadowConfig, read: Read) -> ShadowCheck:
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.kinds.items())
    shown = (
        f"{name}: {found.faulty} of {found.replies}"
        + (f" ({kinds})" if kinds else "")
        + f", between {found.low:.2%} and {found.high:.2%} (each bound {policy.fault_confidence:.0%}, exact)"
    )
    if found.high < limit:
        return ShadowCheck(name, "holds", f"{shown}, under {limit:.0%}")
    if found.low > limit or (read != "look" and found.rate >= limit):
        return ShadowCheck(name, "fails", f"{shown}, where under {limit:.0%} has to be shown")
    needed = replies_needed(found, limit, policy.fault_confidence)
    return ShadowCheck(name, "open", f"{shown}: not known to be under {limit:.0%}", needed)


def _guard(name: str, found: Paired, share: float, read: Read) -> ShadowCheck:
    """`share` of the champion's mean may be lost (negative) or added; bounds are the bootstrap's at every read."""
    limit = share * abs(found.champion)
    bounds = found.sequence if read == "look" else found.fixed
    shown = f"{name}: {_shown(found, bounds)}"
    allowed = f"{signed(limit)} ({share:+.0%})"
    holds, fails = (
        (bounds.low >= limit, bounds.high < limit) if share < 0 else (bounds.high <= limit, bounds.low > limit)
    )
    if holds:
        return ShadowCheck(name, "holds", f"{shown}, within {allowed}")
    if fails:
        return ShadowCheck(name, "fails", f"{shown}, beyond {allowed}")
    reach = (bounds.high - bounds.low) / 2
    distance = abs(found.difference - limit)
    needed = math.ceil(found.requests * (reach / distance) ** 2) if distance and math.isfinite(reach) else None
    return ShadowCheck(name, "open", f"{shown}: not known to be within {allowed}", needed)


def _bounds(found: Paired, read: Read) -> Interval:
    return found.fixed if read == "planned" else found.sequence


def _requests_to_tell(cases: int, found: Paired, policy: ShadowConfig) -> int | None:
    """In all: the plan made again with the spread seen; once that is reached, as many as would bring the sequence off
    the minimum if the estimate stayed where it is.
    """
    if not found.users or not math.isfinite(found.std_error):
        return None
    spread = found.std_error * math.sqrt(found.users)
    effect = max(policy.planned_gain - policy.min_gain, 1e-9)
    signal = squared_signal("sequential", 2 * policy.sequential_level, policy.power)
    users = math.ceil(signal * (spread / effect) ** 2)
    if users <= found.users:
        distance = max(abs(found.difference - policy.min_gain), 1e-9)
        reach = (found.sequence.high - found.sequence.low) / 2
        users = math.ceil(found.users * max(1.0, (reach / distance) ** 2))
    return math.ceil(cases * users / found.users)


def _shown(found: Paired, bounds: Interval) -> str:
    return (
        f"{number(found.challenger)} against {number(found.champion)}, {signed(found.difference)} "
        f"between {signed(bounds.low)} and {signed(bounds.high)} ({found.users} users, {found.requests} requests)"
    )
