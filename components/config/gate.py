"""The section `gate` of params.yaml: what a model must reach to become challenger."""

from __future__ import annotations

from pydantic import Field

from components.config.section import Section


class GateConfig(Section):
    """What a model must reach to become challenger: drops are shares of what the champion's recipe reaches.

    Cold users are judged apart from `min_cold_users` on; with fewer there is nothing to tell.
    """

    metric: str
    max_relative_drop: float = Field(ge=0, lt=1)
    min_gain_over_popularity: float
    max_coverage_drop: float = Field(ge=0, le=1)
    max_cold_drop: float = Field(ge=0, le=1)
    min_cold_users: int = Field(ge=2)
