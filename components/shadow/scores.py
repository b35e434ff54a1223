"""Scores each request of an evaluation under both prompts: relevance, variety, agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.shadow.agreement import rank_biased_overlap, top_overlap
from components.shadow.ground_truth import Judgement
from components.shadow.paired import Values
from components.shadow.records import Case, RankedItemFacts

DEPTH = 10
_DISCOUNTS = [1 / math.log2(rank + 1) for rank in range(1, DEPTH + 1)]
_IDEAL = [sum(_DISCOUNTS[:n]) for n in range(DEPTH + 1)]
_UNKNOWN = RankedItemFacts("", "", frozenset())


@dataclass(frozen=True)
class Both:
    """One metric per case under the champion and under the challenger, (n_cases,) each; NaN where it does not exist."""

    champion: Values
    challenger: Values


def ndcg_of(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """NDCG@10 of one ranking with binary relevance; NaN when nothing is relevant."""
    if not relevant:
        return math.nan
    gain = sum(_DISCOUNTS[place] for place, item in enumerate(ranking[:DEPTH]) if item in relevant)
    return gain / _IDEAL[min(len(relevant), DEPTH)]


def score_relevance(cases: Sequence[Case], judgements: Mapping[str, Judgement]) -> tuple[Both, Values]:
    """NDCG@10 of both prompts, and the weight of each case; NaN where no judgement speaks about the request."""
    champion, challenger = np.full(len(cases), np.nan), np.full(len(cases), np.nan)
    weights = np.ones(len(cases))
    for row, case in enumerate(cases):
        judgement = judgements.get(case.request.request_id)
        if judgement is not None:
            champion[row] = ndcg_of(case.champion.ranking, judgement.relevant)
            challenger[row] = ndcg_of(case.challenger.ranking, judgement.relevant)
            weights[row] = judgement.weight
    return Both(champion, challenger), weights


def score_variety(cases: Sequence[Case], items: Mapping[str, RankedItemFacts]) -> tuple[Both, Both]:
    """Diversity of the first ten places of each case, and how many different categories they show."""
    diversity = [[list_diversity(ranking, items) for ranking in _rankings(case)] for case in cases]
    spread = [[category_spread(ranking, items) for ranking in _rankings(case)] for case in cases]
    return _both(diversity), _both(spread)


def list_diversity(ranking: Sequence[str], items: Mapping[str, RankedItemFacts]) -> float:
    """Mean over all pairs of the first ten of 1 - cosine between their label sets; NaN with fewer than two items."""
    sets = [items.get(item, _UNKNOWN).labels for item in ranking[:DEPTH]]
    pairs = [(one, other) for row, one in enumerate(sets) for other in sets[row + 1 :]]
    if not pairs:
        return math.nan
    cosines = [len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0 for one, other in pairs]
    return 1 - sum(cosines) / len(cosines)


def category_spread(ranking: Sequence[str], items: Mapping[str, RankedItemFacts]) -> float:
    """How many different categories the first ten places show."""
    return float(len({items.get(item, _UNKNOWN).category for item in ranking[:DEPTH]}))


@dataclass(frozen=True)
class Agreement:
    """How alike both prompts rank, one value per case, (n_cases,)."""

    overlap: Values
    top_ten: Values


def score_agreement(cases: Sequence[Case]) -> Agreement:
    """Rank-biased overlap, and the share of the first ten places that hold the same items."""
    pairs = [_rankings(case) for case in cases]
    return Agreement(
        np.array([rank_biased_overlap(*pair) for pair in pairs]),
        np.array([top_overlap(*pair, DEPTH) for pair in pairs]),
    )


@dataclass(frozen=True)
class PromotedItems:
    """How often users later took what only one of the prompts would have shown in its first ten places.

    Attributes:
        promoted: items that the challenger alone would have shown, over all requests with a judgement.
        promoted_taken: of these, those that were taken.
        dropped, dropped_taken: the same for items that the champion alone showed.
    """

    promoted: int
    promoted_taken: int
    dropped: int
    dropped_taken: int


def count_engagement(cases: Sequence[Case], judgements: Mapping[str, Judgement]) -> PromotedItems:
    """What was gained and lost at the border of the list, from one source of judgements."""
    counts = [0, 0, 0, 0]
    for case in cases:
        judgement = judgements.get(case.request.request_id)
        if judgement is None:
            continue
        old, new = (set(ranking[:DEPTH]) for ranking in _rankings(case))
        for place, items in ((0, new - old), (2, old - new)):
            counts[place] += len(items)
            counts[place + 1] += len(items & judgement.relevant)
    return PromotedItems(*counts)


def _rankings(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return case.champion.ranking, case.challenger.ranking


def _both(pairs: list[list[float]]) -> Both:
    columns = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return Both(columns[:, 0], columns[:, 1])
