"""Decides after a few requests whether a prompt is worth the money of an evaluation: gross faults, leaks, stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.config.shadow import ShadowConfig
from components.shadow.agreement import order_correlation
from components.shadow.fault_rate import FaultRate, count_faults
from components.shadow.leaks import Leak
from components.shadow.records import ShadowReply


@dataclass(frozen=True)
class Stability:
    """How far the ranking depends on the order in which the candidates are shown: 1 not at all, 0 altogether.

    `requests` counts those that were answered in both orders.
    """

    correlation: float
    requests: int


@dataclass(frozen=True)
class PrecheckResult:
    """What the first requests showed; without `reasons` the evaluation goes on."""

    reasons: tuple[str, ...]
    faults: FaultRate
    stability: Stability
    leaks: tuple[Leak, ...]

    @property
    def passed(self) -> bool:
        return not self.reasons


def judge_precheck(
    replies: Sequence[ShadowReply], shuffled: Sequence[ShadowReply], leaks: Sequence[Leak], policy: ShadowConfig
) -> PrecheckResult:
    """The pre-check over the challenger's replies in the given order, and in a shuffled one for the same requests.

    Faults refuse when their rate is surely above `max_fault_rate`: with 20 replies from the second faulty one on. A
    single leak refuses.
    """
    faults = count_faults((reply.fault_kinds for reply in replies), policy.fault_confidence)
    stability = measure_stability(replies, shuffled)
    reasons = []
    if leaks:
        more = f", and {len(leaks) - 1} more" if len(leaks) > 1 else ""
        reasons.append(f"leak: {leaks[0]}{more}")
    if faults.low > policy.max_fault_rate:
        kinds = ", ".join(f"{kind} {count}" for kind, count in faults.kinds.items())
        reasons.append(
            f"reply faults: {faults.faulty} of {faults.replies} ({kinds}), so surely over {policy.max_fault_rate:.0%}"
        )
    limit = policy.precheck.min_stability
    if stability.requests and stability.correlation < limit:
        reasons.append(
            f"position sensitivity: the ranking follows the order in which candidates are shown; Kendall's tau between "
            f"two orders is {stability.correlation:.2f} over {stability.requests} requests, under {limit:g}"
        )
    return PrecheckResult(tuple(reasons), faults, stability, tuple(leaks))


def measure_stability(replies: Sequence[ShadowReply], shuffled: Sequence[ShadowReply]) -> Stability:
    """Mean correlation over the requests that were answered in both orders; 1 when there is none."""
    other = {reply.request_id: reply for reply in shuffled if reply.outcome == "ok"}
    pairs = [(one, other[one.request_id]) for one in replies if one.outcome == "ok" and one.request_id in other]
    if not pairs:
        return Stability(1.0, 0)
    found = [order_correlation(one.by_model, two.by_model) for one, two in pairs]
    return Stability(sum(found) / len(found), len(found))
