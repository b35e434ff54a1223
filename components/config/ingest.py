"""The section `ingest` of params.yaml: how a source is read, and when it is refused."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from components.config.section import Section


class FeedbackScreening(Section):
    """What of our own feedback looks made up and enters no data version.

    burst_events, burst_seconds: more than so many items of one user in so short a time are a burst. crowd_users,
    crowd_times: an item with so many new users that nobody showed it to, and so many times what is to be expected, is
    crowded; newcomer_events: the most that a new user has done. expected_items: may be crowded, such as one that is
    advertised. user_events: the newest of one user that count.
    """

    burst_events: int = Field(ge=1)
    burst_seconds: float = Field(gt=0)
    crowd_users: int = Field(ge=1)
    crowd_times: float = Field(ge=1)
    newcomer_events: int = Field(ge=1)
    expected_items: list[str]
    user_events: int = Field(ge=1)


class IngestConfig(Section):
    """How a source's rows are read, when rows, or a whole ingest, are refused, and what interactions are worth.

    min_value, max_value: a value outside is a bad row; None takes what the source has. values: what the source's values
        are: worth what they say, ratings that are stretched from `source_range` (what the source has, when None) onto
        min_value to max_value, or counts n, which become n / (n + 1) of max_value.
    implicit_value: what an interaction without a value counts as. weights: by type of interaction, such as
        {view: 1, purchase: 5, refund: -5}, in place of any value.
    day_first: whether 1/2/2026 is in February, where no row of the source decides. filters: conditions such as
        "Quantity > 0" that a row must fulfil.
    attribution_hours: feedback that names no request answers to what was shown at most so long before. feedback: what
        of it looks made up.
    simulated_feedback: whether what `recops simulate --days` wrote is taken for what people did.
    """

    max_bad_share: float = Field(ge=0, le=1)
    min_value: float | None
    max_value: float | None
    implicit_value: float
    values: Literal["as_is", "ratings", "counts"]
    source_range: tuple[float, float] | None
    weights: dict[str, float] | None
    day_first: bool | None
    filters: list[str]
    attribution_hours: float = Field(ge=0)
    feedback: FeedbackScreening
    simulated_feedback: bool

    @model_validator(mode="after")
    def _implicit_value_is_in_range(self) -> Self:
        low = float("-inf") if self.min_value is None else self.min_value
        high = float("inf") if self.max_value is None else self.max_value
        if not low <= self.implicit_value <= high:
            raise ValueError("implicit_value must lie between min_value and max_value")
        return self
