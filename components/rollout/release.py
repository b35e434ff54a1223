"""A release: everything that can change a ranking, under one id, immutable once built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.experiments.allocation import Allocation
from components.experiments.placement import Design


@dataclass(frozen=True)
class Variant:
    """One arm of a release. `policy` holds the parameters that the service reads (routing); `share` is of the users."""

    name: str
    model_version: int
    policy: dict[str, Any]
    prompt_version: int | None = None
    share: float = 1.0


@dataclass(frozen=True)
class ReleasedExperiment:
    """The experiment whose variants a release serves, with the salt that assigns them or throws their coin."""

    experiment_id: str
    salt: str
    design: Design = "parallel"
    allocation: Allocation = "fixed"


@dataclass(frozen=True)
class Release:
    """What was built, from what, by whom; `summary` holds figures for people (data version, NDCG), and the experiment
    if there is one."""

    release_id: str
    created_at: float
    created_by: str
    parent_id: str | None
    bento_tag: str
    variants: tuple[Variant, ...]
    git_commit: str
    git_dirty: bool
    lock_hash: str
    params_digest: str
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt_version(self) -> int | None:
        """The prompt version of the first variant, which the prompt's alias `champion` follows."""
        return self.variants[0].prompt_version

    @property
    def model_version(self) -> int:
        """The model version of the first variant, which the alias `champion` follows."""
        return self.variants[0].model_version

    @property
    def experiment(self) -> ReleasedExperiment | None:
        """The experiment that the variants belong to."""
        given = self.summary.get("experiment")
        if given is None:
            return None
        design, allocation = given.get("design", "parallel"), given.get("allocation", "fixed")
        return ReleasedExperiment(given["id"], given["salt"], design, allocation)

    def recipe(self) -> tuple[Any, ...]:
        """What decides how this release answers: two releases of one recipe answer alike."""
        variants = tuple(
            (v.name, v.share, v.model_version, v.prompt_version, repr(sorted(v.policy.items()))) for v in self.variants
        )
        return (variants, self.experiment, self.summary.get("serving_digest"), self.lock_hash)
