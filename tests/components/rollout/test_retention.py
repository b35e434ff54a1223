"""Laws of what is kept."""

from __future__ import annotations

from components.rollout.retention import KeptRelease, models_to_prune, releases_to_prune
from components.rollout.states import State


def release(number: int, state: State, lived: bool = True, model: int | None = None) -> KeptRelease:
    return KeptRelease(f"release-{number}", state, lived, frozenset({model or number}))


STORY = [
    release(1, State.RETIRED),
    release(2, State.FAILED, lived=False),
    release(3, State.RETIRED),
    release(4, State.REJECTED),
    release(5, State.RETIRED, model=3),
    release(6, State.STANDBY),
    release(7, State.LIVE),
]


def pruned(keep: int, in_slots: set[str] | None = None) -> list[str]:
    slots = {"release-6", "release-7"} if in_slots is None else in_slots
    return [each.release_id for each in releases_to_prune(STORY, slots, keep)]


def test_the_newest_that_could_be_gone_back_to_stay_and_what_failed_goes_at_once() -> None:
    assert pruned(10) == ["release-2", "release-4"]
    assert pruned(3) == ["release-1", "release-2", "release-3", "release-4"]


def test_what_runs_or_stands_in_a_slot_stays_always() -> None:
    assert {"release-6", "release-7"}.isdisjoint(pruned(2))
    assert "release-1" not in pruned(2, {"release-1"})


def test_a_model_stays_while_a_kept_release_or_an_alias_needs_it() -> None:
    gone = releases_to_prune(STORY, {"release-6", "release-7"}, 3)
    assert models_to_prune(STORY, gone, {4}) == [1, 2]
