"""Features of serving held against those of the data version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from components.adapters.store.traffic.monitor_facts import SampledRequest
from components.serving.bundle import read_bundle
from monitoring.catalogue import WatchedCatalogue, catalogue_of
from monitoring.drift.columns import drift_columns, missing_share, unknown_share
from monitoring.drift.skew import compare_features
from tests.worlds import make_bundle


def served(folder: Path) -> WatchedCatalogue:
    return catalogue_of(read_bundle(make_bundle(folder)))


def data_of(catalogue: WatchedCatalogue) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The data version that the world of `make_bundle` comes from: user row r has seen the item rows 0 to r - 1."""
    items = list(catalogue.row_of)
    pairs = [(str(user + 1), items[item]) for user in range(8) for item in range(user)]
    categories = [catalogue.categories[code] for code in catalogue.category]
    return (
        pd.DataFrame(pairs, columns=["user_id", "item_id"]),
        pd.DataFrame({"item_id": items, "category": categories}),
    )


def test_a_bundle_agrees_with_its_data(tmp_path: Path) -> None:
    catalogue = served(tmp_path / "bundle")
    found = compare_features(*data_of(catalogue), catalogue)
    assert found.share == 0.0
    assert found.compared["category of an item"] == 30


def test_what_differs_is_counted_and_named(tmp_path: Path) -> None:
    catalogue = served(tmp_path / "bundle")
    interactions, items = data_of(catalogue)
    wrong = replace(catalogue, history={**catalogue.history, "8": 6})
    found = compare_features(interactions, items, wrong)
    assert found.differing["items known of a user"] == 1
    assert found.examples == ("items known of a user: 8: 7 in training, 6 served",)


def test_the_columns_of_a_sample(tmp_path: Path) -> None:
    catalogue = served(tmp_path / "bundle")
    sample = [
        SampledRequest("u", ("101", "102"), 0.5, 3, "cf"),
        SampledRequest("u", ("104",), None, None, "cf"),
        SampledRequest("v", (), 0.1, 0, "popularity"),
    ]
    frame = drift_columns(sample, catalogue)
    assert frame["activity"].dropna().tolist() == [2.0, 1.0]
    assert frame["category"].tolist() == ["Sci-Fi", "Sci-Fi", "none"]
    assert frame["popularity"][0] == np.log2([8, 7]).mean()  # seven and six users know them
    assert np.isnan(frame["popularity"][2])
    assert frame["price"].isna().all()


def test_strangers_and_missing_categories_are_shares(tmp_path: Path) -> None:
    catalogue = served(tmp_path / "bundle")
    assert unknown_share(["101", "zzz"], catalogue) == 0.5
    assert np.isnan(unknown_share([], catalogue))
    assert missing_share([SampledRequest("u", ("101", "zzz"), 0.5, 3, "cf")], catalogue) == 0.5
