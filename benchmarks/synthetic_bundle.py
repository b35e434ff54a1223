"""Writes a bundle of a realistic size from random numbers, for benchmarks of speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.content import ContentConfig
from components.recommenders.factors import FittedFactors
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import FittedRecommender, TrainingData, item_labels
from components.serving.bundle import Bundle, BundleManifest, write_bundle
from components.serving.catalogue import Catalogue

GENRES = ("Action", "Comedy", "Crime", "Documentary", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller", "War")


def write_synthetic_bundle(
    folder: Path, n_users: int = 600, n_items: int = 9_000, dimensions: int = 48, history: int = 150, seed: int = 0
) -> list[str]:
    """Writes the bundle and returns its user ids; each user has seen `history` items, popular ones more often."""
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, n_items + 1)
    weights /= weights.sum()
    seen = np.zeros((n_users, n_items), np.float32)
    for user in range(n_users):
        seen[user, rng.choice(n_items, history, replace=False, p=weights)] = 1
    tags = tuple(tuple(sorted(rng.choice(GENRES, 2, replace=False).tolist())) for _ in range(n_items))
    data = TrainingData(
        user_ids=tuple(str(user) for user in range(n_users)),
        item_ids=tuple(str(item) for item in range(n_items)),
        positives=csr_array(seen),
        seen=csr_array(seen),
        item_labels=tuple(item_labels(row[0], row) for row in tags),
    )
    factors = FittedFactors(
        rng.standard_normal((n_users, dimensions), np.float32),
        rng.standard_normal((n_items, dimensions), np.float32),
        embedding_width=dimensions,
    )
    items = Catalogue(
        ids=data.item_ids,
        titles=tuple(f"A Film of Usual Length {item} (1995)" for item in range(n_items)),
        categories=tuple(row[0] for row in tags),
        tags=tags,
        prices=(None,) * n_items,
    )
    recommenders: dict[str, FittedRecommender] = {
        "lightfm": factors,
        "popularity": Popularity().fit(data, seed),
        "content": ContentConfig().build().fit(data, seed),
    }
    manifest = BundleManifest(data_version="data-v1", recommender="lightfm", ingredients_digest="0" * 64)
    write_bundle(folder, Bundle(manifest, items, data.user_ids, data.seen, recommenders))
    return list(data.user_ids)
