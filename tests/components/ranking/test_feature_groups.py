"""A group of features is taken where what it looks at matters, and left where the same columns say nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shop_world import KINDS, shop
from components.ranking.feature_groups import GROUPS, without_groups
from components.ranking.features import FeatureMaker
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.group_choice import choose_groups
from components.ranking.learned_ranker import LearnedRanker, RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.ranking.pipeline_choice import CHOICE, load_choice, save_choice
from components.recommenders.ease import EaseConfig
from components.recommenders.events import chosen, events_of, joined, with_events
from components.recommenders.history import History, histories_of
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.protocol import RecommenderError, TrainingData
from components.recommenders.session import SessionConfig

CONFIG = PipelineConfig(
    n_splits=4,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig(), SessionConfig()],
    ranker=RankerConfig(rounds=40, n_seeds=1, min_leaf_rows=30, min_users=50),
    feature_groups=["kinds"],
)
ITEMS = np.array([5, 6, 40, 41, 2], np.int32)
SCORES = {"some": np.zeros(len(ITEMS), np.float32)}


def table(data: TrainingData, history: History | None = None, user: int = 0) -> dict[str, np.ndarray]:
    history = histories_of(data).of(user) if history is None else history
    return FeatureMaker(data, GROUPS).table(history, ITEMS, SCORES)


@pytest.fixture(scope="module")
def small() -> TrainingData:
    return shop(0, n_users=60)


@pytest.fixture(scope="module")
def learned() -> FittedPipeline:
    """Whatever orders best, it is made to be ordered by the ranker that the choosing cut has judged."""
    return Pipeline(CONFIG).fit(shop(0, n_users=400), 1)


def test_types_are_taken_where_they_tell_what_comes_next(learned: FittedPipeline) -> None:
    assert learned.choice.groups == ("kinds",)
    assert learned.choice.gains["kinds"] > 0.01
    assert learned.choice.ranker is not None
    assert any(name.startswith("kinds: ") for name in learned.choice.ranker.names)


def test_types_are_left_where_they_are_drawn_by_lot() -> None:
    choice = Pipeline(CONFIG).learn(shop(0, told=("people", "price"), n_users=400), 1).choice
    assert choice.groups == ()
    assert choice.ranker is None or not any(name.startswith("kinds: ") for name in choice.ranker.names)


def test_a_group_must_gain_more_than_chance_and_is_held_against_what_is_taken() -> None:
    worth = {(): 0.0, ("clock",): 0.001, ("kinds",): 0.3, ("kinds", "traits"): 0.3}
    rankers = {taken: LearnedRanker((str(taken),), ()) for taken in worth}
    level = {rankers[taken].names: value for taken, value in worth.items()}
    noise = {names: np.random.default_rng(place).normal(0, 0.1, 100) for place, names in enumerate(level)}

    def judge(ranker: LearnedRanker) -> np.ndarray:
        return level[ranker.names] + noise[ranker.names]

    found = choose_groups(("clock", "kinds", "traits"), rankers.get, judge)
    assert found is not None
    assert (found.taken, found.trial) == (("kinds",), rankers["kinds",])
    assert list(found.gains) == ["clock", "kinds", "traits"]
    assert choose_groups(("clock",), lambda _: None, judge) is None


def test_nothing_is_looked_at_of_which_the_data_know_nothing(small: TrainingData) -> None:
    bare = replace(small, kinds=(), traits={}, events=replace(events_of(small), kinds=None))
    liked = with_events(bare, chosen(events_of(bare), events_of(bare).liked))
    assert FeatureMaker(small, GROUPS).groups == GROUPS
    assert FeatureMaker(bare, GROUPS).groups == ("dislikes", "clock")
    assert FeatureMaker(liked, GROUPS).groups == ("clock",)
    assert FeatureMaker(small).groups == ()
    names = tuple(table(small))
    assert set(names) - set(without_groups(names, ["kinds"])) == {name for name in names if "kinds: " in name}


def test_what_others_do_later_changes_neither_clock_nor_types_nor_traits(small: TrainingData) -> None:
    before = table(small)
    events = events_of(small)
    end = histories_of(small).of(0).seconds[-1]
    others = np.flatnonzero((events.seconds > end) & (events.users != 0))
    assert len(others)
    fewer = with_events(small, chosen(events, np.setdiff1d(np.arange(len(events)), others)))
    for name, values in table(fewer).items():
        if name.startswith(("clock: ", "kinds: ", "traits: ")):
            np.testing.assert_array_equal(values, before[name], err_msg=name)


def test_a_users_own_way_decides(small: TrainingData) -> None:
    history = histories_of(small).of(0)
    assert history.kinds is not None
    assert history.traits is not None
    other = replace(history, kinds=(1 - history.kinds).astype(np.int8), traits=(1 - history.traits).astype(np.int8))
    mine, theirs = table(small), table(small, other)
    assert {name.split(": ")[0] for name in mine if not np.array_equal(mine[name], theirs[name], equal_nan=True)} == {
        "kinds",
        "traits",
    }
    unknown = table(small, replace(history, kinds=None, traits=None))
    assert set(unknown) == set(mine)
    assert not unknown["traits: met by the same kind"].any()
    later = table(small, replace(history, seconds=history.seconds - 12 * 3600))
    assert (later["clock: hour"] != mine["clock: hour"]).all()


def test_what_is_disliked_together_is_found_by_what_the_user_disliked() -> None:
    data = shop(0, n_users=60)
    events = events_of(data)
    crowd = [(user, item) for user in range(10, 30) for item in (5, 100)]
    rest = chosen(events, ~np.isin(events.items, (5, 100)))
    users, items = (np.array(column, np.int32) for column in zip(*crowd, strict=True))
    many = np.full(len(users), events.seconds.min())
    bad = replace(
        chosen(events, np.zeros(len(users), int)),
        users=users,
        items=items,
        values=np.ones(len(users), np.float32),
        liked=np.zeros(len(users), bool),
        seconds=many,
    )
    whole = joined(rest, bad)
    order = np.lexsort((whole.seconds, whole.users))
    data = with_events(data, chosen(whole, order))
    one = np.array([100], np.int32)
    history = History(one, np.ones(1, np.float32), np.zeros(1, bool), events.seconds[:1])
    near = table(data, history)["dislikes: disliked with the user's"]
    assert near[0] > 3 * near[1:].max()
    assert not table(data, replace(history, liked=np.ones(1, bool)))["dislikes: disliked with the user's"].any()


def test_equal_histories_give_equal_features_and_lists_before_and_after_saving(
    learned: FittedPipeline, tmp_path: Path
) -> None:
    learned.save(tmp_path)
    again = FittedPipeline.load(tmp_path)
    assert (again.data.kinds, list(again.data.traits)) == (KINDS, ["kind"])
    for user in (0, 7, 250):
        history, stranger = learned.histories.of(user), again.histories.of(user)
        tables = [each.ranker.features(history, each.ranker.find(history)) for each in (learned, again)]
        tables.append(again.ranker.features(stranger, again.ranker.find(stranger)))
        assert any(name.startswith("kinds: ") for name in tables[0])
        for other in tables[1:]:
            assert {name: values.tobytes() for name, values in other.items()} == {
                name: values.tobytes() for name, values in tables[0].items()
            }
        kept, asked = learned.kept(user).ranking, again.rank(stranger, np.empty(0, np.int32)).ranking
        assert kept.items.tobytes() == asked.items[: len(kept.items)].tobytes()


def test_a_choice_of_before_is_read_and_one_of_features_unknown_here_is_refused(
    learned: FittedPipeline, tmp_path: Path
) -> None:
    save_choice(tmp_path, learned.choice)
    assert load_choice(tmp_path).groups == ("kinds",)
    header = json.loads((tmp_path / CHOICE).read_text())
    newer = {**header, "groups": ["kinds", "weather"]}
    (tmp_path / CHOICE).write_text(json.dumps(newer))
    with pytest.raises(RecommenderError, match=r"weather, of which this version knows nothing.*retrain"):
        load_choice(tmp_path)
    older = {name: value for name, value in header.items() if name not in ("groups", "gains")}
    (tmp_path / CHOICE).write_text(json.dumps(older))
    assert load_choice(tmp_path).groups == ()


def test_a_choice_is_made_anew_where_the_data_know_no_more_of_a_group(learned: FittedPipeline) -> None:
    data = learned.data
    bare = replace(data, kinds=(), events=replace(events_of(data), kinds=None))
    brief = CONFIG.model_copy(update={"n_splits": 1})
    assert Pipeline(brief).learn(bare, 1, learned.choice).choice.groups == ()
    assert Pipeline(brief).learn(data, 1, learned.choice).choice is learned.choice
