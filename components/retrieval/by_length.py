"""Finds the exact largest inner products by looking at long items first, and at no more than may still be among them.

An inner product is at most the product of the lengths (Cauchy and Schwarz). Trained factors differ in length, as what
few have met stays short, so after a few blocks of the longest items nothing that is left can reach the best ones found:
the length-based pruning of Teflioudi and Gemulla, "Exact and Approximate Maximum Inner Product Search with LEMP",
2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.recommenders.factors import FittedFactors

BLOCK = 256
"""Items that are looked at together."""
FIRST = 8
"""Blocks looked at before there is anything to hold others against."""
SLACK = 1e-4
"""Of the products of lengths, for what rounding may add."""


class ByLength:
    """The items of a factor model, in an order in which the likely best come first; `factors` stays as it is.

    Biases beside taste have no part in the lengths; each block knows the least and the largest of each.
    """

    def __init__(self, factors: FittedFactors) -> None:
        width = factors.embedding_width
        lengths = np.linalg.norm(factors.item_factors[:, :width], axis=1)
        likely = factors.usual_length * lengths + factors.item_factors[:, width:] @ factors.usual_biases
        self._rows = np.argsort(-likely, kind="stable").astype(np.int32)
        self._items = factors.item_factors[self._rows]
        self._width = width
        starts = np.arange(0, len(lengths), BLOCK)
        biases = self._items[:, width:]
        self._lengths = np.maximum.reduceat(lengths[self._rows], starts)
        self._largest = np.maximum.reduceat(biases, starts, axis=0)
        self._least = np.minimum.reduceat(biases, starts, axis=0)

    def nearest(self, vector: NDArray[np.float32], n: int, effort: int) -> NDArray[np.int32]:  # noqa: ARG002
        """The `n` item rows with the largest inner product with `vector`, or all; `effort` changes nothing."""
        bounds = self._bounds(vector)
        order = np.argsort(-bounds, kind="stable")
        n, bar = min(n, len(self._rows)), -np.inf
        places, scores = np.empty(0, np.int64), np.empty(0, np.float32)
        done, step = 0, max(FIRST, -(-n // BLOCK))
        while done < len(order) and bounds[order[done]] >= bar:
            blocks = np.sort(order[done : done + step])
            found = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
            found = found[found < len(self._rows)]
            products = self._items[found] @ vector
            good = products >= bar
            places, scores = np.concatenate([places, found[good]]), np.concatenate([scores, products[good]])
            if len(places) > n:
                best = np.argpartition(scores, len(scores) - n)[len(scores) - n :]
                places, scores = places[best], scores[best]
            if len(places) == n:
                bar = float(scores.min(initial=np.inf))
            done, step = done + step, step * 2
        return self._rows[places[np.argsort(-scores, kind="stable")]]

    def _bounds(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """What no product with an item of each block exceeds."""
        taste, biases = vector[: self._width], vector[self._width :]
        of_taste = self._lengths.astype(np.float64) * np.linalg.norm(taste.astype(np.float64))
        of_biases = np.maximum(self._largest * biases, self._least * biases).sum(axis=1, dtype=np.float64)
        return np.asarray(of_taste + of_biases + SLACK * (of_taste + np.abs(of_biases)) + 1e-12)
