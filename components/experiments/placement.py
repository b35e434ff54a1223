"""Who placed what in a list that two variants drafted, and how each of the two did: what is logged of such a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Design = Literal["parallel", "interleaved"]
"""Of an experiment: each user has one variant, or each list is drafted from two."""
INTERLEAVED = "interleaved"
"""What goes for the variant of a list that two have drafted, and of a place that is nobody's; no variant's name."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Of one list; what belongs to a variant comes in the order of `variants`.

    Attributes:
        variants: the two that ranked, by the names that their own answers give.
        placed_by: for each place 0 or 1, the one that placed its item, or -1 where both agree.
        latency_ms, cost_usd: of each one's own ranking.
        failed: whether it was degraded, or off its route.
    """

    variants: tuple[str, str]
    placed_by: tuple[int, ...]
    latency_ms: tuple[float, float]
    cost_usd: tuple[float, float]
    failed: tuple[bool, bool]

    def name_at(self, place: int) -> str:
        """The variant that placed the item at this place, from 0; `INTERLEAVED` where that is nobody."""
        team = self.placed_by[place]
        return INTERLEAVED if team < 0 else self.variants[team]

    def as_json(self) -> dict[str, Any]:
        """As it lies in the log."""
        return asdict(self)


def read_placement(logged: Mapping[str, Any]) -> Placement:
    """What `as_json` gave, after a way through JSON."""
    return Placement(**{name: tuple(values) for name, values in logged.items()})
