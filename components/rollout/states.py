"""The states of a release, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a release stands; a canary's share is with the routing, and in the history."""

    BUILT = "built"
    STARTING = "starting"
    READY = "ready"
    SMOKE_TESTED = "smoke-tested"
    CANARY = "canary"
    LIVE = "live"
    DRAINING = "draining"
    STANDBY = "standby"
    RETIRED = "retired"
    FAILED = "failed"
    REJECTED = "rejected"


WARM = frozenset({State.DRAINING, State.STANDBY})
"""It runs in the idle slot and may take over at once; a draining one still has requests to finish."""

FINAL = frozenset({State.RETIRED, State.FAILED, State.REJECTED})
"""It runs nowhere; only a retired one may start again."""

ALLOWED: dict[State, frozenset[State]] = {
    State.BUILT: frozenset({State.STARTING, State.FAILED}),
    State.STARTING: frozenset({State.READY, State.FAILED, State.RETIRED}),
    State.READY: frozenset({State.SMOKE_TESTED, State.FAILED, State.RETIRED}),
    State.SMOKE_TESTED: frozenset({State.CANARY, State.LIVE, State.FAILED, State.RETIRED}),
    State.CANARY: frozenset({State.CANARY, State.LIVE, State.FAILED, State.REJECTED}),
    State.LIVE: frozenset({State.DRAINING, State.REJECTED}),
    State.DRAINING: frozenset({State.STANDBY, State.LIVE, State.RETIRED}),
    State.STANDBY: frozenset({State.LIVE, State.RETIRED}),
    State.RETIRED: frozenset({State.STARTING}),
    State.FAILED: frozenset(),
    State.REJECTED: frozenset(),
}
"""A release that has been live retires instead of failing when it does not come up again (`recops rollback --to`)."""


class IllegalStep(ValueError):
    """A release was to move to a state that may not follow its present one, or a canary was to shrink."""


def check_step(now: State, following: State) -> None:
    """Accept the step from `now` to `following`.

    Raises:
        IllegalStep: it is not in `ALLOWED`.
    """
    if following not in ALLOWED[now]:
        allowed = ", ".join(sorted(ALLOWED[now])) or "nothing"
        raise IllegalStep(f"a release that is {now} cannot become {following}; it can become {allowed}")


def check_growth(now: int, following: int) -> None:
    """Accept that a canary's share goes from `now` to `following` per cent: it grows, so that no user returns.

    Raises:
        IllegalStep: it does not grow, or exceeds 100.
    """
    if not now < following <= 100:
        raise IllegalStep(f"a canary grows up to 100 %, so that no user returns; not from {now} to {following} %")
