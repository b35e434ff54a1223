"""Carries a taste from one domain of a catalogue into another: films, books, games that the same people know.

Items say in the attribute `domain` which they are of. Where enough users know both, what they did is the bridge, and
the ranking of the whole catalogue holds in the other domain too. Where they do not, no weight between the two was ever
learnt: what is popular there leads, and likeness in labels, attributes and meaning has a small say, as much as did
little harm where it was measured (benchmarks/cross_domain.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, Rows, Scores
from components.wishes.facts import DOMAIN, CatalogueFacts, Mask, ValueTable
from components.wishes.tokens import fold

BRIDGES = 30
"""Users who know both domains, from which on what they did counts as a bridge."""
KNOWS = 2
"""Items of a domain that somebody has met who knows it."""
CLOSENESS = 2.5
"""What the closest item gains, as a difference of the logarithms of popularity."""


class Domains:
    """The domains of one catalogue.

    Args:
        history: who met what, (n_users, n_items).
        close_in_meaning: how near the text of each item is to those of some rows, (n_items,).
    """

    def __init__(
        self, facts: CatalogueFacts, history: csr_array, close_in_meaning: Callable[[NDArray[np.int64]], Scores]
    ) -> None:
        self._facts = facts
        self._history = history
        self._close_in_meaning = close_in_meaning
        self._bridged: dict[tuple[str, str], bool] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All domains; none where items do not say theirs."""
        return self._table.names if self._table is not None else ()

    def fault(self, domain: str) -> str | None:
        """What is wrong with asking for `domain`, in words; None where it is one."""
        if not self.names:
            return "the items have no domain; give their source an attribute of that name"
        if fold(domain) in {fold(name) for name in self.names}:
            return None
        return f"there is no domain {domain!r}; there are {', '.join(sorted(self.names))}"

    def crossing(self, domain: str, met: Rows, exclude: Rows, n_items: int) -> Ranking | None:
        """The best items of `domain` for somebody who met the rows `met`, all of other domains, to which nobody leads.

        None where nothing is to be carried over: somebody who met nothing, or something of the domain, or a domain to
        which those of `met` are bridged.
        """
        there = self._rows(domain)
        if not len(met) or there[met].any() or self._leads(met, domain):
            return None
        rows = met.astype(np.int64)
        close = (self._by_labels(rows) + self._by_values(rows) + _scaled(self._close_in_meaning(rows), there)) / 3
        scores: Scores = np.asarray(np.log1p(self._facts.popularity) + CLOSENESS * close, np.float32)
        out = np.union1d(np.flatnonzero(~there), exclude).astype(np.int32)
        return top_k_of_scores(scores, n_items, out)

    @cached_property
    def _table(self) -> ValueTable | None:
        return self._facts.values.get(DOMAIN)

    def _rows(self, domain: str) -> Mask:
        return self._table.having([domain]) if self._table is not None else np.zeros(len(self._facts), bool)

    def _leads(self, met: Rows, domain: str) -> bool:
        """Whether enough users know `domain` and one of the domains of `met`."""
        here = [name for name in self.names if self._rows(name)[met].any()]
        return any(self._is_bridged(name, domain) for name in here)

    def _is_bridged(self, one: str, other: str) -> bool:
        key = (fold(one), fold(other))
        if key not in self._bridged:
            times = (csr_array(self._history).astype(bool) @ self._rows(name).astype(np.int32) for name in (one, other))
            known = [np.asarray(each) for each in times]
            self._bridged[key] = int(((known[0] >= KNOWS) & (known[1] >= KNOWS)).sum()) >= BRIDGES
        return self._bridged[key]

    def _by_labels(self, met: NDArray[np.int64]) -> Scores:
        labels = self._facts.label_rows
        profile = np.asarray(labels[met].mean(axis=0)).ravel()
        return np.asarray(labels @ profile, np.float32)

    def _by_values(self, met: NDArray[np.int64]) -> Scores:
        """The share of what the items of `met` have, the rarer the more, that each item has too."""
        found = np.zeros(len(self._facts), np.float32)
        for name, table in self._facts.values.items():
            if name == DOMAIN:
                continue
            rows = table.holds.tocsr()
            rarity = np.log(len(self._facts) / np.maximum(np.asarray(table.holds.sum(axis=0)).ravel(), 1))
            profile = np.asarray(rows[met].mean(axis=0)).ravel() * rarity
            found += np.asarray(rows @ (profile / max(float(profile.sum()), 1e-9)), np.float32)
        return np.minimum(found, 1)


def _scaled(scores: Scores, there: Mask) -> Scores:
    """At most 1, among the items of the domain."""
    highest = float(scores[there].max(initial=0))
    return np.asarray(np.maximum(scores, 0) / max(highest, 1e-9), np.float32)
