"""The section `promotion` of params.yaml: time limits, the gate of a release, its canary, and what is kept."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from components.config.section import Section


class ReleaseGate(Section):
    """What a built release must keep before it is started; no `max_data_age_days` means that no age is too great."""

    max_size_mb: float = Field(gt=0)
    max_memory_mb: float = Field(gt=0)
    max_data_age_days: float | None = Field(gt=0)
    start_timeout_seconds: float = Field(gt=0)


class Canary(Section):
    """How a release is tried on a growing share of the users before all get it.

    `alpha` is the chance that a good release is sent back at all, over all guardrails, steps and looks together. The
    margins say how much worse is never held against it: shares of requests (errors), of users (empty lists) and of the
    live click rate, and for the p95 the greater of a ratio and a number of milliseconds. With fewer than `min_requests`
    in either release a step proceeds, or holds for at most `max_hold_seconds`, after which the canary goes.
    """

    steps: list[int]
    seconds_per_step: float = Field(ge=0)
    looks_per_step: int = Field(ge=1)
    min_requests: int = Field(ge=0)
    on_low_traffic: Literal["proceed", "hold"]
    max_hold_seconds: float = Field(ge=0)
    alpha: float = Field(gt=0, lt=1)
    max_error_increase: float = Field(ge=0, lt=1)
    max_empty_increase: float = Field(ge=0, lt=1)
    max_p95_ratio: float = Field(ge=1)
    p95_floor_ms: float = Field(ge=0)
    max_click_drop: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _steps_grow(self) -> Self:
        if self.steps != sorted(set(self.steps)) or not all(0 < step <= 100 for step in self.steps):
            raise ValueError("steps are growing shares in per cent, from 1 to 100")
        return self


class PromotionConfig(Section):
    """Time limits of a promotion in seconds, its gate and its canary.

    `auto` says what becomes of a model that an alert had retrained and the gate has passed: `gate` promotes it, `off`
    leaves that to people. The newest `keep_releases` that have been live keep Bento and model, so that they can be gone
    back to.
    """

    lease_seconds: float = Field(gt=0)
    ready_timeout_seconds: float = Field(gt=0)
    smoke_timeout_seconds: float = Field(gt=0)
    gate: ReleaseGate
    canary: Canary
    auto: Literal["off", "gate"]
    keep_releases: int = Field(ge=2)
