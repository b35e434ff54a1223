"""Who stands by for a promotion makes order when it died, and only then."""

from __future__ import annotations

from jobs.promotion.lease_watch import watch
from tests.components.rollout.fake_world import FakeClock


def watched(alive_seconds: float, ends_at: list[float | None]) -> tuple[bool, list[float]]:
    """Whether order was made, and when. `ends_at` is what the store says when asked, the last one for ever."""
    made: list[float] = []
    clock = FakeClock()
    start = clock.now

    def asked() -> float | None:
        return ends_at.pop(0) if len(ends_at) > 1 else ends_at[0]

    done = watch(
        lambda: clock.now < start + alive_seconds, asked, lambda: made.append(clock.now - start), clock, clock.sleep
    )
    return done, made


def test_a_promotion_that_ended_by_itself_needs_no_order() -> None:
    assert watched(5, [None]) == (False, [])


def test_a_promotion_that_died_is_put_in_order_once_its_lease_has_ended() -> None:
    assert watched(5, [1_009.0]) == (True, [9.0])


def test_a_lease_that_somebody_else_gave_back_meanwhile_is_no_business_of_ours() -> None:
    assert watched(5, [1_009.0, 1_009.0, None]) == (False, [])
