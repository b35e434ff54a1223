"""Tiny worlds with known answers, for everybody's tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.content import ContentConfig
from components.recommenders.factors import FittedFactors
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import FittedRecommender, TrainingData, item_labels
from components.serving.bundle import Bundle, BundleManifest, ExpectedAnswer, write_bundle
from components.serving.catalogue import Catalogue

if TYPE_CHECKING:
    import pandas as pd

GENRES = ("Sci-Fi", "Comedy", "Drama")


def checkerboard(n_users: int = 20, n_items: int = 12) -> TrainingData:
    """Even users like even items and odd users odd ones, but each user misses one of them: user 2j misses item
    2j modulo n_items. The missing item is the only right answer.
    """
    positives = np.zeros((n_users, n_items), np.float32)
    for user in range(n_users):
        positives[user, user % 2 :: 2] = 1
        positives[user, missing_item(user, n_items)] = 0
    matrix = csr_array(positives)
    labels = tuple(item_labels(("even", "odd")[item % 2], ()) for item in range(n_items))
    users = tuple(f"u{user:02d}" for user in range(n_users))
    items = tuple(f"i{item:02d}" for item in range(n_items))
    return TrainingData(users, items, matrix, matrix.copy(), labels)


def missing_item(user: int, n_items: int = 12) -> int:
    """The item of a user's own colour that `checkerboard` leaves out."""
    return user % n_items


def make_bundle(
    folder: Path,
    *,
    n_users: int = 8,
    n_items: int = 30,
    data_version: str = "data-v1",
    seed: int = 0,
    expected_answers: Sequence[ExpectedAnswer] = (),
    ratings: tuple[float | None, float | None] = (None, None),
) -> Path:
    """Write a small bundle and return its folder.

    Users are "1", "2", …; items "101", "102", …, titled "Film 101", …, with category `GENRES[row % 3]` and tags
    that category and "Tag <row % 5>". User row r has seen r items, the rows 0..r-1 (modulo n_items), so user "1" has
    no history, and users "2" to "5" are cold under a threshold of 5. Item rows are the more popular the lower they
    are. Factors are drawn from `seed`. `ratings` are the lowest and the highest of the data.
    """
    rng = np.random.default_rng(seed)
    user_ids = tuple(str(1 + user) for user in range(n_users))
    item_ids = tuple(str(101 + item) for item in range(n_items))
    categories = tuple(GENRES[item % 3] for item in range(n_items))
    tags = tuple((GENRES[item % 3], f"Tag {item % 5}") for item in range(n_items))
    seen = np.zeros((n_users, n_items), np.float32)
    for user in range(n_users):
        seen[user, : min(user, n_items)] = 1
    labels = tuple(item_labels(category, row) for category, row in zip(categories, tags, strict=True))
    data = TrainingData(user_ids, item_ids, csr_array(seen), csr_array(seen), labels)
    draw = rng.standard_normal
    factors = FittedFactors(draw((n_users, 4), np.float32), draw((n_items, 4), np.float32), embedding_width=4)
    items = Catalogue(
        ids=item_ids,
        titles=tuple(f"Film {item_id}" for item_id in item_ids),
        categories=categories,
        tags=tags,
        prices=(None,) * n_items,
    )
    recommenders: dict[str, FittedRecommender] = {
        "lightfm": factors,
        "popularity": Popularity().fit(data, seed),
        "content": ContentConfig().build().fit(data, seed),
    }
    manifest = BundleManifest(
        data_version=data_version,
        recommender="lightfm",
        ingredients_digest="0" * 64,
        lowest_rating=ratings[0],
        highest_rating=ratings[1],
    )
    history = csr_array(seen)
    bundle = Bundle(manifest, items, user_ids, history, recommenders, tuple(expected_answers))
    write_bundle(folder, bundle)
    return folder


def make_tables(
    n_users: int = 12, n_items: int = 10, n_each: int = 10
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Interactions, items and users of a data version in which even users like even items and odd users odd ones.

    Each user meets `n_each` items, one a day, in an order of their own; liked ones have value 5, others 1. Item 0 has
    neither tags nor category.
    """
    import pandas as pd

    start = pd.Timestamp("2020-01-01", tz="UTC")
    rows = [
        (
            f"u{user:02d}",
            f"i{item:02d}",
            5.0 if (user + item) % 2 == 0 else 1.0,
            "rating",
            start + pd.Timedelta(days=day),
        )
        for user in range(n_users)
        for day, item in enumerate((user * 3 + step * 7) % n_items for step in range(min(n_each, n_items)))
    ]
    interactions = pd.DataFrame(rows, columns=["user_id", "item_id", "value", "type", "timestamp"])
    interactions["timestamp"] = interactions["timestamp"].astype("datetime64[ns, UTC]")
    items = pd.DataFrame(
        {
            "item_id": [f"i{item:02d}" for item in range(n_items)],
            "title": [f"Film {item}" for item in range(n_items)],
            "description": "",
            "category": ["", *(("Even", "Odd")[item % 2] for item in range(1, n_items))],
            "tags": ["", *(f"{('Even', 'Odd')[item % 2]}|Third {item % 3}" for item in range(1, n_items))],
            "price": [float("nan"), *(float(item) for item in range(1, n_items))],
        }
    )
    users = pd.DataFrame({"user_id": [f"u{user:02d}" for user in range(n_users)]})
    ordered = interactions.sort_values(["timestamp", "user_id", "item_id", "type"], ignore_index=True)
    return ordered, items, users
