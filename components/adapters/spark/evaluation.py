"""Holds lists against what was held out, in Spark: the metrics of `components.metrics`, averaged over users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.metrics.evaluate import EvaluationError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def targets_of(relevant: DataFrame, seen: DataFrame) -> DataFrame:
    """What is looked for: distinct `user` and `item` of `relevant` that the user has not met in `seen`."""
    return relevant.select("user", "item").distinct().join(seen, ["user", "item"], "left_anti")


def evaluate_lists(lists: DataFrame, targets: DataFrame, n_items: int, k: int) -> dict[str, float]:
    """Means of NDCG, recall and hit rate over users with a target, the share of the catalogue shown to them, and how
    many they are.

    Raises:
        EvaluationError: nobody has a target.
    """
    from pyspark.sql import functions as f

    wanted = targets.groupBy("user").agg(f.count(f.lit(1)).alias("wanted"))
    judged = lists.filter(f.col("rank") <= k).join(wanted, "user", "left_semi")
    gains = (1 / f.log2(f.col("rank") + 1)).alias("gain")
    hits = judged.join(targets, ["user", "item"]).select("user", gains)
    found = hits.groupBy("user").agg(f.sum("gain").alias("gain"), f.count(f.lit(1)).alias("hits"))
    ideal = f.aggregate(
        f.sequence(f.lit(1), f.least("wanted", f.lit(k)).cast("int")),
        f.lit(0.0),
        lambda total, rank: total + 1 / f.log2(rank + 1),
    )
    of_users = wanted.join(found, "user", "left").select(
        (f.coalesce("gain", f.lit(0.0)) / ideal).alias("ndcg"),
        (f.coalesce("hits", f.lit(0)) / f.col("wanted")).alias("recall"),
        f.when(f.col("hits") > 0, 1.0).otherwise(0.0).alias("hit_rate"),
    )
    names = ("ndcg", "recall", "hit_rate")
    means = of_users.agg(*(f.avg(name) for name in names), f.count(f.lit(1))).first()
    if not means[3]:
        raise EvaluationError(
            "no user has a relevant interaction in the test part that they had not met before; a larger test part, or "
            "a lower value from which on an interaction is relevant, gives some"
        )
    shown = judged.select("item").distinct().count()
    numbers = {f"{name}_at_{k}": float(mean) for name, mean in zip(names, means, strict=False)}
    return {**numbers, "coverage": shown / n_items, "n_users": int(means[3])}
