"""The section `ingest` of params.yaml: when rows, or a whole ingest, are refused."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from components.config.section import Section


class IngestConfig(Section):
    """When rows, or a whole ingest, are refused; `implicit_value` is what an interaction without a value counts as.

    Feedback that names no request answers to what was shown at most `attribution_hours` before.
    """

    max_bad_share: float = Field(ge=0, le=1)
    min_value: float
    max_value: float
    implicit_value: float
    attribution_hours: float = Field(default=24.0, ge=0)

    @model_validator(mode="after")
    def _implicit_value_is_in_range(self) -> Self:
        if not self.min_value <= self.implicit_value <= self.max_value:
            raise ValueError("implicit_value must lie between min_value and max_value")
        return self
