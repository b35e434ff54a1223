"""Attributes of users become a few values each, or are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.recommenders.traits import BANDS, traits_of


def test_texts_become_places_numbers_bands_and_what_is_unknown_or_rare_nothing() -> None:
    rng = np.random.default_rng(0)
    n = 200
    users = pd.DataFrame(
        {
            "user_id": [f"u{row}" for row in range(n)],
            "age": [str(18 + row % 60) for row in range(n)],
            "gender": ["F", "M"] * (n // 2),
            "job": ["rare", None, *(["cook", "smith"] * (n // 2 - 1))],
            "zip": [f"z{row}" for row in range(n)],
            "same": ["x"] * n,
            "sparse": ["a", "b", *([None] * (n - 2))],
        }
    )
    traits = traits_of(users)
    assert list(traits) == ["age", "gender", "job"]
    assert set(traits["age"].tolist()) == set(range(BANDS))
    ages = users["age"].astype(int).to_numpy()
    assert all(ages[traits["age"] == band].max() < ages[traits["age"] == band + 1].min() for band in range(BANDS - 1))
    assert traits["gender"].tolist() == [0, 1] * (n // 2)
    assert traits["job"][:4].tolist() == [-1, -1, 0, 1]
    shuffled = users.sample(frac=1, random_state=np.random.RandomState(rng.integers(9)))
    for name, codes in traits_of(shuffled).items():
        np.testing.assert_array_equal(codes, traits[name][shuffled.index])


def test_users_without_attributes_have_no_traits() -> None:
    assert traits_of(pd.DataFrame({"user_id": ["a", "b"]})) == {}
    assert traits_of(pd.DataFrame({"user_id": [], "age": []})) == {}
