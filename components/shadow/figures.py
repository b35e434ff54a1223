"""Writes figures for people: four digits, thousands whole, a dash for what is not known."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Such as 0.6344, 11,630, –."""
    return _written(value, "")


def signed(value: float) -> str:
    """The same with its sign, such as +0.05."""
    return _written(value, "+")


def _written(value: float, sign: str) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.4g}"
