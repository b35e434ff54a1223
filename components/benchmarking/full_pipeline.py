"""The full pipeline of a comparison: the generators that were measured, as many as the time that is left allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.ranking.inner_split import FOLDS
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import PipelineConfig
from components.recommenders.needs import Size
from components.recommenders.protocol import RecommenderConfig, Task

FITTING, EXAMPLES = 0.4, 0.8
"""Shares of the time for learning: for fitting generators on every cut, at most, and of what that leaves for examples
and what the ranker makes of them."""
JUDGING = 0.5
"""Share of the time for the lists of those who are judged; where that is not enough for all, some are drawn."""
FEWEST_EXAMPLES, MOST_EXAMPLES, MOST_WANTED = 2_000, 20_000, 100_000
FEWEST_SPLITS, FEWEST_JUDGED = 2, 1_000
BASE_MS, ITEM_MS, EVENT_MS, RANK_MS, LEARN_MS = 0.6, 1e-5, 2.5e-3, 1.0, 0.08
"""Of a history: finding and describing its candidates, whatever the generators, then for each of them an item of the
catalogue and an event of the history; ranking it; and learning from one feature of it."""
OTHER_FEATURES = 20
"""Beside the two of each generator."""
TWICE = 1.6
"""Times as long as one ranker take that which is judged and that which serves, where these are two. Where each of n
cuts judges one that the others taught, that is n times the share (n - 1) / n and once the whole: n times."""
N_CANDIDATES = 150
WEAK = 0.5
"""A kind that has less than this share of the best kind's NDCG would blur the candidates, and is left out."""


@dataclass(frozen=True)
class Candidate:
    """A kind that has been measured: its best setting, its NDCG on the choosing cut (None: unknown), and its time."""

    config: RecommenderConfig
    quality: float | None
    seconds: float


@dataclass(frozen=True)
class Plan:
    """The pipeline, and how many users it can be judged by."""

    config: PipelineConfig
    n_judged: int


def full_pipeline(
    task: Task, measured: Sequence[Candidate], size: Size, n_judged: int, seconds: float, processes: int, twice: bool
) -> Plan:
    """Settings that suit `task` and end within about `seconds`, with lists for `n_judged` users, or for some of them.

    `twice` says that the ranker that serves is another than the one that is judged; where what lies between is asked
    for, every cut judges one in turn.

    The best kinds come first, each with one generator before any has two. Where the latest interactions are asked for,
    trees of many leaves find what users turn to next; where what lies between is, whole histories alone teach a ranker.
    """
    best = max((each.quality or 0.0 for each in measured), default=0.0)
    strong = [each for each in measured if each.quality is None or each.quality >= WEAK * best]
    n_most = sum(len(type(each.config).as_generators(task, each.config)) for each in strong)
    ranked = (_described(size, n_most) + RANK_MS / 1000) / processes
    n_judged = int(min(n_judged, max(JUDGING * seconds / ranked, FEWEST_JUDGED)))
    seconds -= min(n_judged * ranked, JUDGING * seconds)
    n_splits = 6 if task.in_order else FOLDS
    seconds *= processes  # generators of several cuts are fitted at once, and so on
    generators, fitting = _affordable(task, strong, FITTING * seconds / (n_splits + 1))
    if len(generators) < 2 < n_splits:
        n_splits = FEWEST_SPLITS
        generators, fitting = _affordable(task, strong, FITTING * seconds / (n_splits + 1))
    left = EXAMPLES * (seconds - fitting * (n_splits + 1))
    n_rankers = 1.0 if not twice else TWICE if task.in_order else n_splits
    learnt = LEARN_MS / 1000 * (2 * len(generators) + OTHER_FEATURES) * n_rankers
    each = _described(size, len(generators)) + learnt
    n_examples = int(min(max(left / each, FEWEST_EXAMPLES), MOST_EXAMPLES))
    if task.in_order:
        ranker, inner = RankerConfig(n_seeds=2), "latest"
    else:
        inner = "random"
        ranker = RankerConfig(
            n_candidates=100,
            leaves=7,
            rounds=100,
            learning_rate=0.06,
            min_leaf_rows=500,
            l2=50,
            feature_share=0.3,
            n_seeds=2,
        )
    config = PipelineConfig.model_validate(
        {
            "inner": inner,
            "n_candidates": N_CANDIDATES if task.in_order else 300,
            "ranker": ranker,
            "generators": generators,
            "n_splits": n_splits,
            "cut_share": PipelineConfig().cut_share if task.in_order else 0.0,
            "max_examples": n_examples,
            "max_wanted": MOST_WANTED,
        }
    )
    return Plan(config, n_judged)


def _described(size: Size, n_generators: int) -> float:
    """Seconds that the candidates of a history of the usual length take."""
    events = size.interactions / max(size.users, 1)
    return (BASE_MS + n_generators * (ITEM_MS * size.items + EVENT_MS * events)) / 1000


def _affordable(task: Task, measured: Sequence[Candidate], seconds: float) -> tuple[list[RecommenderConfig], float]:
    """As many generators as one cut may take, and what they take; at least that of the best kind."""
    ordered = sorted(measured, key=lambda each: -1.0 if each.quality is None else -each.quality - 1)
    queues = [(each, list(type(each.config).as_generators(task, each.config))) for each in ordered]
    chosen: list[RecommenderConfig] = []
    taken = 0.0
    for turn in range(max((len(queue) for _, queue in queues), default=0)):
        for each, queue in queues:
            if turn < len(queue) and (taken + each.seconds <= seconds or not chosen):
                chosen.append(queue[turn])
                taken += each.seconds
    return chosen, taken
