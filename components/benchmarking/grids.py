"""The settings that a comparison tries for each recommender; the first is the one without tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.config.params import (
    Ease,
    EaseValued,
    Ials,
    ItemToItem,
    LightFM,
    NextItems,
    RecentPopularity,
    Session,
    Spectral,
    UserEase,
    UserNeighbours,
)
from components.recommenders import (
    ease,
    ease_valued,
    ials,
    item_to_item,
    lightfm_warp,
    next_items,
    recent_popularity,
    session,
    spectral,
    user_weights,
)
from components.recommenders.content import Content
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Recommender

LIGHTFM = (
    LightFM(dimensions=64, epochs=20, learning_rate=0.05, max_sampled=50, item_alpha=0, user_alpha=0, label_weight=0.3),
    LightFM(
        dimensions=200, epochs=30, learning_rate=0.02, max_sampled=50, item_alpha=5e-5, user_alpha=0, label_weight=0
    ),
    LightFM(
        dimensions=128, epochs=30, learning_rate=0.03, max_sampled=50, item_alpha=1e-5, user_alpha=0, label_weight=0.3
    ),
)


def grids(*, timed: bool, described: bool, latest: bool, embedded: bool = False) -> Mapping[str, Sequence[Recommender]]:
    """By name; `timed`, `described` and `embedded` say whether times, labels and item vectors are known.

    `latest` says what is asked for.
    """
    found: dict[str, Sequence[Recommender]] = {"popularity": [Popularity()]}
    if timed:
        days = (365, 90, 1000)
        found["recent_popularity"] = [
            recent_popularity.RecentPopularity(RecentPopularity(half_life_days=d)) for d in days
        ]
    if described:
        found["content"] = [Content()]
    if embedded:
        found["item_vectors"] = [ItemVectors()]
    found["item_to_item"] = [
        item_to_item.ItemToItem(ItemToItem(similarity=kind, shrink=shrink))  # type: ignore[arg-type]
        for kind, shrink in (("cosine", 10), ("cosine", 30), ("lift", 3), ("lift", 10))
    ]
    found["user_neighbours"] = [
        user_weights.UserNeighbours(UserNeighbours(top=top, shrink=5)) for top in (100, 50, 200)
    ]
    if timed and latest:
        found["session"] = [
            session.Session(Session(window=window, last=window, fade=fade))
            for window, fade in ((10, 5), (30, 15), (3, 2))
        ]
        found["next_items"] = [next_items.NextItems(NextItems(regularisation=r)) for r in (3, 1, 10)]
    found["ease"] = [ease.Ease(Ease(regularisation=r)) for r in (300, 100, 200, 400, 800)]
    found["ease_valued"] = [
        ease_valued.EaseValued(EaseValued(regularisation=r, fade=fade))
        for r, fade in ([(300, 40), (300, 0), (300, 100), (600, 40)] if timed and latest else [(300, 0), (600, 0)])
    ]
    found["user_ease"] = [user_weights.UserEase(UserEase(regularisation=r)) for r in (600, 300)]
    found["spectral"] = [spectral.Spectral(Spectral(dimensions=d)) for d in (40, 20, 80)]
    found["ials"] = [
        ials.Ials(Ials(dimensions=d, regularisation=r, alpha=a)) for d, r, a in ((32, 5, 1), (64, 10, 1), (32, 10, 3))
    ]
    found["lightfm"] = [
        lightfm_warp.LightFMWarp(setting) for setting in LIGHTFM if described or not setting.label_weight
    ]
    return found
