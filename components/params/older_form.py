"""Reads the section `train` as runs logged it before each recommender was an entry tagged by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.params.train import TrainConfig

PIPELINE = "pipeline"
GENERATORS = (
    "ease",
    "ease_valued",
    "user_ease",
    "item_to_item",
    "user_neighbours",
    "session",
    "next_items",
    "spectral",
    "ials",
    "lightfm",
)
"""The order in which the older form trained them."""
FOLD_IN = ("ease", "session", "next_items", "item_to_item", "lightfm")
ITEM_VECTORS = "item_vectors"


def train_config_of(values: Mapping[str, Any]) -> TrainConfig:
    """The section in either form: a name at `recommender` marks the older, which had a section for each recommender.

    Raises:
        pydantic.ValidationError: it has keys or values that neither form knows.
    """
    kind = values.get("recommender")
    if not isinstance(kind, str):
        return TrainConfig.model_validate(values)
    sections: dict[str, Any] = {name: values.get(name, {}) for name in (kind, *FOLD_IN)}
    recommender = {"kind": kind, **sections[kind]}
    if kind == PIPELINE:
        recommender["generators"] = _generators(recommender.get("generators", {}))
    if kind == ITEM_VECTORS:
        recommender.pop("file", None)
    return TrainConfig.model_validate(
        {
            "seed": values.get("seed"),
            "recommender": recommender,
            "fold_in": [{"kind": name, **sections[name]} for name in FOLD_IN],
            "content": values.get("content", {}),
            "item_vectors_file": values.get(ITEM_VECTORS, {}).get("file"),
        }
    )


def _generators(by_kind: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [{"kind": kind, **settings} for kind in GENERATORS for settings in by_kind.get(kind, [])]
    return [*found, {"kind": ITEM_VECTORS}] if by_kind.get(ITEM_VECTORS, True) else found
