"""The full pipeline of a benchmark: every kind of candidate generator, by what the split leaves to be predicted."""

from __future__ import annotations

from typing import Literal

from components.config.params import (
    Ease,
    EaseValued,
    Generators,
    Ials,
    ItemToItem,
    LightFM,
    NextItems,
    Pipeline,
    Ranker,
    Session,
    Spectral,
    UserEase,
    UserNeighbours,
)


def full_pipeline(inner: Literal["latest", "random"], lightfm: LightFM, n_lightfm: int) -> Pipeline:
    """Settings that suit `inner`: where the latest interactions are asked for, what users turn to next comes in.

    Args:
        lightfm: the best setting found for LightFM.
        n_lightfm: how many models of it, drawn differently, are in.
    """
    latest = inner == "latest"
    generators = Generators(
        ease=[Ease(regularisation=r) for r in ((200, 1000) if latest else (100, 400, 1000))],
        ease_valued=[EaseValued(fade=fade) for fade in ((0, 20) if latest else (0,))],
        user_ease=[] if latest else [UserEase()],
        item_to_item=[ItemToItem(), ItemToItem(similarity="lift", shrink=3)],
        user_neighbours=[UserNeighbours()],
        session=_next_sessions() if latest else _near_sessions(),
        next_items=[NextItems(), NextItems(past=30, past_fade=5, future=20, future_fade=5)] if latest else [],
        spectral=[Spectral()],
        ials=[Ials(), Ials(dimensions=64, regularisation=10)],
        lightfm=[lightfm.model_copy(update={"seed_offset": place}) for place in range(n_lightfm)],
    )
    ranker = (
        Ranker()
        if latest
        else Ranker(
            n_candidates=300,
            leaves=7,
            rounds=200,
            learning_rate=0.03,
            min_leaf_rows=500,
            l2=50,
            feature_share=0.3,
            n_seeds=2,
        )
    )
    return Pipeline(inner=inner, generators=generators, ranker=ranker, n_splits=6 if latest else 3)


def _next_sessions() -> list[Session]:
    return [
        *(Session(window=window, last=window, fade=fade) for window, fade in ((3, 2.0), (10, 5.0), (30, 15.0))),
        *(
            Session(window=window, last=2 * window, fade=fade, both_ways=True)
            for window, fade in ((3, 4.0), (30, 25.0))
        ),
    ]


def _near_sessions() -> list[Session]:
    """All of a user's interactions count alike, as what is asked for lies between them."""
    return [
        Session(
            window=window, last=100_000, fade=1e9, window_fade=fade, both_ways=True, shrink=20, popularity_discount=0.5
        )
        for window, fade in ((3, 9.0), (10, 5.0), (30, 30.0))
    ]
