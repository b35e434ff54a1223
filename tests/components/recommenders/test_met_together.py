"""Blocks of counts are the whole product, however many pairs are held at once."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, vstack

from components.recommenders import met_together


def test_blocks_one_below_the_other_are_the_product() -> None:
    rng = np.random.default_rng(0)
    history = csr_array((rng.random((400, 300)) < np.linspace(0.9, 0.001, 300)).astype(np.float32) * 70_000)
    blocks = list(met_together.met_together(csr_array(vstack([history] * 3, format="csr"))))
    assert [start for start, _ in blocks] == np.cumsum([0, *(rows.shape[0] for _, rows in blocks[:-1])]).tolist()
    assert len(blocks) > 1
    np.testing.assert_allclose(
        vstack([rows for _, rows in blocks]).toarray(), 3 * (history.T @ history).toarray(), rtol=1e-6
    )
