"""The section `monitor` of params.yaml: how quality is judged, when drift counts, and how alerts are answered."""

from __future__ import annotations

from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from components.config.section import Section


class Judging(Section):
    """When NDCG@10 has fallen; see monitoring/rules/quality_drop.py.

    Attributes:
        alpha: chance of a false alarm in `history_windows` windows.
    """

    max_drop: float = Field(gt=0, lt=1)
    alpha: float = Field(gt=0, lt=1)
    history_windows: int = Field(ge=1)
    lookbacks: list[int] = Field(min_length=1)
    min_requests: int = Field(ge=1)
    reference_weeks: int = Field(ge=1)
    preceding_windows: int = Field(ge=1)

    @model_validator(mode="after")
    def _lookbacks_ascend_from_one(self) -> Self:
        if self.lookbacks[0] != 1 or self.lookbacks != sorted(set(self.lookbacks)):
            raise ValueError("lookbacks must ascend from 1, the newest window alone")
        return self


class FastRules(Section):
    """What is judged without a horizon, every five minutes.

    Attributes:
        window_minutes: the newest ones that are over are looked at.
        lookbacks: how many of these windows are taken together, ascending, until they hold `enough_requests`.
    """

    window_minutes: int = Field(ge=1, le=60)
    lookbacks: list[int] = Field(min_length=1)
    enough_requests: int = Field(ge=1)

    @model_validator(mode="after")
    def _lookbacks_ascend(self) -> Self:
        if self.lookbacks[0] < 1 or self.lookbacks != sorted(set(self.lookbacks)):
            raise ValueError("lookbacks must ascend, the shortest first")
        if self.lookbacks[-1] * self.window_minutes > 60:
            raise ValueError("lookbacks times window_minutes may be an hour at most")
        return self


class Answering(Section):
    """What follows an alert by itself; with `enabled` false nothing does.

    Attributes:
        cool_down_minutes: after a retrain before the next.
        max_per_day: retrains in 24 hours.
    """

    enabled: bool
    cool_down_minutes: float = Field(ge=0)
    max_per_day: int = Field(ge=0)


class Delivery(Section):
    """How alerts are sent: an attempt that failed is repeated after `retry_seconds`, twice as long each time."""

    retry_seconds: float = Field(gt=0)
    max_retry_seconds: float = Field(gt=0)
    dead_after: int = Field(ge=1)
    timeout_seconds: float = Field(gt=0)


class MonitorConfig(Section):
    """Windows, horizon, and what is done about what is found.

    Attributes:
        window_minutes: an hour or a multiple of it; shorter ones, for simulations, are given to the flow.
        horizon_minutes: how long after a request what a user does still counts for it; a window is judged once it is
            that old. 0 counts only what names its request, at once.
        timezone: whose weekdays and hours people live by.
        recovery_windows: calm windows in a row that end an incident.
        sample_requests: of a window, for reports of drift.
    """

    window_minutes: int = Field(ge=1)
    horizon_minutes: float = Field(ge=0)
    timezone: str
    min_dwell_seconds: float = Field(ge=0)
    recovery_windows: int = Field(ge=1)
    sample_requests: int = Field(ge=100)
    fast: FastRules
    judging: Judging
    answering: Answering
    delivery: Delivery

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {value!r}; write one such as Europe/Berlin, or UTC") from error
        return value
