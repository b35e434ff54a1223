"""Decides whether a quality such as NDCG@10 has fallen: by more than is tolerated, and beyond noise.

The newest closed window is judged alone, and pooled with the ones before it (`lookbacks`), so that a large fall is seen
at once and a smaller one as soon as it has lasted. How windows differ by themselves is learnt from the same history,
and `smallest_visible` says what fall could be seen with what is known. The error `alpha` is spent evenly over a history
of `history_windows` windows and its lookbacks, so it is the chance of any false alarm in that history, not in a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from components.quality.drop import ComparedWindows, Drop, relative_drop
from components.quality.noise import WindowNoise, learn_noise, without_noise
from components.quality.window import Window

WEEK = 7 * 86_400.0

SHARE_OF_ONE = 0.1
"""Of the error that a lookback gets, for the newest window alone: any one may be a holiday or an outage elsewhere, and
a fall that lasts is found by the longer lookbacks."""

GROSS = 0.4
"""A newest window that has lost more than this share of its quality waits for no other, and has a whole share."""

SATURDAY = 5

NOISE_WINDOWS = 400
"""The newest ones that noise is learnt from; its cost grows with the third power of their number."""


@dataclass(frozen=True)
class DropLimits:
    """What is tolerated.

    Attributes:
        max_drop: relative; both the estimate must exceed it and the interval must exclude 0.
        alpha: chance of a false alarm in a history of `history_windows` windows.
        lookbacks: how many of the newest windows are judged together, ascending.
        min_requests: a comparison of fewer requests says nothing.
        reference_weeks: how far back a window of the same weekday and hour counts.
        preceding_windows: how many earlier windows are the reference where weekday and hour are not matched.
    """

    max_drop: float
    alpha: float
    history_windows: int
    lookbacks: tuple[int, ...]
    min_requests: int
    reference_weeks: int
    preceding_windows: int

    def level(self, count: int) -> float:
        """One-sided error of a single comparison of the `count` newest windows.

        Were all comparisons of a history independent, each would get an equal share (Bonferroni). Those of `count`
        windows overlap: one in `count` is all new, and these alone would get `count` times as much. The truth lies
        between, and so does this: the geometric mean.
        """
        share = SHARE_OF_ONE if count == 1 else 1.0
        return share * self.alpha * math.sqrt(count) / (self.history_windows * len(self.lookbacks))


@dataclass(frozen=True)
class QualityHistory:
    """Closed windows of one length, in time order, the newest last.

    Attributes:
        rhythms: weekday and hour of each window; None matches none of it: each is held against those before it.
        disturbed: whether a window was part of an incident, and so is no reference.
        settled: whether it was part of one that is over; no lookback reaches back into that.
    """

    windows: tuple[Window, ...]
    rhythms: tuple[tuple[int, int] | None, ...]
    disturbed: tuple[bool, ...]
    settled: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Visible:
    """The smallest fall that is found nine times of ten, once it has lasted for `windows` windows."""

    fall: float
    windows: int


@dataclass(frozen=True)
class Fell:
    """`windows` of the newest windows together have fallen; `since` is the start of the first of them.

    `newest` is the newest window alone; None when it cannot be compared.
    """

    drop: Drop
    windows: int
    since: float
    newest: Drop | None


@dataclass(frozen=True)
class Calm:
    """Nothing fell that can be seen; `drop` is the newest window's, whatever its sign."""

    drop: Drop


@dataclass(frozen=True)
class Unknown:
    """The newest window cannot be judged."""

    reason: str


def judge_drop(history: QualityHistory, limits: DropLimits) -> Fell | Calm | Unknown:
    """Judge the newest window.

    A fall that only a longer lookback finds is dated to the start of that lookback. Windows without traffic are part
    of a lookback and weigh nothing.
    """
    if not history.windows:
        return Unknown("no window is closed yet")
    newest: Drop | None = None
    fallen: list[Fell] = []
    for count in limits.lookbacks:
        pairs = _newest_pairs(history, count, limits)
        drop = relative_drop(pairs, limits.level(count), without_noise()) if pairs else None
        if drop is None or drop.requests < limits.min_requests:
            continue
        if count == 1 or drop.relative > limits.max_drop:
            level = limits.level(count) / (SHARE_OF_ONE if count == 1 and drop.relative > GROSS else 1.0)
            drop = relative_drop(pairs, level, _noise(history, count, limits))
        if drop is None:
            continue
        if count == 1:
            newest = drop
        if drop.relative > limits.max_drop and drop.low > 0:
            fallen.append(Fell(drop, count, history.windows[-count].start, newest))
    if fallen:
        return min(fallen, key=lambda fell: fell.drop.p_value)
    return _without_fall(history, newest, limits)


def smallest_visible(history: QualityHistory, limits: DropLimits) -> Visible | None:
    """What fall the newest windows could show, with what is known of the noise; None when none can be compared."""
    found = []
    for count in limits.lookbacks:
        pairs = _newest_pairs(history, count, limits)
        drop = relative_drop(pairs, limits.level(count), _noise(history, count, limits)) if pairs else None
        if drop is not None and drop.requests >= limits.min_requests:
            found.append(Visible(drop.visible(limits.max_drop), count))
    return min(found, key=lambda each: each.fall, default=None)


def _newest_pairs(history: QualityHistory, count: int, limits: DropLimits) -> list[ComparedWindows]:
    if any(history.settled[-count:]):
        return []
    return window_pairs(history, len(history.windows), count, limits)


def _without_fall(history: QualityHistory, newest: Drop | None, limits: DropLimits) -> Calm | Unknown:
    requests = history.windows[-1].n_requests
    if not requests:
        return Unknown("no traffic in the newest window")
    if requests < limits.min_requests:
        return Unknown(f"{requests:.0f} requests are fewer than the {limits.min_requests} needed")
    if newest is None:
        return Unknown(
            "too little to compare with: no earlier window of the same weekday and hour, no engagement, or a few users"
        )
    return Calm(newest)


def reference_places(history: QualityHistory, place: int, before: int, limits: DropLimits) -> list[int]:
    """What the window at `place` is held against: undisturbed ones before the place `before`, with its weekday and
    hour.
    """
    rhythm = history.rhythms[place]
    earliest = history.windows[place].start - limits.reference_weeks * WEEK - history.windows[place].seconds
    found = [
        other
        for other in range(before)
        if not history.disturbed[other]
        and history.rhythms[other] == rhythm
        and history.windows[other].start >= earliest
        and history.windows[other].n_requests
    ]
    return found[-limits.preceding_windows :] if rhythm is None else found


def window_pairs(history: QualityHistory, end: int, count: int, limits: DropLimits) -> list[ComparedWindows]:
    """The `count` windows before `end` with their references; empty when there are not that many."""
    first = end - count
    if first < 0:
        return []
    pairs = []
    for place in range(first, end):
        reference = tuple(reference_places(history, place, first, limits))
        if history.windows[place].n_requests:
            # Without a reference the window takes part all the same, and so lowers the share that was matched.
            windows = tuple(history.windows[other] for other in reference)
            pairs.append(ComparedWindows(history.windows[place], windows, place, reference))
    return pairs


def _noise(history: QualityHistory, count: int, limits: DropLimits) -> WindowNoise:
    """What the newest windows and all that any of them could be held against say of the noise.

    The `count` newest ones take part with a level of their own: what they have fallen by is no noise.
    """
    n = len(history.windows)
    earliest = history.windows[-1].start - limits.reference_weeks * WEEK - history.windows[-1].seconds * count
    places = [
        place
        for place in range(n)
        if history.windows[place].n_requests
        and history.windows[place].start >= earliest
        and (place >= n - count or not history.disturbed[place])
    ][-NOISE_WINDOWS:]
    return learn_noise(
        [history.windows[place] for place in places],
        places,
        [history.rhythms[place] for place in places],
        [_kind_of_day(history.rhythms[place]) for place in places],
        [place >= n - count for place in places],
    )


def _kind_of_day(rhythm: tuple[int, int] | None) -> tuple[bool, int] | None:
    """Whether it is on a weekend, and the hour."""
    return None if rhythm is None else (rhythm[0] >= SATURDAY, rhythm[1])
