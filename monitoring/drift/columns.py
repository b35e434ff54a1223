"""Makes of sampled requests the columns whose distributions are watched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.adapters.store.traffic.monitor_facts import SampledRequest
from monitoring.catalogue import WatchedCatalogue

NUMBERS = ("activity", "popularity", "price", "score", "embedding")
CATEGORY = "category"


def drift_columns(sample: Sequence[SampledRequest], catalogue: WatchedCatalogue) -> pd.DataFrame:
    """One row per request; a column that nothing is known of is all NaN.

    Columns: activity (requests of the user in the sample, once a user), popularity (mean log2 of the users who know an
    item shown), price (mean of the list), score (of the best candidate), embedding (mean place of the list along the
    main direction of the item vectors), category (of the first item).
    """
    asked = Counter(request.user_id for request in sample)
    again = pd.Series([request.user_id for request in sample], dtype=object).duplicated().to_numpy()
    known = np.log2(1 + catalogue.users_knowing)
    rows = [catalogue.rows(request.items) for request in sample]
    lists = [row[row >= 0] for row in rows]
    return pd.DataFrame(
        {
            # A user who asks often would otherwise count as many, and a few of them as a drift.
            "activity": [
                np.nan if known else float(asked[request.user_id]) for request, known in zip(sample, again, strict=True)
            ],
            "popularity": [_mean(known[row]) for row in lists],
            "price": [_mean(catalogue.price[row]) for row in lists],
            "score": [np.nan if request.score is None else float(request.score) for request in sample],
            "embedding": [_mean(catalogue.direction[row]) for row in lists],
            CATEGORY: [_category(catalogue, row) for row in lists],
        },
        columns=[*NUMBERS, CATEGORY],
    )


def missing_share(sample: Sequence[SampledRequest], catalogue: WatchedCatalogue) -> float:
    """Share of the items shown that have no category, or that the bundle does not know; NaN of none."""
    rows = catalogue.rows([item for request in sample for item in request.items])
    if not len(rows):
        return float("nan")
    return float(((rows < 0) | (catalogue.category[rows] < 0)).mean()) if len(catalogue) else float("nan")


def unknown_share(item_ids: Sequence[str], catalogue: WatchedCatalogue) -> float:
    """Share of the items that the bundle does not know; NaN of none."""
    if not item_ids or not len(catalogue):
        return float("nan")
    return float((catalogue.rows(item_ids) < 0).mean())


def _mean(values: np.ndarray) -> float:
    valid = values[np.isfinite(values)]
    return float(valid.mean()) if len(valid) else float("nan")


def _category(catalogue: WatchedCatalogue, rows: np.ndarray) -> str:
    code = catalogue.category[rows[0]] if len(rows) else -1
    return catalogue.categories[code] if code >= 0 else "none"
