"""Laws of the whole pipeline: it finds structure, finds none where there is none, and does not look ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.metrics.evaluate import evaluate
from components.ranking.because import read_code
from components.ranking.candidates import find_candidates
from components.ranking.inner_split import inner_splits
from components.ranking.learned_ranker import RankerConfig
from components.ranking.method_choice import DOUBT
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.ease import EaseConfig
from components.recommenders.events import chosen, events_of, positions, with_events
from components.recommenders.history import History
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, RecommenderError, TrainingData
from components.recommenders.session import SessionConfig

PARAMS = PipelineConfig(
    n_splits=3,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig(), SessionConfig()],
    ranker=RankerConfig(rounds=30, n_seeds=1, min_leaf_rows=20, min_users=50),
)
N_USERS, N_ITEMS, N_EACH = 240, 60, 20


def world(kind: str, seed: int = 0) -> TrainingData:
    """`taste`: even users meet even items three times as often. `uniform`: everybody meets anything.

    `permuted`: items are drawn by popularity, and nothing else is to be known.
    """
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, N_ITEMS + 1) ** 0.7
    users, items = [], []
    for user in range(N_USERS):
        weights = np.ones(N_ITEMS) if kind == "uniform" else popularity.copy()
        if kind == "taste":
            weights[(np.arange(N_ITEMS) + user) % 2 == 0] *= 6
        users += [user] * N_EACH
        items += rng.choice(N_ITEMS, N_EACH, replace=False, p=weights / weights.sum()).tolist()
    n = len(users)
    events = Events(
        np.array(users, np.int32),
        np.array(items, np.int32),
        np.full(n, 5, np.float32),
        np.ones(n, bool),
        np.tile(np.arange(N_EACH) * 3600, N_USERS),
    )
    empty = csr_array((N_USERS, N_ITEMS), dtype=np.float32)
    ids = tuple(map(str, range(N_USERS))), tuple(map(str, range(N_ITEMS)))
    return with_events(TrainingData(*ids, empty, empty, ((),) * N_ITEMS), events)


def halves(data: TrainingData) -> tuple[TrainingData, csr_array]:
    """The first 16 interactions of each user, and the last four as what is wanted."""
    events = events_of(data)
    early = positions(events)[0] < 16
    later = with_events(data, chosen(events, ~early))
    return with_events(data, chosen(events, early)), later.positives


def quality(train: TrainingData, wanted: csr_array) -> tuple[float, float]:
    pipeline, popular = (recipe.fit(train, 1) for recipe in (Pipeline(PARAMS), Popularity()))
    return tuple(float(evaluate(fitted, train.seen, wanted, 10).ndcg.mean()) for fitted in (pipeline, popular))


def test_taste_is_found() -> None:
    pipeline, popular = quality(*halves(world("taste")))
    assert pipeline > 1.2 * popular


def test_where_only_popularity_is_to_be_known_nothing_beats_it() -> None:
    gains = [np.subtract(*quality(*halves(world("permuted", seed)))) for seed in range(3)]
    assert np.mean(gains) < 0.01


def test_where_nothing_is_to_be_known_the_result_is_chance() -> None:
    results = [quality(*halves(world("uniform", seed)))[0] for seed in range(3)]
    # Ten of the 44 items left, four of them wanted: expected NDCG of a random order.
    discounts = 1 / np.log2(np.arange(2, 12))
    chance = (4 / 44) * discounts.sum() / discounts[:4].sum()
    assert np.mean(results) == pytest.approx(chance, abs=0.015)


def test_a_planted_future_interaction_is_noticed() -> None:
    """A leak through others: training is told of each user's future by a second user with the same history."""
    data = world("taste")
    train, wanted = halves(data)
    honest, _ = quality(train, wanted)
    leaked = _plant(train, events_of(data), positions(events_of(data))[0])
    cheating = float(evaluate(Pipeline(PARAMS).fit(leaked, 1), train.seen, wanted, 10).ndcg.mean())
    assert cheating > honest + 0.05


def _plant(train: TrainingData, events: Events, place: np.ndarray) -> TrainingData:
    future = place >= 16
    doubles = events.users + N_USERS
    everything = Events(
        np.concatenate([events.users[~future], doubles]),
        np.concatenate([events.items[~future], events.items]),
        np.full(int((~future).sum()) + len(events), 5, np.float32),
        np.ones(int((~future).sum()) + len(events), bool),
        np.concatenate([events.seconds[~future], events.seconds]),
    )
    order = np.lexsort((everything.seconds, everything.users))
    ids = tuple(map(str, range(2 * N_USERS)))
    empty = csr_array((2 * N_USERS, N_ITEMS), dtype=np.float32)
    return with_events(replace(train, user_ids=ids, positives=empty, seen=empty), chosen(everything, order))


def test_the_same_seed_gives_the_same_lists() -> None:
    train, _ = halves(world("taste"))
    first, second = (Pipeline(PARAMS).fit(train, 1) for _ in range(2))
    np.testing.assert_array_equal(first.lists.lists, second.lists.lists)
    np.testing.assert_array_equal(first.lists.values, second.lists.values)


def test_with_few_users_a_blend_ranks() -> None:
    train, _ = halves(world("taste"))
    few = PARAMS.model_copy(update={"ranker": RankerConfig(min_users=10_000)})
    fitted = Pipeline(few).fit_reported(train, 1)
    assert fitted.choice.ranker is None
    assert fitted.served.lists.method in ("blend", "mean")


def test_the_choice_is_one_of_what_was_measured_and_a_blend_orders_where_trees_do_not_gain() -> None:
    train, _ = halves(world("taste"))
    choice = Pipeline(PARAMS).fit_reported(train, 1).choice
    best = max(choice.measured.values())
    assert set(choice.measured) == {"mean", "blend", "ranker", "ranker and blend"}
    assert choice.measured[choice.method] > best - DOUBT
    assert (choice.ranker is None) == (choice.method in ("mean", "blend"))
    assert len(inner_splits(train, "latest", 3, 1)) == 3


def test_the_ranker_learns_from_synthetic_cold_users_where_there_are_times() -> None:
    train, _ = halves(world("taste"))

    def measured(n_short_splits: int, data: TrainingData) -> float:
        params = PARAMS.model_copy(update={"n_short_splits": n_short_splits})
        return Pipeline(params).fit_reported(data, 1).choice.measured["ranker"]

    assert measured(0, train) != measured(2, train)
    untimed = replace(train, events=None)
    assert measured(0, untimed) == measured(2, untimed)


def test_a_generator_that_refuses_is_left_out_and_named() -> None:
    train, _ = halves(world("taste"))
    generators = [ItemToItemConfig(max_items=5), EaseConfig()]
    fitted = Pipeline(PARAMS.model_copy(update={"generators": generators})).fit_reported(train, 1)
    assert list(fitted.left_out) == ["item_to_item 1"]
    with pytest.raises(RecommenderError, match="no generator"):
        Pipeline(PARAMS.model_copy(update={"generators": [ItemToItemConfig(max_items=5)]})).fit(train, 1)


def test_a_user_who_has_seen_everything_gets_nothing() -> None:
    train, _ = halves(world("taste"))
    fitted = Pipeline(PARAMS).fit(train, 1)
    assert len(fitted.top_k(0, 10, np.arange(N_ITEMS))) == 0


def test_without_the_item_that_a_reason_names_the_candidate_loses_more_than_without_another() -> None:
    """By the mean score of the generators, which is what reasons are made of."""
    train, _ = halves(world("taste"))
    fitted, rng = Pipeline(PARAMS).fit(train, 1), np.random.default_rng(0)
    generators, held = fitted.ranker.generators, []
    for user in range(0, N_USERS, 12):
        history, kept = fitted.histories.of(user), fitted.kept(user)
        for item, code in list(
            zip(kept.ranking.items.tolist(), kept.because(kept.ranking.items).tolist(), strict=True)
        )[:5]:
            reason = read_code(code)
            if reason is None:
                continue
            other = rng.choice([each for each in history.met.tolist() if each != reason[0]])

            def score(history: History, item: int = item) -> float:
                found = find_candidates(generators, history, N_ITEMS)
                return float(np.mean([values[found.items == item] for values in found.scores.values()]))

            held.append(score(history.without(reason[0])) < score(history.without(int(other))))
    assert len(held) > 80
    assert np.mean(held) >= 0.85


def test_a_stranger_with_the_history_of_a_known_user_gets_the_same_list_to_the_last_bit() -> None:
    train, _ = halves(world("taste"))
    fitted = Pipeline(PARAMS).fit(train, 1)
    for user in range(0, N_USERS, 40):
        known = fitted.histories.of(user)
        stranger = History(known.items.copy(), known.values.copy(), known.liked.copy(), known.seconds.copy())
        ranked, kept = fitted.rank(stranger, np.empty(0, np.int32)), fitted.kept(user)
        assert ranked.ranking.items.tobytes() == kept.ranking.items.tobytes()
        assert ranked.ranking.scores.tobytes() == kept.ranking.scores.tobytes()


def test_hidden_items_leave_the_scores_of_others_as_they_are() -> None:
    train, _ = halves(world("taste"))
    fitted = Pipeline(PARAMS).fit(train, 1)
    history = fitted.histories.of(3)
    whole = fitted.ranker.find(history)
    part = fitted.ranker.find(history, whole.items[:4])
    assert part.items[: len(whole.items) - 4].tolist() == whole.items[4:].tolist()
    for name, values in whole.scores.items():
        np.testing.assert_array_equal(part.scores[name][: len(values) - 4], values[4:])
