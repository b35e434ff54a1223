"""What has trees orders where it gains by more than chance over what has none."""

from __future__ import annotations

import numpy as np
import pytest

from components.ranking.method_choice import DOUBT, choose_method

RNG = np.random.default_rng(0)
BLEND = RNG.random(400)
NOISE = RNG.normal(0, 0.2, 400)
NOISE -= NOISE.mean()
ERROR = NOISE.std(ddof=1) / 20


@pytest.mark.parametrize(("errors", "method"), [(0.5, "blend"), (1.5, "ranker"), (-3.0, "blend")])
def test_a_ranker_must_beat_the_blend_by_more_than_a_standard_error(errors: float, method: str) -> None:
    qualities = {"mean": BLEND - 0.1, "blend": BLEND, "ranker": BLEND + NOISE + errors * ERROR}
    assert choose_method(qualities, DOUBT) == method


def test_a_sure_gain_counts_however_small() -> None:
    assert choose_method({"mean": BLEND, "blend": BLEND - 0.1, "ranker": BLEND + 1e-6}, DOUBT) == "ranker"


def test_a_mixture_must_beat_the_ranker_by_the_doubt() -> None:
    surely = {"mean": BLEND - 0.3, "blend": BLEND - 0.2, "ranker": BLEND}
    assert choose_method({**surely, "ranker and blend": BLEND + 0.9 * DOUBT}, DOUBT) == "ranker"
    assert choose_method({**surely, "ranker and blend": BLEND + 1.1 * DOUBT}, DOUBT) == "ranker and blend"
    assert choose_method({**surely, "ranker and blend": BLEND + 1e-6}, 0.0) == "ranker and blend"


def test_without_trees_the_better_of_mean_and_blend_orders() -> None:
    assert choose_method({"mean": BLEND, "blend": BLEND + 0.01}, DOUBT) == "blend"
    assert choose_method({"mean": BLEND, "blend": BLEND}, DOUBT) == "mean"


def test_one_user_proves_no_gain() -> None:
    assert choose_method({"mean": np.zeros(1), "blend": np.zeros(1), "ranker": np.ones(1)}, DOUBT) == "mean"
