"""Chooses the request path that answers a user: that of their variant, by the experiment's own salt, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from components.experiments.assignment import VariantShares, assign_variant
from components.serving.answer import Answer
from components.serving.request_path import RequestPath


@dataclass(frozen=True)
class Experiment:
    """What the service has to know of a running experiment; an interleaved one has two variants, both in each list.

    Raises:
        ValueError: it is interleaved, and has not two variants.
    """

    experiment_id: str
    salt: str
    split: VariantShares
    interleaved: bool = False

    def __post_init__(self) -> None:
        if self.interleaved and len(self.split.variants) != 2:
            raise ValueError(f"two variants are interleaved, not {self.split.variants}")


class Variants:
    """The variants of one release, one request path each; without an experiment there is one.

    Args:
        paths: the control first; each goes by the name that it says itself, and answers in that name.
        assigned: the variant of a user, where that is not for salt and split alone to say.

    Raises:
        ValueError: paths and split do not name the same variants.
    """

    def __init__(
        self,
        paths: Sequence[RequestPath],
        experiment: Experiment | None = None,
        assigned: Callable[[str], str] | None = None,
    ) -> None:
        names = tuple(path.variant for path in paths)
        if names != (experiment.split.variants if experiment else names[:1]):
            raise ValueError(f"the variants {names} are not those of the experiment {experiment}")
        self._paths = dict(zip(names, paths, strict=True))
        self._experiment = experiment
        self._assigned = assigned
        self.control = self._paths[names[0]]

    def path_of(self, user_id: str | None) -> RequestPath:
        """The path of the user's variant, always the same one while the experiment runs; the control for nobody, and
        where variants are interleaved, as they are in lists of recommendations alone.
        """
        if self._experiment is None or user_id is None or self._experiment.interleaved:
            return self.control
        if self._assigned is not None:
            return self._paths[self._assigned(user_id)]
        return self._paths[assign_variant(self._experiment.split, self._experiment.salt, user_id)]

    def paths_of(self, user_id: str) -> tuple[RequestPath, ...]:
        """The paths that make a list of recommendations: the user's, or both where two variants draft it."""
        if self._experiment is not None and self._experiment.interleaved:
            return tuple(self._paths.values())
        return (self.path_of(user_id),)

    @property
    def salt(self) -> str:
        """The experiment's; "" without one."""
        return "" if self._experiment is None else self._experiment.salt

    def named(self, variant: str) -> RequestPath:
        """The path of this variant, the control where there is none of this name."""
        return self._paths.get(variant, self.control)

    def experiments_of(self, answer: Answer) -> Mapping[str, str | Mapping[str, object]] | None:
        """Experiment id to the variant that answered, for the log, whatever variant was assigned; to the placement
        where two answered, and None where only one did though two should.
        """
        if self._experiment is None:
            return None
        if not self._experiment.interleaved:
            return {self._experiment.experiment_id: answer.variant}
        return None if answer.placement is None else {self._experiment.experiment_id: answer.placement.as_json()}

    def all_paths(self) -> tuple[RequestPath, ...]:
        """Of all variants, the control first."""
        return tuple(self._paths.values())
