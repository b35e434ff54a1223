"""Small simulations of whole decisions with the scripted model; `benchmarks.shadow_decisions` has the large ones."""

from __future__ import annotations

import pytest

from benchmarks.shadow_trials import Condition, repeat
from benchmarks.shadow_world import Habits, Skill
from benchmarks.stated_params import stated
from components.config.shadow import ShadowConfig

POLICY = stated(ShadowConfig, bootstrap_samples=500)
RUNS, REQUESTS = 3, 400


@pytest.mark.parametrize(
    ("skill", "habits", "least_promoted", "most_promoted"),
    [
        (Skill(1.0), Habits(), 0, 1),
        (Skill(1.6), Habits(), 0, 0),
        (Skill(0.2), Habits(), 3, 3),
        (Skill(0.2), Habits(later=0.0, clicks=0.3), 0, 0),
        (Skill(1.0), Habits(from_list=0.9), 0, 1),
    ],
    ids=["equal", "worse", "much better", "clicks alone", "taken from the list"],
)
def test_only_prompts_that_are_better_are_promoted(
    skill: Skill, habits: Habits, least_promoted: int, most_promoted: int
) -> None:
    counted = repeat(Condition(skill, habits, REQUESTS), POLICY, 0, RUNS)
    assert least_promoted <= counted.promoted <= most_promoted


def test_a_better_prompt_that_faults_is_refused_for_that() -> None:
    counted = repeat(Condition(Skill(0.2, faulty=0.03), Habits(), 500), POLICY, 1, 2)
    assert dict(counted.refused_for) == {"reply faults": 2}


def test_what_users_did_by_themselves_alone_would_promote_equal_prompts() -> None:
    """Why a gain must show with what was taken from lists as well."""
    counted = repeat(Condition(Skill(1.0), Habits(from_list=0.9), REQUESTS), POLICY, 2, 2)
    assert counted.misled["later"] == 2
    assert counted.promoted == 0
