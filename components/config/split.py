"""The section `split` of params.yaml: how train and test are cut."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.section import Section


class SplitConfig(Section):
    """How train and test are cut; `random` is for data without times, and draws with `random_seed`."""

    protocol: Literal["per_user_temporal", "global_temporal", "random"]
    test_share: float = Field(gt=0, lt=1)
    random_seed: int = 42
