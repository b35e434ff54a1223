"""Recommends by what users say: preferences over categories and tags, and free text; the popular first among equals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, RecommenderConfig, Scores, Task, TrainingData, check_trainable
from components.recommenders.text.encoder import TextEncoder, Vectors, cosines
from components.recommenders.text.saved import fit_encoder, load_encoder, read_vectors, save_vectors
from components.recommenders.text.tf_idf import words_of

POPULAR_MATCH = np.float32(0.5)
"""What popularity adds to the match of a text, of which the best is 1; measured by benchmarks/text_encoders.py."""
ENCODER = "encoder"
ITEM_TEXTS = "item_texts"
TIE_BREAK = np.float32(1e-3)
"""The most that popularity can add: less than any difference between preferences stated to two decimals."""


@dataclass(frozen=True)
class FittedContent:
    """The score of an item is the sum of the preferences for its labels, plus its popularity as a tie-break.

    Attributes:
        labels: the case-folded categories and tags, one per column.
        item_labels: which item has which label, float32 ones, (n_items, n_labels).
        user_labels: share of each label among a user's relevant items, (n_users, n_labels): the preferences that
            stand in where none are stated. A user without relevant items has an empty row.
        counts: relevant interactions per item, (n_items,) float32.
        encoder: turns texts into vectors.
        item_texts: what each item says about itself, as vectors of `encoder`, (n_items, width).
    """

    labels: tuple[str, ...]
    item_labels: csr_array
    user_labels: csr_array
    counts: Scores
    encoder: TextEncoder
    item_texts: Vectors

    form: ClassVar[str] = "content"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return int(self.user_labels.shape[0])

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return len(self.counts)

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item by each user's own shares of labels, (len(users), n_items)."""
        matches = np.asarray((self.user_labels[users] @ self.item_labels.T).toarray(), np.float32)
        return matches + self._tie_break

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items by the user's own shares of labels, without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def top_k_for(
        self, preferences: Mapping[str, float], k: int, exclude: NDArray[np.integer], text_scores: Scores | None = None
    ) -> Ranking:
        """The best `k` items by stated preferences such as {"Sci-Fi": 0.9} and by a text, without `exclude`.

        Labels match whatever their case; an unknown one counts for nothing, so with nothing known the most popular
        items come first. A negative preference pushes items down. `text_scores` (`scores_for_text`) are added, and
        among the items that match, the most popular one gains `POPULAR_MATCH`: texts alone favour what has a short one.
        """
        wishes = np.zeros(len(self.labels), np.float32)
        for label, weight in preferences.items():
            column = self._column_of.get(label.strip().casefold())
            if column is not None:
                wishes[column] += weight
        matches = np.asarray(self.item_labels @ wishes, np.float32)
        if text_scores is not None:
            matches = matches + text_scores + np.where(text_scores > 0, POPULAR_MATCH * self._popularity, 0)
        return top_k_of_scores(matches + self._tie_break, k, exclude)

    def scores_for_text(self, text: str) -> Scores | None:
        """How well every item matches `text`, (n_items,), scaled so that the best match has 1.

        The cosine of the texts, plus 1 for each of the item's labels that `text` names: in "I love old westerns" the
        genre says more than the words love and old do in titles. None when no item has anything in common with it.

        Words match, not meanings, unless the encoder knows better: "no horror" asks for horror.
        """
        scores = cosines(self.item_texts, self.encoder.encode([text]))
        words = set(words_of(text))
        named = {column for word in words for column, needed in self._labels_with.get(word, ()) if needed <= words}
        if named:
            wishes = np.zeros(len(self.labels), np.float32)
            wishes[list(named)] = 1
            scores = scores + self.item_labels @ wishes
        best = scores.max(initial=0)
        return scores / best if best > 0 else None

    def similar(self, item: int, k: int) -> Ranking:
        """The `k` items that share most labels with `item` (cosine), the more popular first among equals."""
        shared = np.asarray(self.item_labels @ self.item_labels[[item]].toarray().ravel(), np.float32)
        n_labels = np.diff(self.item_labels.indptr)
        lengths = np.sqrt(np.maximum(n_labels * n_labels[item], 1)).astype(np.float32)
        return top_k_of_scores(shared / lengths + self._tie_break, k, np.array([item]))

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {label: column for column, label in enumerate(self.labels)}

    @cached_property
    def _labels_with(self) -> dict[str, list[tuple[int, set[str]]]]:
        """By word the columns of the labels that hold it, each with all of the label's words."""
        found: dict[str, list[tuple[int, set[str]]]] = {}
        for column, label in enumerate(self.labels):
            needed = set(words_of(label))
            for word in needed:
                found.setdefault(word, []).append((column, needed))
        return found

    @cached_property
    def _popularity(self) -> Scores:
        return np.asarray(self.counts / (self.counts.max(initial=0) + 1), np.float32)

    @cached_property
    def _tie_break(self) -> Scores:
        return np.asarray(TIE_BREAK * self._popularity, np.float32)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays: dict[str, NDArray[Any]] = {"counts": self.counts}
        for name, matrix in (("item_labels", self.item_labels), ("user_labels", self.user_labels)):
            arrays[f"{name}_values"] = matrix.data
            arrays[f"{name}_columns"] = matrix.indices
            arrays[f"{name}_offsets"] = matrix.indptr
        write_arrays(folder, {"form": self.form, "labels": list(self.labels)}, arrays)
        self.encoder.save(folder / ENCODER)
        save_vectors(folder / ITEM_TEXTS, self.item_texts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        labels = tuple(read_header(folder)["labels"])
        matrices = []
        for name in ("item_labels", "user_labels"):
            parts = (read_array(folder, f"{name}_{part}") for part in ("values", "columns", "offsets"))
            values, columns, offsets = parts
            matrices.append(csr_array((values, columns, offsets), shape=(len(offsets) - 1, len(labels))))
        encoder, item_texts = load_encoder(folder / ENCODER), read_vectors(folder / ITEM_TEXTS)
        return cls(labels, matrices[0], matrices[1], read_array(folder, "counts"), encoder, item_texts)


class ContentConfig(RecommenderConfig):
    """How texts are read: by their words, or as MiniLM's sentence embeddings, which need the extra `text`."""

    kind: Literal["content"] = "content"
    encoder: Literal["tf_idf", "minilm"] = "tf_idf"

    def build(self) -> Content:
        """See `Content`."""
        return Content(self)

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """See `RecommenderConfig`."""
        return [cls()] if task.described else []


@dataclass(frozen=True)
class Content:
    """Reads labels and texts off the items, and shares of labels off each user's relevant items."""

    config: ContentConfig

    def fit(self, data: TrainingData, seed: int) -> FittedContent:  # noqa: ARG002 nothing is drawn
        """Count; `seed` is not used. Items without labels score by popularity alone.

        Where the data have no texts, an item's labels are its text.

        Raises:
            TextEncoderError: the encoder that the settings name is not installed.
        """
        check_trainable(data)
        labels = tuple(sorted({label for row in data.item_labels for label in row}))
        item_labels = label_matrix(data.item_labels, labels)
        totals = np.asarray(data.positives.sum(axis=1), np.float32).ravel()
        shares = csr_array(data.positives @ item_labels, dtype=np.float32)
        shares.sort_indices()
        shares.data /= np.repeat(totals, np.diff(shares.indptr))
        counts = np.asarray(data.positives.sum(axis=0), np.float32).ravel()
        texts = data.item_texts or tuple(" ".join(row) for row in data.item_labels)
        encoder = fit_encoder(self.config.encoder, texts)
        return FittedContent(labels, item_labels, shares, counts, encoder, encoder.encode(texts))


def label_matrix(item_labels: tuple[tuple[str, ...], ...], labels: tuple[str, ...]) -> csr_array:
    """Which item has which of `labels`, float32 ones, (n_items, n_labels)."""
    column_of = {label: column for column, label in enumerate(labels)}
    columns = np.array([column_of[label] for row in item_labels for label in row], np.int32)
    offsets = np.cumsum([0, *(len(row) for row in item_labels)]).astype(np.int32)
    return csr_array((np.ones(len(columns), np.float32), columns, offsets), shape=(len(item_labels), len(labels)))
