"""Learns which labels are chosen more often at a part of the day or week, and whether that holds of people held out.

What somebody chooses in a cell (such as weekend evenings) is compared with what they choose at all, so that who is
awake when does not count: indirect standardisation, as of mortality by age. A kind of cell counts only if lifts learnt
from half of the users tell of the other half which of their own choices they made in which cell, by conditional
likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.protocol import Events
from components.situation.moment import HOURS, PARTS, WEEK

SHRINKAGE = 50.0
"""Choices as expected that every lift is mixed with."""
LEAST_USERS = 30
"""With choices in more than one cell; of fewer nothing is concluded."""
ERRORS = 3.0
"""Standard errors above none that the gain must be: three kinds of cell are tried."""
DAY = 86_400
THURSDAY = 3
"""1970 began on one; Monday is 0."""
SATURDAY = 5

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lifts:
    """What a situation changes.

    Attributes:
        labels: as the columns of what was learnt from, case-folded.
        cells: per cell of the kinds that matter, the logarithm of each label's lift.
        gains: per kind of cell that was tried, the gain of a choice held out, in nats, and its standard error.
    """

    labels: tuple[str, ...]
    cells: Mapping[str, tuple[float, ...]]
    gains: Mapping[str, tuple[float, float]]


def learn_lifts(events: Events, item_labels: csr_array, labels: tuple[str, ...], utc_offset_hours: float) -> Lifts:
    """The lifts of what was liked; `cells` is empty where no times are known or no kind of cell matters."""
    kept = events.liked & (events.seconds > 0)
    users, items = events.users[kept], events.items[kept]
    local = events.seconds[kept] + int(utc_offset_hours * 3600)
    shares = _shares(item_labels, items)
    cells: dict[str, tuple[float, ...]] = {}
    gains: dict[str, tuple[float, float]] = {}
    for kind, (names, of_event) in _kinds(local).items():
        gain, error, n_users = _held_out_gain(users, shares, of_event, len(names))
        if n_users >= LEAST_USERS:
            gains[kind] = (gain, error)
            if gain > ERRORS * error:
                table = _log_lifts(users, shares, of_event, len(names))
                cells |= {name: tuple(row) for name, row in zip(names, table.tolist(), strict=True)}
    return Lifts(labels, cells, gains)


def _kinds(local: Cells) -> dict[str, tuple[tuple[str, ...], Cells]]:
    part = local % DAY // (HOURS * 3600)
    weekend = ((local // DAY + THURSDAY) % 7 >= SATURDAY).astype(np.int64)
    both = tuple(f"{week} {name}" for week in WEEK for name in PARTS)
    return {"part": (PARTS, part), "week": (WEEK, weekend), "both": (both, weekend * len(PARTS) + part)}


def _shares(item_labels: csr_array, items: NDArray[np.integer]) -> csr_array:
    """Per event the labels of its item, which share 1 among them."""
    rows: csr_array = item_labels[items].astype(np.float64)
    per_row = np.diff(rows.indptr)
    rows.data = np.repeat(1 / np.maximum(per_row, 1), per_row)
    return rows


def _log_lifts(users: NDArray[np.integer], shares: csr_array, cells: Cells, n_cells: int) -> Floats:
    """Logarithms of chosen / expected per cell and label, both with `SHRINKAGE` expected choices more."""
    if not len(users):
        return np.zeros((n_cells, shares.shape[1]))
    _, user = np.unique(users, return_inverse=True)
    n_users, ones = int(user.max()) + 1, np.ones(len(user))
    by_user = csr_array((ones, (user, np.arange(len(user)))), shape=(n_users, len(user)))
    usual = (by_user @ shares).multiply(1 / np.bincount(user)[:, None]).tocsr()
    times = csr_array((ones, (cells, user)), shape=(n_cells, n_users))
    expected = np.asarray((times @ usual).todense())
    chosen = np.asarray(
        (csr_array((ones, (cells, np.arange(len(user)))), shape=(n_cells, len(user))) @ shares).todense()
    )
    prior = SHRINKAGE * np.asarray(shares.mean(axis=0)).ravel()
    return np.asarray(np.log((chosen + prior + 1e-9) / (expected + prior + 1e-9)), np.float64)


def _held_out_gain(
    users: NDArray[np.integer], shares: csr_array, cells: Cells, n_cells: int
) -> tuple[float, float, int]:
    """Mean over users of what the other half's lifts say of their choices, its standard error, and how many users."""
    means: list[Floats] = []
    for half in (0, 1):
        learn, test = users % 2 == half, users % 2 != half
        table = _log_lifts(users[learn], shares[np.flatnonzero(learn)], cells[learn], n_cells)
        scores = np.asarray(shares[np.flatnonzero(test)] @ table.T)
        _, user = np.unique(users[test], return_inverse=True)
        means.append(_gains(user, scores, cells[test]))
    gains = np.concatenate(means)
    if len(gains) < 2:
        return 0.0, float("inf"), len(gains)
    return float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains))), len(gains)


def _gains(user: Cells, scores: Floats, cells: Cells) -> Floats:
    """Per user with choices in several cells: how much likelier the lifts make each choice among all of theirs."""
    if not len(user):
        return np.zeros(0)
    n_users = int(user.max()) + 1
    counts = np.bincount(user, minlength=n_users)
    usual = np.stack([np.bincount(user, np.exp(column), n_users) for column in scores.T], axis=1) / counts[:, None]
    own = scores[np.arange(len(user)), cells] - np.log(usual[user, cells])
    several = np.zeros((n_users, scores.shape[1]), bool)
    several[user, cells] = True
    return np.asarray((np.bincount(user, own, n_users) / counts)[several.sum(axis=1) > 1], np.float64)
