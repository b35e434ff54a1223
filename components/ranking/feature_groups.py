"""Signals beyond what every ranker sees, in groups, of which a pipeline takes those that gain on its inner cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from components.ranking.clock_group import ClockGroup
from components.ranking.dislikes_group import DislikesGroup
from components.ranking.item_log import ItemLog
from components.ranking.kinds_group import KindsGroup
from components.ranking.label_log import LabelLog
from components.ranking.traits_group import TraitsGroup
from components.recommenders.events import events_of
from components.recommenders.history import History
from components.recommenders.protocol import Rows, TrainingData

GroupName = Literal["dislikes", "clock", "kinds", "traits"]


GROUPS: tuple[GroupName, ...] = get_args(GroupName)


def without_groups(names: Sequence[str], left_out: Sequence[GroupName]) -> tuple[str, ...]:
    """The features that belong to none of the groups `left_out`."""
    return tuple(name for name in names if not name.startswith(tuple(f"{group}: " for group in left_out)))


class FeatureGroup(Protocol):
    """Looks features up for one user's candidates, as known at a moment of theirs; names begin with the group's."""

    def table(self, history: History, items: Rows, now: float) -> Mapping[str, NDArray[np.floating]]:
        """Features by name, each (len(items),); the names are the same for everybody."""
        ...


def make_groups(
    names: Sequence[GroupName], data: TrainingData, log: ItemLog, labels: LabelLog
) -> dict[GroupName, FeatureGroup]:
    """Those of `names` of which `data` knows anything."""
    events, n_items = events_of(data), len(data.item_ids)
    groups: dict[GroupName, FeatureGroup] = {}
    for name in names:
        if name == "dislikes" and not events.liked.all():
            groups[name] = DislikesGroup(events, n_items, labels)
        elif name == "clock" and log.dated:
            groups[name] = ClockGroup(events, log)
        elif name == "kinds" and data.kinds:
            groups[name] = KindsGroup(events, log, n_items, data.kinds)
        elif name == "traits" and data.traits:
            groups[name] = TraitsGroup(events, log, data.traits)
    return groups
