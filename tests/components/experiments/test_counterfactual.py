"""The estimate of another policy finds its true value, and no number is given where the log cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

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


def test_by_default_weights_are_clipped_at_the_root_of_the_number_of_actions() -> None:
    rng = np.random.default_rng(4)
    propensity, target = np.full(10_000, 0.5), np.full(10_000, 0.5)
    propensity[0], target[0] = 0.004, 1.0
    users, reward = np.arange(10_000), rng.random(10_000)
    found = estimate_value(users, reward, propensity, target)
    assert isinstance(found, Estimate)
    assert found.support.clipped_share == pytest.approx(150 / (9_999 + 250))
    assert found == estimate_value(users, reward, propensity, target, clip=100.0)


@pytest.mark.parametrize(("of_weight", "refused"), [(3.0, False), (6.0, True)])
def test_a_mean_weight_beyond_four_standard_errors_is_no_chance(of_weight: float, refused: bool) -> None:
    """Half of the weights are .5 higher and half .5 lower: one standard error is .0158."""
    weights = 1 + np.tile([-0.5, 0.5], 500) + of_weight * 0.0158
    found = estimate_value(USERS, np.ones(1_000), np.full(1_000, 0.4), 0.4 * weights)
    assert isinstance(found, TooLittleSupport) is refused


@pytest.mark.parametrize(("users", "refused"), [(99, True), (100, False)])
def test_a_hundred_users_of_equal_weight_are_enough_and_one_less_is_not(users: int, refused: bool) -> None:
    reward = np.tile([0.0, 1.0], 50)[:users]
    found = estimate_value(np.arange(users), reward, np.full(users, 0.5), np.full(users, 0.5))
    assert isinstance(found, TooLittleSupport) is refused


def test_where_few_users_carry_the_spread_the_interval_has_their_degrees_of_freedom() -> None:
    """Two of a thousand users differ: the reach is that of four degrees of freedom, not of a thousand."""
    reward = np.full(1_000, 0.5)
    reward[:2] = 10.0
    found = estimate_value(USERS, reward, np.full(1_000, 0.5), np.full(1_000, 0.5))
    assert isinstance(found, Estimate)
    error = reward.std(ddof=1) / 1_000**0.5
    assert (found.high - found.value) / error == pytest.approx(2.77, abs=0.01)


def test_values_with_a_normals_kurtosis_have_as_many_degrees_of_freedom_as_there_are_users() -> None:
    """A sixth of the users at either end of the square root of three, the rest in the middle: the kurtosis is 3."""
    reward = 5 + np.repeat([-(3**0.5), 0.0, 3**0.5], [20, 80, 20])
    found = estimate_value(np.arange(120), reward, np.full(120, 0.5), np.full(120, 0.5))
    assert isinstance(found, Estimate)
    error = reward.std(ddof=1) / 120**0.5
    assert (found.high - found.value) / error == pytest.approx(t.ppf(0.975, 120), rel=1e-3)


def test_a_log_that_the_target_would_hardly_take_is_told_from_one_that_it_would_never_take() -> None:
    users = np.arange(200)
    hardly, never = np.full(200, 0.001), np.zeros(200)
    reasons = []
    for target in (hardly, never):
        found = estimate_value(users, np.ones(200), np.ones(200), target)
        assert isinstance(found, TooLittleSupport)
        reasons.append(found.reason)
    assert "mean weight is 0.001" in reasons[0]
    assert "no logged action" in reasons[1]
