"""The full pipeline of a comparison: every kind of candidate generator, by what the task leaves to be predicted."""

from __future__ import annotations

from collections.abc import Iterable

from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import PipelineConfig
from components.recommenders.protocol import RecommenderConfig, Task


def full_pipeline(task: Task, best: Iterable[RecommenderConfig]) -> PipelineConfig:
    """Settings that suit `task`; `best` is what tuning found, one of each kind.

    Where the latest interactions are asked for, trees of many leaves find what users turn to next.
    """
    generators = [generator for config in best for generator in type(config).as_generators(task, config)]
    if task.in_order:
        return PipelineConfig(inner="latest", generators=generators, ranker=RankerConfig(n_seeds=4), n_splits=6)
    ranker = RankerConfig(
        n_candidates=300,
        leaves=7,
        rounds=200,
        learning_rate=0.03,
        min_leaf_rows=500,
        l2=50,
        feature_share=0.3,
        n_seeds=2,
    )
    return PipelineConfig(inner="random", generators=generators, ranker=ranker, n_splits=3)
