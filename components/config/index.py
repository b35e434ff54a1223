"""The section `index` of params.yaml: the approximate index, and what it must recall."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.section import Section


class IndexConfig(Section):
    """The indexes of item factors, and the recall below which one is refused; `kind` auto takes the fastest path.

    `trees` and `search_k` are Annoy's; the search by length has no knobs, as it is exact.
    """

    kind: Literal["auto", "exact", "annoy", "length"]
    trees: int = Field(ge=1)
    search_k: int = Field(ge=1)
    recall_at: int = Field(ge=1)
    min_recall: float = Field(ge=0, le=1)
    sample_users: int = Field(ge=1)
    seed: int
