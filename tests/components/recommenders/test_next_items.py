"""What follows comes up, solved for exactly or, beyond the limit, nearly."""

from __future__ import annotations

import numpy as np

from components.recommenders.next_items import NextItems, NextItemsConfig
from components.recommenders.protocol import TrainingData
from tests.components.recommenders.test_nearby_items import walks


def rounds() -> TrainingData:
    """Twelve users who go round six items, each from another one on, and some of them not to the end."""
    return walks(*[[(start + step) % 6 for step in range(3 + start % 4)] for start in range(12)])


def test_the_next_of_the_round_comes_first_with_and_without_the_limit() -> None:
    data = rounds()
    for max_items in (10, 3, 1):
        fitted = NextItems(NextItemsConfig(past_fade=0.5, future_fade=0.5, max_items=max_items)).fit(data, 0)
        best = fitted.weights.toarray().argmax(axis=1)
        np.testing.assert_array_equal(best, (np.arange(6) + 1) % 6)


def test_the_weights_are_those_of_the_ridge_regression() -> None:
    data, config = rounds(), NextItemsConfig(past=2, future=1, past_fade=1.0, future_fade=1.0)
    events = data.events
    assert events is not None
    past, future = np.zeros((len(events), 6)), np.zeros((len(events), 6))
    sizes = np.bincount(events.users)[events.users]
    for row, (user, item) in enumerate(zip(events.users.tolist(), events.items.tolist(), strict=True)):
        past[row, item] = 1
        if row and events.users[row - 1] == user:
            past[row, events.items[row - 1]] = np.exp(-1)
        if row + 1 < len(events) and events.users[row + 1] == user:
            future[row, events.items[row + 1]] = np.exp(-1)
    weighted = past / np.sqrt(sizes)[:, None]
    gram = weighted.T @ past
    expected = np.linalg.solve(gram + config.regularisation * np.diag(gram).mean() * np.eye(6), weighted.T @ future)
    np.fill_diagonal(expected, 0)
    found = NextItems(config).fit(data, 0).weights.toarray()
    np.testing.assert_allclose(found, expected, atol=1e-6)
