"""Keeps the gateway's counters as they stood at the last looks, so that errors are counted in the window judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

KEPT_SECONDS = 7_500.0
"""Two hours and a little: the longest window that fast rules look at begins an hour ago."""


@dataclass(frozen=True)
class CounterSample:
    """The gateway's counters at a time: requests answered since it started, and those of them that failed."""

    at: float
    answered: float
    failed: float


def read_samples(path: Path) -> tuple[CounterSample, ...]:
    """What was kept, oldest first; nothing where the file is missing or damaged."""
    try:
        return tuple(CounterSample(*map(float, row)) for row in json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return ()


def add_sample(path: Path, sample: CounterSample) -> tuple[CounterSample, ...]:
    """What is kept with this sample; the file is replaced as a whole."""
    before = [each for each in read_samples(path) if sample.at - KEPT_SECONDS <= each.at < sample.at]
    kept = (*before, sample)
    _write(path, kept)
    return kept


def _write(path: Path, samples: Sequence[CounterSample]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(json.dumps([astuple(sample) for sample in samples]))
    aside.replace(path)
