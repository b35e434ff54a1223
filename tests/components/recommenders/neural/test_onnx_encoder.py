"""The ONNX graph says what torch says, for either tower and histories of any length."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="the extra `neural` is not installed")

from components.recommenders.neural.encoder import UserTower, draw_weights, encode  # noqa: E402
from components.recommenders.neural.onnx_encoder import onnx_encoder  # noqa: E402
from components.recommenders.sequences import HistoryEncoder  # noqa: E402

WIDTH, LENGTH, HEADS = 24, 20, 3


@pytest.mark.parametrize("tower", ["transformer", "mean"])
def test_torch_and_onnx_agree_to_a_ten_thousandth(tower: UserTower) -> None:
    rng = np.random.default_rng(3)
    weights = draw_weights(tower, 2, WIDTH, LENGTH, 5, 0, rng)
    for name, value in weights.items():
        weights[name] = (value + 0.1 * rng.standard_normal(value.shape)).astype(np.float32)
    parts = (weights[name] for name in ("start", "places", "marks", "gaps"))
    served = HistoryEncoder(onnx_encoder(weights, tower, HEADS), *parts)
    learnt = {name: torch.from_numpy(value) for name, value in weights.items()}
    for n in (0, 1, 2, LENGTH):
        vectors = rng.standard_normal((n, WIDTH)).astype(np.float32)
        marks, gaps = rng.integers(0, 4, n).astype(np.int8), rng.integers(0, 9, n).astype(np.int8)
        tokens = np.concatenate([weights["start"][None], vectors + weights["marks"][marks] + weights["gaps"][gaps]])
        tokens = torch.from_numpy(tokens + weights["places"][: n + 1])[None]
        expected = encode(learnt, tokens, tower, HEADS, lambda state: state)[0, -1].numpy()
        np.testing.assert_allclose(served.vector(vectors, marks, gaps), expected, atol=1e-4)


@pytest.mark.parametrize("tower", ["transformer", "mean"])
def test_no_place_sees_what_comes_after_it(tower: UserTower) -> None:
    rng = np.random.default_rng(4)
    weights = draw_weights(tower, 2, WIDTH, LENGTH, 5, 0, rng)
    learnt = {name: torch.from_numpy(value) for name, value in weights.items()}
    tokens = torch.from_numpy(rng.standard_normal((1, 9, WIDTH)).astype(np.float32))
    changed = tokens.clone()
    changed[0, 5:, ::2] += 1
    both = [encode(learnt, each, tower, HEADS, lambda state: state)[0].numpy() for each in (tokens, changed)]
    np.testing.assert_allclose(both[0][:5], both[1][:5], atol=1e-6)
    assert np.abs(both[0][5:] - both[1][5:]).max() > 0.01
