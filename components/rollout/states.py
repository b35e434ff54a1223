"""The states of a release, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a release stands."""

    BUILT = "built"
    STARTING = "starting"
    READY = "ready"
    SMOKE_TESTED = "smoke-tested"
    LIVE = "live"
    STANDBY = "standby"
    RETIRED = "retired"
    FAILED = "failed"


ALLOWED: dict[State, frozenset[State]] = {
    State.BUILT: frozenset({State.STARTING, State.FAILED}),
    State.STARTING: frozenset({State.READY, State.FAILED}),
    State.READY: frozenset({State.SMOKE_TESTED, State.FAILED}),
    State.SMOKE_TESTED: frozenset({State.LIVE, State.FAILED}),
    State.LIVE: frozenset({State.STANDBY}),
    State.STANDBY: frozenset({State.LIVE, State.RETIRED}),
    State.RETIRED: frozenset(),
    State.FAILED: frozenset(),
}


class IllegalStep(ValueError):
    """A release was to move to a state that may not follow its present one."""


def check_step(now: State, following: State) -> None:
    """Accept the step from `now` to `following`.

    Raises:
        IllegalStep: it is not in `ALLOWED`.
    """
    if following not in ALLOWED[now]:
        allowed = ", ".join(sorted(ALLOWED[now])) or "nothing"
        raise IllegalStep(f"a release that is {now} cannot become {following}; it can become {allowed}")
