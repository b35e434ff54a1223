"""What a Bento knows about itself: release.json, written when it is built and read when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.config.llm import LlmConfig
from components.config.routing import RoutingConfig
from components.experiments.allocation import Allocation
from components.experiments.placement import Design

FILE = "release.json"
BUNDLE = "bundle"


class ServedVariant(BaseModel):
    """One arm of a release.

    Attributes:
        share: of the users.
        bundle: folder of its bundle; variants of one model share it.
        routing, llm: the policy, part of the release because it can change a ranking.
        prompt: the text of `prompt_version`; None leaves the language model out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "default"
    share: float = 1.0
    bundle: str = BUNDLE
    routing: RoutingConfig
    llm: LlmConfig = LlmConfig()
    model_version: int | None = None
    prompt_version: int | None = None
    prompt: str | None = None


class ServedExperiment(BaseModel):
    """By what the variants of a release are assigned to users, or drafted into one list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment_id: str
    salt: str
    design: Design = "parallel"
    allocation: Allocation = "fixed"


class ServedRelease(BaseModel):
    """A release as the service sees it.

    Attributes:
        variants: one, or those of the experiment with the control first.
        details: more that `GET /release` shows, such as model and data versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    release_id: str
    variants: tuple[ServedVariant, ...] = Field(min_length=1)
    experiment: ServedExperiment | None = None
    details: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _experiment_where_there_are_variants(self) -> Self:
        if (len(self.variants) > 1) != (self.experiment is not None):
            raise ValueError("several variants are those of an experiment, and an experiment has several")
        return self

    @property
    def control(self) -> ServedVariant:
        """The first variant."""
        return self.variants[0]

    def write(self, folder: Path) -> None:
        """Write into `folder`."""
        (folder / FILE).write_text(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote."""
        return cls.model_validate_json((folder / FILE).read_text())
