"""Stage 5: scores the trained recommender and popularity on the test part."""

from __future__ import annotations

from components.metrics import plot_data, tables
from components.metrics.evaluate import EvaluationError
from components.metrics.evaluate import evaluate as evaluate_recommender
from components.metrics.summary import summarise
from components.params import Params
from components.recommenders.saved import load_recommender
from components.recommenders.training_data import training_data
from flows.stages.stage import (
    EVALUATE,
    METRICS,
    PLOTS,
    PREPARED,
    SPLIT,
    TRAIN,
    read_table,
    run_stage,
    write_json,
    write_table,
)


def evaluate(params: Params) -> str:
    """metrics/evaluate.json holds the numbers, artifacts/evaluate and plots the tables behind them."""
    items, users = read_table(PREPARED, "items"), read_table(PREPARED, "users")
    train = training_data(read_table(SPLIT, "train"), items, users)
    test = training_data(read_table(SPLIT, "test"), items, users)
    config, threshold = params.evaluate, params.routing.cold_start_threshold
    model, popularity = (
        evaluate_recommender(load_recommender(TRAIN / name), train.seen, test.positives, config.k)
        for name in (params.train.recommender, "popularity")
    )
    n_interactions = train.seen.sum(axis=0).astype(int)
    numbers = summarise(model, popularity, n_interactions, len(users), threshold, config)
    write_json(METRICS / "evaluate.json", numbers)

    per_user = tables.per_user(model, popularity, train.user_ids, threshold)
    per_place = tables.per_place(model, train.user_ids, train.item_ids)
    per_item = tables.per_item(model, items, n_interactions)
    write_table(EVALUATE, "per_user", per_user)
    write_table(EVALUATE, "scores", per_place)
    write_table(EVALUATE, "item_exposure", per_item)
    PLOTS.mkdir(exist_ok=True)
    ndcg = f"ndcg_at_{config.k}"
    by_activity = plot_data.quality_by_activity(per_user, ndcg, f"popularity_{ndcg}")
    # The plots of dvc.yaml name their columns, which must not change with k.
    by_activity.columns = ["n_train", "users", "ndcg", "popularity_ndcg"]
    by_activity.to_csv(PLOTS / "quality_by_activity.csv", index=False)
    plot_data.coverage_curve(per_item["recommended"].to_numpy()).to_csv(PLOTS / "coverage.csv", index=False)
    plot_data.score_distribution(per_place).to_csv(PLOTS / "score_distribution.csv", index=False)
    interval = f"[{numbers[f'{ndcg}_low']:.4f}, {numbers[f'{ndcg}_high']:.4f}]"
    return f"{ndcg} {numbers[ndcg]:.4f} {interval}, popularity {numbers[f'popularity_{ndcg}']:.4f}"


if __name__ == "__main__":
    run_stage(evaluate, EvaluationError)
