"""The user tower in torch: causal self-attention over a history, or the mean of what was met and one layer over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from components.recommenders.neural.tokens import N_GAPS, N_MARKS
from components.recommenders.protocol import Scores

UserTower = Literal["transformer", "mean"]
Weights = Mapping[str, torch.Tensor]
EPSILON = 1e-5


def draw_weights(
    tower: UserTower, blocks: int, width: int, length: int, n_items: int, content: int, rng: np.random.Generator
) -> dict[str, Scores]:
    """Weights to begin with, by name; `content` is the width of what is known of items, 0 for nothing."""

    def drawn(*shape: int, scale: float) -> Scores:
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    def layer(name: str, wide: int, to: int) -> dict[str, Scores]:
        return {name: drawn(wide, to, scale=wide**-0.5), f"{name}_bias": np.zeros(to, np.float32)}

    def norm(name: str) -> dict[str, Scores]:
        return {f"{name}_scale": np.ones(width, np.float32), f"{name}_shift": np.zeros(width, np.float32)}

    weights = {
        "ids": drawn(n_items, width, scale=width**-0.5),
        "start": drawn(width, scale=width**-0.5),
        "places": drawn(length + 1, width, scale=0.02),
        "marks": np.zeros((N_MARKS, width), np.float32),
        "gaps": np.zeros((N_GAPS, width), np.float32),
    }
    if content:
        weights["content"] = drawn(content, width, scale=width**-0.5)
    for block in range(blocks if tower == "transformer" else 1):
        if tower == "transformer":
            weights |= norm(f"{block}_first") | layer(f"{block}_mix", width, 3 * width)
            weights |= layer(f"{block}_out", width, width)
        weights |= norm(f"{block}_second") | layer(f"{block}_up", width, 4 * width)
        weights |= layer(f"{block}_down", 4 * width, width)
    return weights | norm("last")


def encode(
    weights: Weights, tokens: torch.Tensor, tower: UserTower, heads: int, drop: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """What each place of each history says of the user there, by it and what is before it; (n, places, width) both."""
    n_blocks = sum(name.endswith("_up") for name in weights)
    state = drop(tokens)
    if tower == "mean":
        counts = torch.arange(1, tokens.shape[1] + 1, dtype=tokens.dtype)
        state = state.cumsum(1) / counts[:, None]
    for block in range(n_blocks):
        if tower == "transformer":
            state = state + drop(_attended(weights, block, _normed(weights, f"{block}_first", state), heads))
        inner = torch.relu(_layer(weights, f"{block}_up", _normed(weights, f"{block}_second", state)))
        state = state + drop(_layer(weights, f"{block}_down", inner))
    return _normed(weights, "last", state)


def _attended(weights: Weights, block: int, state: torch.Tensor, heads: int) -> torch.Tensor:
    n, places, width = state.shape
    mixed = _layer(weights, f"{block}_mix", state).view(n, places, 3, heads, width // heads)
    asks, answers, says = mixed.permute(2, 0, 3, 1, 4)
    found = functional.scaled_dot_product_attention(asks, answers, says, is_causal=True)
    return _layer(weights, f"{block}_out", found.transpose(1, 2).reshape(n, places, width))


def _normed(weights: Weights, name: str, state: torch.Tensor) -> torch.Tensor:
    scale, shift = weights[f"{name}_scale"], weights[f"{name}_shift"]
    return functional.layer_norm(state, scale.shape, scale, shift, EPSILON)


def _layer(weights: Weights, name: str, state: torch.Tensor) -> torch.Tensor:
    return state @ weights[name] + weights[f"{name}_bias"]
