"""The section `retention` of params.yaml: for how long the event store keeps rows."""

from __future__ import annotations

from pydantic import Field

from components.config.section import Section


class RetentionConfig(Section):
    """For how many days the event store keeps rows; None for ever.

    `traffic_days` is for requests, impressions and calls of language models, `records_days` for resolved alerts,
    finished evaluations and sums per hour.
    """

    traffic_days: float | None = Field(gt=0)
    feedback_days: float | None = Field(gt=0)
    records_days: float | None = Field(gt=0)
