"""Computes features again from the data version that a model was trained on, and counts where serving differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from components.interactions.columns import CATEGORY, ITEM, USER
from monitoring.catalogue import WatchedCatalogue


@dataclass(frozen=True)
class Skew:
    """How many values of each feature were compared, and how many of them differ; `examples` names up to five."""

    compared: Mapping[str, int]
    differing: Mapping[str, int]
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of all values; NaN when nothing was compared."""
        total = sum(self.compared.values())
        return sum(self.differing.values()) / total if total else float("nan")


def compare_features(interactions: pd.DataFrame, items: pd.DataFrame, served: WatchedCatalogue) -> Skew:
    """Hold three features of the served bundle against the data version that it names.

    They are the distinct items that training knows of each user, the users who know each item, and each item's
    category; users and items on one side only count as differing.
    """
    pairs = interactions[[USER, ITEM]].drop_duplicates()
    per_user = {str(user): int(n) for user, n in pairs[USER].value_counts().items()}
    per_item = {str(item): int(n) for item, n in pairs[ITEM].value_counts().items()}
    names = ["" if code < 0 else served.categories[code] for code in served.category.tolist()]
    served_items = {item_id: int(served.users_knowing[row]) for item_id, row in served.row_of.items()}
    served_categories = {item_id: names[row] for item_id, row in served.row_of.items()}
    categories = dict(zip(items[ITEM], items[CATEGORY].fillna(""), strict=True))
    compared, differing, examples = {}, {}, []
    for feature, trained, at_serving, missing in (
        ("items known of a user", per_user, {u: n for u, n in served.history.items() if n}, 0),
        ("users who know an item", per_item, {i: n for i, n in served_items.items() if n}, 0),
        ("category of an item", categories, served_categories, ""),
    ):
        ids = trained.keys() | at_serving.keys()
        differ = [each for each in sorted(ids) if trained.get(each, missing) != at_serving.get(each, missing)]
        compared[feature], differing[feature] = len(ids), len(differ)
        examples += [
            f"{feature}: {each}: {trained.get(each)} in training, {at_serving.get(each)} served" for each in differ[:2]
        ]
    return Skew(compared, differing, tuple(examples[:5]))
