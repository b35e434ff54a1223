"""User EASE is the regression of every user on all others, solved once for items and so for any history."""

from __future__ import annotations

import numpy as np

from components.recommenders.history import History
from components.recommenders.user_ease import UserEase, UserEaseConfig
from tests.worlds import checkerboard

CONFIG = UserEaseConfig(regularisation=7.0, top=1_000)


def test_somebody_known_gets_what_all_others_say_of_them_but_for_a_factor() -> None:
    data = checkerboard()
    likes = data.positives.toarray().astype(np.float64)
    inverse = np.linalg.inv(likes @ likes.T + 7.0 * np.eye(len(likes)))
    scores = UserEase(CONFIG).fit(data, 0).scores(np.arange(len(likes)))
    for user in range(len(likes)):
        others = -inverse[user] / inverse[user, user]
        others[user] = 0
        unmet = likes[user] == 0
        wanted = (others @ likes)[unmet] * 7.0 * inverse[user, user]
        np.testing.assert_allclose(scores[user, unmet], wanted, atol=1e-5)


def test_a_stranger_gets_a_ridge_regression_on_all_users() -> None:
    data = checkerboard()
    likes = data.positives.toarray().astype(np.float64)
    items = np.array([0, 3], np.int32)
    history = History(items, np.ones(2, np.float32), np.ones(2, np.bool_), np.zeros(2, np.int64))
    asked = np.zeros(likes.shape[1])
    asked[items] = 1
    weights = np.linalg.solve(likes @ likes.T + 7.0 * np.eye(len(likes)), likes @ asked)
    scores, _ = UserEase(CONFIG).fit(data, 0).score_history(history)
    unmet = asked == 0
    np.testing.assert_allclose(scores[unmet], (weights @ likes)[unmet], atol=1e-5)


def test_what_is_not_solved_for_is_near_the_truth_where_regularisation_is_strong() -> None:
    data = checkerboard()
    strong = 1e4
    likes = data.positives.toarray().astype(np.float64)
    truth = -strong * np.linalg.inv(likes.T @ likes + strong * np.eye(likes.shape[1]))
    np.fill_diagonal(truth, 0)
    few = UserEaseConfig(regularisation=strong, top=1_000, max_items=2)
    found = UserEase(few).fit(data, 0).weights.toarray()
    np.testing.assert_allclose(found, truth, atol=1e-2 * np.abs(truth).max())
