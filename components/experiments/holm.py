"""Adjusts the p-values of several questions asked together, so that a false alarm among all stays rare."""

from __future__ import annotations

from collections.abc import Mapping


def adjust_together(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjusted p-values (1979), in the order given: reject those at or below the level.

    Whatever the dependence between the questions, the chance of any false rejection is at most the level.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}
