"""Matrix factorisation of implicit feedback by Spark's alternating least squares, as ordinary factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from components.adapters.spark.cells import cells_of
from components.config.section import Section
from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.protocol import Scores, TrainingData, check_trainable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class SparkAlsConfig(Section):
    """As of pyspark.ml's ALS with implicit preferences; other than iALS it weighs `regularisation` by how much each
    user and item has (Zhou et al. 2008)."""

    kind: Literal["spark_als"] = "spark_als"
    dimensions: int = Field(default=32, ge=1)
    iterations: int = Field(default=10, ge=1)
    regularisation: float = Field(default=0.1, ge=0)
    alpha: float = Field(default=10.0, gt=0)
    blocks: int = Field(default=8, ge=1)


@dataclass(frozen=True)
class SparkAls:
    """A like weighs 1 + alpha against 1 of everything else."""

    config: SparkAlsConfig
    spark: SparkSession

    def fit(self, data: TrainingData, seed: int) -> FittedFactors:
        """Train; a user without relevant interactions gets zeros, and so does an item."""
        check_trainable(data)
        users, items = factors_of(cells_of(self.spark, data.positives), data.positives.shape, self.config, seed)
        return fitted_factors(users, items, self.config)


def fitted_factors(users: Scores, items: Scores, config: SparkAlsConfig) -> FittedFactors:
    """Factors that answer histories by the user's half of the same alternation."""
    fold = HistoryFold("ridge", alpha=1 + config.alpha, regularisation_each=config.regularisation)
    return FittedFactors(users, items, embedding_width=config.dimensions, fold=fold)


def factors_of(liked: DataFrame, shape: tuple[int, int], config: SparkAlsConfig, seed: int) -> tuple[Scores, Scores]:
    """Factors of users and items, brought here; `liked` has distinct user and item rows."""
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import functions as f

    als = ALS(
        rank=config.dimensions,
        maxIter=config.iterations,
        regParam=config.regularisation,
        alpha=config.alpha,
        implicitPrefs=True,
        numUserBlocks=config.blocks,
        numItemBlocks=config.blocks,
        userCol="user",
        itemCol="item",
        ratingCol="rating",
        seed=seed,
    )
    model = als.fit(liked.select("user", "item", f.lit(1.0).cast("float").alias("rating")))
    return _rows_of(model.userFactors, shape[0], config), _rows_of(model.itemFactors, shape[1], config)


def _rows_of(factors: DataFrame, n_rows: int, config: SparkAlsConfig) -> Scores:
    table = factors.toArrow()
    rows = np.zeros((n_rows, config.dimensions), np.float32)
    found = table["features"].combine_chunks().flatten().to_numpy()
    rows[table["id"].to_numpy()] = found.reshape(-1, config.dimensions)
    return rows
