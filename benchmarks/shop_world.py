"""A small shop in which it is known what matters: the type of an interaction, the price, who somebody is.

Everybody goes on from what they met last. After a purchase comes what belongs to the item (the next row), after a view
what could be had in its place (seven rows on); one time in five anything that suits them. People of the first kind keep
to the first half of the rows, where `people` is true; everybody keeps to items of about the same price, where `thrift`
is true. Purchases alone are liked. `told` of what is not says nothing: types, people or prices are drawn by lot.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from components.recommenders.events import ones, with_events
from components.recommenders.protocol import NUMBERS, PRICE, Events, TrainingData

VIEW, PURCHASE = 0, 1
KINDS = ("purchase", "view")
BELONGS, INSTEAD = 1, 7
DAY = 86_400


def shop(
    seed: int,
    told: Collection[str] = ("kinds", "people", "price"),
    n_users: int = 400,
    n_items: int = 120,
    n_each: int = 20,
    people: bool = False,
    thrift: bool = False,
) -> TrainingData:
    """What `n_users` did, `n_each` interactions each, as training data with what is `told` of it."""
    rng = np.random.default_rng(seed)
    prices = np.exp(rng.normal(3, 1, n_items))
    kinds_of_people = rng.integers(0, 2, n_users)
    budgets = rng.permutation(np.arange(n_users)) / n_users
    dearness = np.argsort(np.argsort(prices)) / n_items
    rows, types = np.empty((n_users, n_each), np.int32), rng.integers(0, 2, (n_users, n_each)).astype(np.int8)
    for user in range(n_users):
        suits = np.ones(n_items)
        if people:
            suits *= np.where((np.arange(n_items) < n_items // 2) == (kinds_of_people[user] == 0), 1, 0.05)
        if thrift:
            suits *= np.exp(-(((dearness - budgets[user]) / 0.1) ** 2)) + 0.02
        met: list[int] = []
        for place in range(n_each):
            step = BELONGS if place and types[user, place - 1] == PURCHASE else INSTEAD
            item = (met[-1] + step) % n_items if met else -1
            if item < 0 or item in met or rng.random() < 0.2 or rng.random() > suits[item]:
                left = suits.copy()
                left[met] = 0
                item = int(rng.choice(n_items, p=left / left.sum()))
            met.append(item)
        rows[user] = met
    users = np.repeat(np.arange(n_users, dtype=np.int32), n_each)
    items, liked = rows.ravel(), (types == PURCHASE).ravel()
    codes = np.where(liked, KINDS.index("purchase"), KINDS.index("view")).astype(np.int8)
    began = np.repeat(rng.integers(0, 300, n_users), n_each) * DAY + 10**9
    seconds = began + np.tile(np.arange(n_each) * 900, n_users)
    values = np.where(liked, 5, 1).astype(np.float32)
    if "kinds" not in told:
        codes = rng.permutation(codes)
    if "people" not in told:
        kinds_of_people = rng.permutation(kinds_of_people)
    if "price" not in told:
        prices = rng.permutation(prices)
    numbers = np.full((n_items, len(NUMBERS)), np.nan, np.float32)
    numbers[:, NUMBERS.index(PRICE)] = prices
    nothing = ones(users[:0], items[:0], (n_users, n_items))
    ids = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    bare = TrainingData(
        *ids,
        nothing,
        nothing,
        ((),) * n_items,
        item_numbers=numbers,
        kinds=KINDS,
        traits={"kind": kinds_of_people.astype(np.int8)},
    )
    return with_events(bare, Events(users, items, values, liked, seconds, codes))
