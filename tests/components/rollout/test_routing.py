"""Laws of who answers what share."""

from __future__ import annotations

import pytest

from components.rollout.routing import RoutingState, Slot, SlotShare, other, shares_of


def state(live: Slot | None, weight: int = 100, standby_ready: bool = True) -> RoutingState:
    return RoutingState(1, 1, live, weight, standby_ready, {"blue": "a", "green": "b"}, {"blue": True, "green": True})


def test_nobody_answers_before_the_first_release() -> None:
    assert shares_of(state(None)) == ()


def test_a_slot_that_is_not_ready_is_no_fallback_and_gets_no_share() -> None:
    assert shares_of(state("blue", weight=50, standby_ready=False)) == (SlotShare("blue", None, 100),)


@pytest.mark.parametrize("live", ["blue", "green"])
@pytest.mark.parametrize("weight", [0, 1, 50, 99, 100])
def test_shares_add_up_to_all_requests(live: Slot, weight: int) -> None:
    shares = shares_of(state(live, weight))
    assert sum(share.weight for share in shares) == 100
    assert {share.slot: share.weight for share in shares}.get(live, 0) == weight
    assert all(share.fallback == other(share.slot) for share in shares)
