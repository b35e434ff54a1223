"""Measures what a language model adds to collaborative filtering: CF, the model alone, and both, warm and cold apart.

Each user is asked about once. "LLM only" is the model's order of the first candidates of CF, for everybody; "hybrid"
joins it with the scores (`llm.fusion_weight`), for those that the policy asks about, and is CF for the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.metrics.bootstrap import mean_interval, paired_difference
from components.metrics.ranking import ndcg
from components.recommenders.protocol import Ranking, Rows
from components.reranking.cascade import NotReranked, Reranked
from components.reranking.fusion import fuse

SAMPLES, CONFIDENCE = 1000, 0.95
MODELS = ("CF", "LLM only", "hybrid")


@dataclass(frozen=True)
class AskedUser:
    """A user of the sample.

    Attributes:
        candidates: of CF, best first, with scores.
        wanted: item rows to be found.
        routed: whether the policy asks about this user.
        cf_seconds: for the candidates.
    """

    group: str
    candidates: Ranking
    wanted: frozenset[int]
    routed: bool
    cf_seconds: float


@dataclass
class _Lists:
    ndcg: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cost_usd: float = 0.0
    asked: int = 0
    failed: int = 0


async def measure_llm(
    users: Iterable[AskedUser],
    ask: Callable[[AskedUser], Awaitable[Reranked | NotReranked]],
    k: int,
    fusion_weight: float,
    seed: int,
    now: Callable[[], float],
) -> list[dict[str, Any]]:
    """Rows by group (`warm`, `cold`) and model.

    A reply that is no order leaves the list as it is; it is counted as failed, and paid for. Cost and latency of the
    hybrid are those of all its users, asked about or not.
    """
    found: dict[str, dict[str, _Lists]] = {}
    for user in users:
        start = now()
        outcome = await ask(user)
        seconds = now() - start
        lists = found.setdefault(user.group, {model: _Lists() for model in MODELS})
        _note(lists["CF"], user, user.candidates.items, k, user.cf_seconds)
        order = outcome.order if isinstance(outcome, Reranked) else ()
        for model, weight, asked in (("LLM only", 1.0, True), ("hybrid", fusion_weight, user.routed)):
            ranking = fuse(user.candidates, order, weight) if asked else user.candidates
            _note(lists[model], user, ranking.items, k, user.cf_seconds + (seconds if asked else 0.0))
            if asked:
                lists[model].asked += 1
                lists[model].cost_usd += outcome.spent.cost_usd
                lists[model].failed += isinstance(outcome, NotReranked)
    return [row for group, lists in sorted(found.items(), reverse=True) for row in _rows(group, lists, k, seed)]


def _note(lists: _Lists, user: AskedUser, items: Rows, k: int, seconds: float) -> None:
    hits = np.zeros((1, k), np.bool_)
    shown = items[:k].tolist()
    hits[0, : len(shown)] = [item in user.wanted for item in shown]
    lists.ndcg.append(float(ndcg(hits, np.array([len(user.wanted)]))[0]))
    lists.seconds.append(seconds)


def _rows(group: str, lists: Mapping[str, _Lists], k: int, seed: int) -> list[dict[str, Any]]:
    plain = np.array(lists["CF"].ndcg)
    rows = []
    for model, each in lists.items():
        values = np.array(each.ndcg)
        level = mean_interval(values, np.random.default_rng(seed), SAMPLES, CONFIDENCE)
        gain = paired_difference(values, plain, np.random.default_rng(seed), SAMPLES, CONFIDENCE)
        p50, p95 = _percentiles(each.seconds)
        rows.append(
            {
                "group": group,
                "model": model,
                "users": len(values),
                "asked": each.asked,
                "failed": each.failed,
                f"ndcg_at_{k}": level.mean,
                f"ndcg_at_{k}_low": level.low,
                f"ndcg_at_{k}_high": level.high,
                "gain": gain.mean,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "cost_per_1000": 1000 * each.cost_usd / len(values),
                "p50_ms": p50,
                "p95_ms": p95,
            }
        )
    return rows


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    values: NDArray[np.float64] = np.percentile(np.array(seconds) * 1000, [50, 95])
    return float(values[0]), float(values[1])
