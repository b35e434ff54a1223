"""The recipes in docs/recipes.md load, train where that is quick, and answer their requests."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from components.adapters.sources.vector_file import read_item_vectors
from components.params.params import Params
from components.recommenders.protocol import RecommenderError
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.worlds import checkerboard, make_bundle

ROOT = Path(__file__).parents[1]
RECIPES = (ROOT / "docs" / "recipes.md").read_text()
CHANGES = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", RECIPES, re.DOTALL)]
REQUESTS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", RECIPES, re.DOTALL)]


def changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`values` with `changes` put in; lists and recommenders are replaced."""
    merged = dict(values)
    for key, value in changes.items():
        whole = not isinstance(value, dict) or "kind" in value
        merged[key] = value if whole else changed(merged.get(key, {}), value)
    return merged


@pytest.mark.parametrize("changes", CHANGES)
def test_the_parameters_load(changes: dict[str, Any]) -> None:
    params = Params.model_validate(changed(yaml.safe_load((ROOT / "params.yaml").read_text()), changes))
    assert params.llm.tiers[0].candidates >= 20
    assert params.train.recommender.build().config == params.train.recommender


@pytest.mark.parametrize(("changes", "request_"), list(zip(CHANGES, REQUESTS, strict=True)))
def test_the_request_is_answered_in_full(tmp_path: Path, changes: dict[str, Any], request_: dict[str, Any]) -> None:
    params = Params.model_validate(changed(yaml.safe_load((ROOT / "params.yaml").read_text()), changes))
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, params.routing, "release-1", "blue", "default")
    answer = asyncio.run(path.answer(RecommendRequest.model_validate(request_), "request-1"))
    shown = {item.item_id for item in answer.items}
    assert len(shown) == request_["k"]
    assert not shown & set(request_.get("context", {}).get("cart", []))


def test_three_recipes_are_there() -> None:
    assert (len(CHANGES), len(REQUESTS)) == (3, 3)


def test_vectors_from_a_file_recommend_what_is_near(tmp_path: Path) -> None:
    data = checkerboard()
    colours = np.array([[1.0, 0.0] if row % 2 == 0 else [0.0, 1.0] for row in range(len(data.item_ids))])
    np.savez(tmp_path / "v.npz", item_ids=np.array([*data.item_ids[::-1], "other"]), vectors=[*colours[::-1], [1, 1]])
    vectors = read_item_vectors(tmp_path / "v.npz", data.item_ids)
    assert np.array_equal(vectors, colours)
    np.savez(tmp_path / "strangers.npz", item_ids=np.array(["other"]), vectors=[[1.0, 1.0]])
    with pytest.raises(RecommenderError, match="knows none of the 12 items"):
        read_item_vectors(tmp_path / "strangers.npz", data.item_ids)
    with pytest.raises(RecommenderError, match=r"no \.npz"):
        read_item_vectors(tmp_path / "missing.npz", data.item_ids)
