"""Decides what each interaction is worth: its rating, what its type weighs, or what one without a value counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions.cells import is_empty, read_numbers

GOOD = ""
NOT_A_NUMBER = "value is not a number"
OUT_OF_RANGE = "value out of range"
RATING_TYPES = frozenset({"rating", "rate", "rated", "review", "score", "stars"})
"""Types that say nothing without a value; case does not matter."""


@dataclass(frozen=True)
class Values:
    """`values` is NaN where `faults` is not GOOD. `found` is the range of the source's own numbers, None without
    any. `counts` is how often something happened, NaN where `values` says what a row is worth, None without counts."""

    values: pd.Series[float]
    faults: pd.Series[str]
    found: tuple[float, float] | None
    notes: tuple[str, ...]
    counts: pd.Series[float] | None = None


def read_values(raw: pd.Series[Any] | None, types: pd.Series[Any], typed: bool, config: IngestConfig) -> Values:
    """The worth of each interaction; `raw` is the source's column of values, None where it has none.

    A type in `config.weights` weighs what stands there, whatever value came with it. Of the others an empty value
    counts as `config.implicit_value` where the source has types (`typed`) and the row's is no rating. Text that is no
    number is a fault, and so is a number outside of `min_value` to `max_value`, where None takes what the source has.
    With `config.values` "ratings" the range that the source has is first stretched onto them, and with "counts" a count
    n becomes n / (n + 1) of `max_value`; without a column of values each row then counts 1.
    """
    index = types.index
    weights = types.astype(object).map(config.weights).astype("float64") if config.weights else None
    weighed = pd.Series(False, index=index) if weights is None else weights.notna()
    if raw is None and config.values == "counts":
        raw = pd.Series(1.0, index=index)
    if raw is None:
        values = pd.Series(config.implicit_value, index=index, dtype="float64")
        return Values(values if weights is None else values.where(~weighed, weights), _good(index), None, ())
    numbers, empty = read_numbers(raw), is_empty(raw)
    implied = pd.Series(False, index=index)
    if typed:
        implied = empty & ~types.astype(object).astype(str).str.casefold().isin(RATING_TYPES)
    own = ~weighed & ~implied
    faults = _good(index).mask(own & numbers.isna(), NOT_A_NUMBER)
    finite = numbers[own & np.isfinite(numbers)]
    found = (float(finite.min()), float(finite.max())) if len(finite) else None
    scaled, notes = _scale(numbers, found, config)
    if found is not None and (config.min_value is None or config.max_value is None):
        notes = (*notes, _range_note(found))
    low = -np.inf if config.min_value is None else config.min_value
    high = np.inf if config.max_value is None else config.max_value
    outside = own & numbers.notna() & (~scaled.between(low, high) | ~np.isfinite(scaled))
    faults = faults.mask(outside, OUT_OF_RANGE)
    values = scaled.mask(implied, config.implicit_value)
    if weights is not None:
        values = values.where(~weighed, weights)
    if implied.any():
        notes = (*notes, f"{int(implied.sum())} interactions without a value count as {config.implicit_value:g}")
    counts = numbers.where(own & (faults == GOOD) & (numbers > 0)) if config.values == "counts" else None
    return Values(values.mask(faults != GOOD), faults, found, notes, counts)


def add_counts(values: Values, keys: pd.DataFrame, config: IngestConfig) -> pd.Series[float]:
    """The values of rows of which those that share all `keys` count together: their counts n are added first.

    `keys` holds good rows only. Rows without a count, and everything without counts, are worth what they were.
    """
    own = values.values[keys.index]
    if values.counts is None or config.max_value is None or not keys.duplicated(keep=False).any():
        return own
    counts = values.counts[keys.index]
    counted = keys[counts.notna()]
    codes = counted.groupby(list(keys.columns), observed=True, sort=False).ngroup()
    sums = counts[counted.index].groupby(codes).transform("sum")
    return (sums / (sums + 1) * config.max_value).reindex(keys.index).fillna(own)


def _scale(
    numbers: pd.Series[float], found: tuple[float, float] | None, config: IngestConfig
) -> tuple[pd.Series[float], tuple[str, ...]]:
    low, high = config.min_value, config.max_value
    if config.values == "as_is" or found is None or low is None or high is None:
        return numbers, ()
    if config.values == "counts":
        positive = numbers.where(numbers > 0)
        return (positive / (positive + 1) * high).fillna(numbers), (
            f"counts n from {found[0]:g} to {found[1]:g} are n / (n + 1) of {high:g}",
        )
    first, last = config.source_range or found
    stretched = low + (numbers - first) * ((high - low) / (last - first if last > first else 1.0))
    # So that the ends are the ends: rounding must not put them out of range.
    return stretched.round(9), (f"values from {first:g} to {last:g} are stretched onto {low:g} to {high:g}",)


def _range_note(found: tuple[float, float]) -> str:
    return (
        f"values run from {found[0]:g} to {found[1]:g}; prepare.positive_threshold says from which on an interaction "
        "is relevant"
    )


def _good(index: pd.Index[Any]) -> pd.Series[str]:
    return pd.Series(GOOD, index=index, dtype=object)
