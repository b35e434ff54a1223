"""Decides what each interaction is worth: its rating, what its type weighs, or what one without a value counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions.cells import is_empty, is_one_of, read_numbers

GOOD = ""
NOT_A_NUMBER = "value is not a number"
OUT_OF_RANGE = "value out of range"
RATING_TYPES = frozenset({"rating", "rate", "rated", "review", "score", "stars"})
"""Types that say nothing without a value; case does not matter."""
DISLIKING_TYPES = frozenset(
    {"dislike", "disliked", "thumbs_down", "downvote", "refund", "refunded", "return", "returned"}
)
"""Types that without a value or a weight are worth the least there is; case does not matter."""
_NOTHING = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "\\n"})
_SHOWN = 10
_TRUTH = {"true": "1", "false": "0"}


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

    A type in `config.weights` weighs what stands there, whatever value came with it; case does not matter. Of the
    others an empty value counts as `config.implicit_value` where the source has types (`typed`) and the row's is no
    rating, and as the least there is where it says that something was disliked or taken back. Text that is no number is
    a fault, and so is a number outside of `min_value` to `max_value`, where None takes what the source has.
    With `config.values` "ratings" the range that the source has is first stretched onto them, and with "counts" a count
    n becomes n / (n + 1) of `max_value`; without a column of values each row then counts 1.
    """
    index = types.index
    bare = _by_type(types, lambda name: name.strip().casefold())
    weights, notes_of_weights = _weigh(bare, types, config)
    weighed = pd.Series(False, index=index) if weights is None else weights.notna()
    disliked = bare.isin(DISLIKING_TYPES) & ~weighed & typed
    least = 0.0 if config.min_value is None else config.min_value
    if raw is None and config.values == "counts":
        raw = pd.Series(1.0, index=index)
    if raw is None:
        values = pd.Series(config.implicit_value, index=index, dtype="float64").mask(disliked, least)
        notes = (*notes_of_weights, *_dislike_note(disliked, least))
        return Values(values if weights is None else values.where(~weighed, weights), _good(index), None, notes)
    raw = _without_truth(raw)
    numbers, empty = read_numbers(raw), is_empty(raw) | _is_nothing(raw)
    implied = pd.Series(False, index=index)
    if typed:
        implied = empty & ~bare.isin(RATING_TYPES)
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
    values = scaled.mask(implied, config.implicit_value).mask(implied & disliked, least)
    implied &= ~disliked
    if weights is not None:
        values = values.where(~weighed, weights)
    if implied.any():
        notes = (*notes, f"{int(implied.sum())} interactions without a value count as {config.implicit_value:g}")
    notes = (*notes, *notes_of_weights, *_dislike_note(disliked & empty, least))
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


def _weigh(
    bare: pd.Series[str], types: pd.Series[Any], config: IngestConfig
) -> tuple[pd.Series[float] | None, tuple[str, ...]]:
    """What each type weighs, None without weights; and which weights are no type's, and which types have none."""
    if not config.weights:
        return None, ()
    by_name = {name.strip().casefold(): weight for name, weight in config.weights.items()}
    there = set(bare.unique())
    notes: tuple[str, ...] = ()
    if idle := sorted(name for name in config.weights if name.strip().casefold() not in there):
        shown = ", ".join(sorted({str(name) for name in types.unique()})[:_SHOWN])
        notes += (f"no interaction has the type {', '.join(idle)} that ingest.weights names (there are: {shown})",)
    if bare_of := sorted(there - by_name.keys()):
        counted = int(bare.isin(bare_of).sum())
        notes += (f"{counted} interactions have a type that ingest.weights lacks: {', '.join(bare_of[:_SHOWN])}",)
    return bare.map(by_name).astype("float64"), notes


def _dislike_note(disliked: pd.Series[bool], least: float) -> tuple[str, ...]:
    n = int(disliked.sum())
    said = f"{n} interactions that say that something was disliked or taken back count as {least:g}, the least there is"
    return (said,) if n else ()


def _by_type(types: pd.Series[Any], rule: Callable[[str], str]) -> pd.Series[str]:
    codes, uniques = pd.factorize(types)
    names = np.array([rule(str(name)) for name in uniques], dtype=object)
    return pd.Series(names[codes], index=types.index, dtype=object)


def _without_truth(raw: pd.Series[Any]) -> pd.Series[Any]:
    """1 and 0 in a column that holds nothing but true and false as text."""
    head = raw.dropna().head(_SHOWN)
    if pd.api.types.is_numeric_dtype(raw.dtype) or not all(
        isinstance(cell, str) and cell.strip().casefold() in (*_TRUTH, "") for cell in head
    ):
        return raw
    words = raw.str.strip().str.casefold()
    return words.map(_TRUTH) if words.dropna().isin([*_TRUTH, ""]).all() else raw


def _is_nothing(raw: pd.Series[Any]) -> pd.Series[bool]:
    """Where a cell holds a word for nothing."""
    if pd.api.types.is_numeric_dtype(raw.dtype):
        return pd.Series(False, index=raw.index)
    return is_one_of(raw, _NOTHING)


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
