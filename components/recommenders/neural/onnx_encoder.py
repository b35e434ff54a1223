"""The user tower as an ONNX graph: the tokens of one history in, (1, places, width), the user's vector out, (width,).

Built node by node rather than by torch's exporter, of which one takes half a minute a model and the other is about to
go; a test holds the two towers together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from components.recommenders.neural.encoder import EPSILON, UserTower
from components.recommenders.protocol import Scores

OPSET, IR_VERSION = 17, 8
KEPT_OUT = ("ids", "content", "start", "places", "marks", "gaps")
"""Weights that make tokens, which numpy does."""


def onnx_encoder(weights: Mapping[str, Scores], tower: UserTower, heads: int) -> bytes:
    """The graph with its weights; the same weights give the same bytes."""
    return _Graph(weights, heads).encoder(tower)


class _Graph:
    def __init__(self, weights: Mapping[str, Scores], heads: int) -> None:
        self._width, self._heads = len(weights["start"]), heads
        self._values: dict[str, Any] = {name: weights[name] for name in weights if name not in KEPT_OUT}
        self._nodes: list[Any] = []

    def encoder(self, tower: UserTower) -> bytes:
        n_blocks = sum(name.endswith("_up") for name in self._values)
        state = "tokens"
        if tower == "mean":
            state = self._add("ReduceMean", state, axes=[1], keepdims=1)
        for block in range(n_blocks):
            if tower == "transformer":
                mixed = self._attended(block, self._normed(f"{block}_first", state))
                state = self._add("Add", state, mixed)
            inner = self._add("Relu", self._layer(f"{block}_up", self._normed(f"{block}_second", state)))
            state = self._add("Add", state, self._layer(f"{block}_down", inner))
        last = self._add("Gather", self._normed("last", state), self._kept("newest", np.array(-1)), axis=1)
        self._nodes.append(helper.make_node("Reshape", [last, self._kept("flat", np.array([-1]))], ["user"]))
        tokens = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "places", self._width])
        user = helper.make_tensor_value_info("user", TensorProto.FLOAT, [self._width])
        kept = [numpy_helper.from_array(np.asarray(value, order="C"), name) for name, value in self._values.items()]
        graph = helper.make_graph(self._nodes, "user_tower", [tokens], [user], kept)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))

    def _attended(self, block: int, state: str) -> str:
        """Each place asks itself and those before it."""
        parts = self._add("Reshape", self._layer(f"{block}_mix", state), self._kept("heads", self._split()))
        asks, answers, says = (self._part(parts, place) for place in range(3))
        by_place = self._add("Transpose", answers, perm=[0, 1, 3, 2])
        scale = self._kept("scale", np.array((self._width // self._heads) ** -0.5, np.float32))
        scores = self._add("Mul", self._add("MatMul", asks, by_place), scale)
        weights = self._add("Softmax", self._add("Add", scores, self._future(scores)), axis=-1)
        found = self._add("Transpose", self._add("MatMul", weights, says), perm=[0, 2, 1, 3])
        joined = self._add("Reshape", found, self._kept("joined", np.array([1, -1, self._width])))
        return self._layer(f"{block}_out", joined)

    def _split(self) -> Any:
        return np.array([1, -1, 3, self._heads, self._width // self._heads])

    def _part(self, parts: str, place: int) -> str:
        found = self._add("Gather", parts, self._kept(f"part_{place}", np.array(place)), axis=2)
        return self._add("Transpose", found, perm=[0, 2, 1, 3])

    def _future(self, scores: str) -> str:
        """Minus very much where the place that is asked comes later, 0 elsewhere."""
        hidden = self._add("ConstantOfShape", self._add("Shape", scores), value=_of_one(-1e9))
        return self._add("Trilu", hidden, self._kept("later", np.array(1)), upper=1)

    def _normed(self, name: str, state: str) -> str:
        return self._add("LayerNormalization", state, f"{name}_scale", f"{name}_shift", axis=-1, epsilon=EPSILON)

    def _layer(self, name: str, state: str) -> str:
        return self._add("Add", self._add("MatMul", state, name), f"{name}_bias")

    def _kept(self, name: str, value: Any) -> str:
        self._values[name] = value
        return name

    def _add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"node_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name


def _of_one(value: float) -> Any:
    return numpy_helper.from_array(np.array([value], np.float32))
