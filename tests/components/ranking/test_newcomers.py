"""Popularity fades where that suits newcomers, and is judged by what was known when they came."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.ranking.learned_ranker import RankerConfig
from components.ranking.newcomers import choose_half_life, popularity_of
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.events import with_events
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.protocol import Events, TrainingData

DAY = 86_400
N_USERS, N_ITEMS, N_EACH = 400, 200, 4
NOTHING = np.zeros(0, np.int32)


def world(kind: str, n_users: int = N_USERS) -> TrainingData:
    """One user a day. `fashion`: all like what is in fashion, another each 40 days. `classics`: always the same.

    `steady`: what they like is drawn, always with the same chances. `unheard of`: what nobody has met before them.
    """
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(n_users), N_EACH)
    drawn = np.concatenate([rng.permutation(8)[:N_EACH] for _ in range(n_users)])
    items = {
        "fashion": (users + 20) // 40 * 20 % N_ITEMS + drawn,
        "classics": np.tile(np.arange(N_EACH), n_users),
        "steady": np.minimum(rng.geometric(0.05, len(users)), N_ITEMS) - 1,
        "unheard of": np.arange(len(users)),
    }[kind]
    seconds = users * DAY + np.tile(np.arange(N_EACH), n_users)
    n = len(users)
    events = Events(
        users.astype(np.int32), items.astype(np.int32), np.ones(n, np.float32), np.ones(n, np.bool_), seconds
    )
    n_items = int(items.max()) + 1
    empty = csr_array((n_users, n_items), dtype=np.float32)
    ids = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    return with_events(TrainingData(*ids, empty, empty, ((),) * n_items), events)


def test_fashions_fade_and_classics_do_not() -> None:
    assert choose_half_life(world("fashion"), 0) in (7.0, 30.0)
    assert choose_half_life(world("classics"), 0) is None


def test_what_is_only_lucky_does_not_fade() -> None:
    assert choose_half_life(world("steady"), 0) is None


def test_newcomers_are_answered_by_what_was_before_them() -> None:
    """Else popularity of the last moment would find what only they have liked."""
    assert choose_half_life(world("unheard of"), 0) is None


@pytest.mark.parametrize("data", [world("fashion", 80), replace(world("fashion"), events=None)])
def test_few_newcomers_and_data_without_times_choose_nothing(data: TrainingData) -> None:
    assert choose_half_life(data, 0) is None


def test_a_pipeline_answers_strangers_as_it_found_to_suit_newcomers() -> None:
    data = world("fashion")
    params = PipelineConfig(
        n_splits=1,
        n_short_splits=0,
        generators=[ItemToItemConfig()],
        ranker=RankerConfig(min_users=10**6),
    )
    stranger = replace(
        data,
        user_ids=(*data.user_ids, "stranger"),
        positives=csr_array(
            (data.positives.data, data.positives.indices, [*data.positives.indptr, data.positives.nnz])
        ),
        seen=csr_array((data.seen.data, data.seen.indices, [*data.seen.indptr, data.seen.nnz])),
    )
    fitted = Pipeline(params).fit_reported(stranger, 0)
    half_life = fitted.choice.half_life_days
    assert half_life in (7.0, 30.0)
    wanted = popularity_of(half_life).fit(data, 0).top_k(-1, 10, NOTHING)
    np.testing.assert_array_equal(fitted.served.top_k(N_USERS, 10, NOTHING).items, wanted.items)
    kept = Pipeline(params).fit_reported(stranger, 0, fitted.choice)
    assert kept.choice is fitted.choice
