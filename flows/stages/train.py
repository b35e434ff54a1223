"""Stage 3: trains the recommender that params name, and popularity beside it, on the train part."""

from __future__ import annotations

from components.params import Params
from components.recommenders.named import recommender_named
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import RecommenderError
from components.recommenders.training_data import training_data
from flows.stages.stage import PREPARED, SPLIT, TRAIN, read_table, run_stage, with_item_vectors


def train(params: Params) -> str:
    """artifacts/train holds one folder per fitted recommender."""
    tables = read_table(SPLIT, "train"), read_table(PREPARED, "items"), read_table(PREPARED, "users")
    data = with_item_vectors(training_data(*tables), params)
    recommenders = {recommender.name: recommender for recommender in (Popularity(), recommender_named(params.train))}
    for name, recommender in recommenders.items():
        recommender.fit(data, params.train.seed).save(TRAIN / name)
    return f"{' and '.join(sorted(recommenders))} on {data.positives.nnz} relevant of {data.seen.nnz} interactions"


if __name__ == "__main__":
    run_stage(train, RecommenderError)
