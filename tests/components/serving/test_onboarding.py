"""What a newcomer is asked about: what is known and told most, each question of another kind than those before."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from components.serving.onboarding import learn_onboarding


def two_tastes(n_each: int = 10) -> csr_array:
    """Users of two kinds: items 0 to 3 are of the first, 4 to 7 of the second, 8 everybody's.

    Nobody has met item 9.
    """
    met = np.zeros((2 * n_each, 10), np.float32)
    met[:n_each, 0:4] = 1
    met[n_each:, 4:8] = 1
    met[:, 8] = 1
    met[0, 3] = met[n_each, 7] = 0
    return csr_array(met)


def test_the_first_two_questions_are_of_both_kinds_and_nobody_is_asked_about_what_nobody_knows() -> None:
    onboarding = learn_onboarding(two_tastes())
    asked = onboarding.ask((), (), 20)
    assert 9 not in asked
    assert len(set(asked)) == len(asked)
    kinds = {0 if row < 4 else 1 for row in asked[:3] if row != 8}
    assert kinds == {0, 1}


def test_what_was_answered_or_passed_over_is_not_asked_again_and_makes_its_like_less_telling() -> None:
    onboarding = learn_onboarding(two_tastes())
    asked = onboarding.ask((0, 1, 2), (8,), 2)
    assert not set(asked) & {0, 1, 2, 8}
    assert asked[0] in range(4, 8)


def test_the_order_of_users_does_not_matter_and_the_history_stays_as_it_is() -> None:
    history = two_tastes()
    before = history.toarray().copy()
    shuffled = csr_array(before[np.random.default_rng(3).permutation(len(before))])
    assert learn_onboarding(history).ask((), (), 4) == learn_onboarding(shuffled).ask((), (), 4)
    assert (history.toarray() == before).all()


def test_without_users_nothing_is_asked() -> None:
    assert learn_onboarding(csr_array((0, 5), dtype=np.float32)).ask((), (), 5) == []
