"""Factors that Spark trains find what was left out, and answer a history as they were trained to."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.adapters.spark.als import SparkAls, SparkAlsConfig
from components.recommenders.history import histories_of
from tests.worlds import checkerboard, missing_item


def test_the_item_that_everybody_alike_likes_comes_first(spark: Any) -> None:
    data = checkerboard()
    fitted = SparkAls(SparkAlsConfig(dimensions=4, iterations=10, blocks=2), spark).fit(data, 1)
    for user in range(fitted.n_users):
        seen = data.seen.indices[data.seen.indptr[user] : data.seen.indptr[user + 1]]
        assert fitted.top_k(user, 1, seen).items.tolist() == [missing_item(user)]


def test_a_history_folds_in_to_the_factors_that_it_was_trained_to(spark: Any) -> None:
    """The user's half of one more round; after many rounds that changes little."""
    data = checkerboard()
    fitted = SparkAls(SparkAlsConfig(dimensions=4, iterations=40, blocks=2), spark).fit(data, 1)
    histories = histories_of(data)
    for user in range(fitted.n_users):
        folded = fitted.vector_of(histories.of(user))
        np.testing.assert_allclose(folded, fitted.user_factors[user], atol=0.02)
