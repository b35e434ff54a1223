"""The section `evaluate` of params.yaml: length of lists and bootstrap of the offline evaluation."""

from __future__ import annotations

from pydantic import Field

from components.config.section import Section


class EvaluateConfig(Section):
    """List length and bootstrap of the offline evaluation.

    `replayed_users` at most are answered as if less, or more, were known of them.
    """

    k: int = Field(ge=1)
    bootstrap_samples: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int
    replayed_users: int = Field(ge=1)
