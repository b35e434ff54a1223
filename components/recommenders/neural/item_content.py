"""What is known of items beside who met them, as rows of a few numbers: labels, words, embeddings that users bring."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, hstack

from components.recommenders.content import label_matrix
from components.recommenders.protocol import Scores, TrainingData
from components.recommenders.text.tf_idf import TfIdf

WIDTH = 64


def item_content(data: TrainingData) -> Scores | None:
    """One row per item, float32, of length 1 in the mean, (n_items, up to 2 * WIDTH or more); None without any."""
    parts = [_labels_and_words(data)]
    if data.item_vectors is not None:
        parts.append(data.item_vectors.astype(np.float32))
    scaled = [_scaled(part) for part in parts if part is not None and part.any()]
    return np.concatenate(scaled, axis=1) if scaled else None


def _labels_and_words(data: TrainingData) -> Scores | None:
    sparse = []
    labels = tuple(sorted({label for row in data.item_labels for label in row}))
    if labels:
        sparse.append(_of_length_one(label_matrix(data.item_labels, labels)))
    if any(data.item_texts):
        sparse.append(csr_array(TfIdf.fit(data.item_texts).encode(data.item_texts)))
    if not sparse:
        return None
    return _reduced(csr_array(hstack(sparse, format="csr", dtype=np.float32)))


def _of_length_one(rows: csr_array) -> csr_array:
    """Rows of ones, scaled."""
    sizes = np.diff(rows.indptr)
    rows.data = (1 / np.sqrt(np.repeat(sizes, sizes))).astype(np.float32)
    return rows


def _reduced(matrix: csr_array) -> Scores:
    """The coordinates along the `WIDTH` directions that say most (truncated SVD)."""
    from scipy.sparse.linalg import svds

    if min(matrix.shape) <= WIDTH + 1:
        return np.asarray(matrix.toarray(), np.float32) if matrix.shape[1] <= 2 * WIDTH else _dense_svd(matrix)
    left, sizes, _ = svds(matrix.astype(np.float64), k=WIDTH, v0=np.ones(min(matrix.shape)))
    return np.asarray(left * sizes, np.float32)


def _dense_svd(matrix: csr_array) -> Scores:
    left, sizes, _ = np.linalg.svd(matrix.toarray().astype(np.float64), full_matrices=False)
    return np.asarray(left[:, :WIDTH] * sizes[:WIDTH], np.float32)


def _scaled(rows: Scores) -> Scores:
    return np.asarray(rows / np.linalg.norm(rows, axis=1).mean(), np.float32)
