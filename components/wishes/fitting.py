"""Which items fit all wishes, how well, and which wishes had to be given up so that any fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.wishes.facts import CatalogueFacts, Mask
from components.wishes.judging import FAILS, HOLDS, UNKNOWN, Resemblance, Scores, doubtful, judge, leaning
from components.wishes.wish import VAGUE, ItemsWish, LabelWish, LikeWish, TasteWish, ValueWish, Wish

DOUBT = np.float32(10)
"""What an item of which a refusal is not known, or that only half escapes it, falls behind all that surely fit."""


@dataclass(frozen=True)
class Fitting:
    """What wishes leave of a catalogue.

    Attributes:
        fits: the items that may be shown, (n_items,).
        scores: how well each does beside the asker's own ranking, (n_items,); 0 where no wish orders.
        orders: whether any wish orders the items that fit.
        kept, loosened: the wishes that hold, and those that were given up because too few items fulfil all of them.
    """

    fits: Mask
    scores: Scores
    orders: bool
    kept: tuple[Wish, ...]
    loosened: tuple[Wish, ...]


def fit(
    wishes: Sequence[Wish], facts: CatalogueFacts, resemblance: Resemblance, k: int, exclude: NDArray[np.integer]
) -> Fitting:
    """The items, without the rows of `exclude`, that fulfil `wishes`.

    An item fulfils what is wanted if it is known to, and what is refused unless it is known not to; one of which that
    is not known comes after all others. A vague wish is given up where fewer than `k` items fit, and one said outright
    only where none does, the least important first.
    """
    allowed = np.ones(len(facts), bool)
    allowed[exclude] = False
    verdicts = {place: judge(wish, facts, resemblance) for place, wish in enumerate(wishes)}
    kept = list(verdicts)
    while kept:
        fits = allowed.copy()
        for place in kept:
            fits &= verdicts[place] >= (UNKNOWN if _refuses(wishes[place]) else HOLDS)
        n_fitting = int(fits.sum())
        excluding = [place for place in kept if (verdicts[place] == FAILS).any() or (verdicts[place] == UNKNOWN).any()]
        vague = [place for place in excluding if wishes[place].importance == VAGUE]
        if n_fitting >= k or not excluding or (n_fitting and not vague):
            break
        kept.remove(min(vague or excluding, key=lambda place: (wishes[place].importance, -place)))
    else:
        fits = allowed
    scores = np.zeros(len(facts), np.float32)
    orders = False
    for place in kept:
        wish = wishes[place]
        added = leaning(wish, facts, resemblance)
        if added is not None:
            scores += added
            orders = orders or not isinstance(wish, LabelWish)
        if _refuses(wish):
            scores -= DOUBT * (verdicts[place] == UNKNOWN)
        doubt = doubtful(wish, facts)
        if doubt is not None:
            scores -= DOUBT * doubt
    chosen = set(kept)
    return Fitting(
        fits,
        scores,
        orders,
        tuple(wishes[place] for place in kept),
        tuple(wish for place, wish in enumerate(wishes) if place not in chosen),
    )


def _refuses(wish: Wish) -> bool:
    if isinstance(wish, LabelWish | ValueWish | ItemsWish | LikeWish):
        return not wish.wanted
    return isinstance(wish, TasteWish)
