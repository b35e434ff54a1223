"""A user's variant depends on the experiment's salt and the user alone, and users fall as the shares say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from components.experiments.assignment import VariantShares, assign_variant, position_in_experiment

HALVES = VariantShares(("control", "treatment"), (0.5, 0.5))
USERS = [str(number) for number in range(20_000)]


def test_a_user_keeps_the_variant_in_another_process() -> None:
    code = (
        "from components.experiments.assignment import VariantShares, assign_variant\n"
        "split = VariantShares(('control', 'treatment'), (0.5, 0.5))\n"
        "print(''.join(assign_variant(split, 'salt', str(n))[0] for n in range(200)))"
    )
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert elsewhere == "".join(assign_variant(HALVES, "salt", str(n))[0] for n in range(200))


def test_the_position_of_a_known_pair_never_changes() -> None:
    # A changed hash would move every user of every running experiment.
    assert position_in_experiment("salt", "42") == 0.5256159389276098


def test_users_fall_on_the_variants_by_their_shares() -> None:
    split = VariantShares(("a", "b", "c"), (0.5, 0.3, 0.2))
    variants = [assign_variant(split, "salt", user) for user in USERS]
    for variant, share in zip(split.variants, split.shares, strict=True):
        error = (share * (1 - share) / len(USERS)) ** 0.5
        assert abs(variants.count(variant) / len(USERS) - share) < 4 * error


def test_two_experiments_assign_independently() -> None:
    table = np.zeros((2, 2))
    for user in USERS:
        table[assign_variant(HALVES, "one", user) == "control", assign_variant(HALVES, "two", user) == "control"] += 1
    assert chi2_contingency(table).pvalue > 0.001


def test_salt_and_user_do_not_run_together() -> None:
    assert position_in_experiment("a", "bc") != position_in_experiment("ab", "c")


def test_any_text_can_be_an_id_or_a_salt() -> None:
    assert 0 <= position_in_experiment("", "") < 1
    assert 0 <= position_in_experiment("ü" * 500, "Ω") < 1


@pytest.mark.parametrize(
    ("variants", "shares"),
    [
        (("a",), (1.0,)),
        (("a", "a"), (0.5, 0.5)),
        (("a", "b"), (0.5, 0.4)),
        (("a", "b"), (1.0, 0.0)),
        (("a", "b"), (1.0,)),
    ],
)
def test_a_split_that_is_none_is_refused(variants: tuple[str, ...], shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"variants|shares"):
        VariantShares(variants, shares)
