"""The section `index` of params.yaml: the approximate index, and what it must recall."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.section import Section


class IndexConfig(Section):
    """The approximate index, and the recall below which it is refused; `kind` auto measures which path is faster."""

    kind: Literal["auto", "exact", "annoy"]
    trees: int = Field(ge=1)
    search_k: int = Field(ge=1)
    recall_at: int = Field(ge=1)
    min_recall: float = Field(ge=0, le=1)
    sample_users: int = Field(ge=1)
    seed: int
