"""The estimate of another policy finds its true value, and no number is given where the log cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.counterfactual_trials import estimate_other_policy
from components.experiments.counterfactual import Estimate, TooLittleSupport, estimate_value

USERS = np.arange(1_000)


def test_the_policy_that_logged_is_worth_its_mean_reward() -> None:
    rng = np.random.default_rng(0)
    reward, propensity = rng.random(1_000), rng.uniform(0.1, 1, 1_000)
    found = estimate_value(USERS, reward, propensity, propensity)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(reward.mean())
    assert found.support.effective_users == pytest.approx(1_000)
    assert found.support.mean_weight == pytest.approx(1)
    assert found.support.clipped_share == 0
    assert found.low < found.value < found.high


def test_another_policy_is_found_without_bias_and_within_the_interval() -> None:
    found = estimate_other_policy(0, 200, 5_000, 0.3)
    assert found.refused < 0.05
    assert found.logged < -0.1
    # Four standard errors of the mean of 200 estimates.
    assert abs(found.bias) < 4 * found.std / 200**0.5
    # Four standard errors of .95 in 200 runs are .062.
    assert found.covered > 0.95 - 0.062


def test_the_unit_is_the_user_not_the_action() -> None:
    rng = np.random.default_rng(1)
    reward = (rng.random(1_000) < 0.3).astype(float)
    once = estimate_value(USERS, reward, np.full(1_000, 0.5), np.full(1_000, 0.5))
    ten = estimate_value(np.repeat(USERS, 10), np.repeat(reward, 10), np.full(10_000, 0.5), np.full(10_000, 0.5))
    assert isinstance(once, Estimate)
    assert isinstance(ten, Estimate)
    assert (ten.low, ten.high) == pytest.approx((once.low, once.high))


def test_a_log_that_speaks_of_few_users_gives_no_number() -> None:
    rng = np.random.default_rng(2)
    shown = rng.random(1_000) < 0.05
    found = estimate_value(USERS, np.ones(1_000), np.where(shown, 0.05, 0.95), shown.astype(float))
    assert isinstance(found, TooLittleSupport)
    assert found.support.effective_users == pytest.approx(shown.sum())
    assert "explore a larger share" in found.reason


def test_wrong_propensities_give_no_number() -> None:
    rng = np.random.default_rng(3)
    shown = rng.random(1_000) < 0.5
    found = estimate_value(USERS, np.ones(1_000), np.full(1_000, 0.25), shown.astype(float))
    assert isinstance(found, TooLittleSupport)
    assert "propensities" in found.reason or "logged wrongly" in found.reason


def test_heavy_clipping_gives_no_number() -> None:
    rng = np.random.default_rng(4)
    shown = rng.random(1_000) < 0.5
    found = estimate_value(USERS, np.ones(1_000), np.full(1_000, 0.5), shown.astype(float), clip=1.5)
    assert isinstance(found, TooLittleSupport)
    assert found.support.clipped_share == pytest.approx(0.25)


def test_a_policy_that_would_do_nothing_that_was_logged_gives_no_number() -> None:
    assert isinstance(estimate_value(USERS, np.ones(1_000), np.ones(1_000), np.zeros(1_000)), TooLittleSupport)
    nobody = np.empty(0)
    assert isinstance(estimate_value(nobody.astype(int), nobody, nobody, nobody), TooLittleSupport)


@pytest.mark.parametrize(
    ("propensity", "target"), [(0.0, 0.5), (1.1, 0.5), (0.5, -0.1), (0.5, 1.1), (float("nan"), 0.5)]
)
def test_what_is_no_probability_is_refused(propensity: float, target: float) -> None:
    with pytest.raises(ValueError, match="propensities"):
        estimate_value(USERS, np.ones(1_000), np.full(1_000, propensity), np.full(1_000, target))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1000, 999"):
        estimate_value(USERS, np.ones(999), np.ones(1_000), np.ones(1_000))
