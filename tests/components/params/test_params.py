"""params.yaml and its typed form say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from components.adapters.files.params_file import ParamsError, read_params
from components.params.params import Params
from components.ranking.pipeline import PipelineConfig
from components.recommenders.protocol import RecommenderConfig

PATH = Path(__file__).parents[3] / "params.yaml"


ENTRIES = {"train.recommender", "train.content"}
"""Recommenders, and so the models' own business, as are the lists of them."""


def keys_of_file(value: Any, prefix: str = "") -> set[str]:
    if not isinstance(value, dict) or prefix in ENTRIES:
        return {prefix}
    return {key for name, inner in value.items() for key in keys_of_file(inner, f"{prefix}.{name}".lstrip("."))}


def keys_of_model(model: type[BaseModel], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for name, field in model.model_fields.items():
        path = f"{prefix}.{name}".lstrip(".")
        nested = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        keys |= keys_of_model(field.annotation, path) if nested and path not in ENTRIES else {path}
    return keys


def test_the_file_has_exactly_the_keys_of_the_model() -> None:
    assert keys_of_file(yaml.safe_load(PATH.read_text())) == keys_of_model(Params)


def test_the_file_is_valid() -> None:
    params, raw = read_params(PATH), yaml.safe_load(PATH.read_text())
    train = raw.pop("train")
    assert params.model_dump(exclude={"train"}) == raw
    assert params.train.model_dump().items() >= {key: train[key] for key in ("seed", "item_vectors_file")}.items()


def departures(config: RecommenderConfig) -> dict[str, Any]:
    """An entry as params.yaml should state it: by its kind, and without what its class says already."""
    return {"kind": config.kind, **config.model_dump(exclude_defaults=True, exclude={"generators"})}


def test_an_entry_states_nothing_that_its_class_says() -> None:
    train, raw = read_params(PATH).train, yaml.safe_load(PATH.read_text())["train"]
    assert isinstance(train.recommender, PipelineConfig)
    stated = {
        **departures(train.recommender),
        "generators": [departures(each) for each in train.recommender.generators],
    }
    assert raw["recommender"] == stated
    assert raw["fold_in"] == [departures(each) for each in train.fold_in]
    assert raw["content"] == departures(train.content)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("test_share: 0.2", "test_share: 2", "split.test_share"),
        ("  seed: 42", "  sede: 42", "train.seed"),
        ("implicit_value: 5.0", "implicit_value: 5.5", "implicit_value must lie between"),
        ("version: data-v1", "version: data-v1\n  colour: red", "data.colour"),
    ],
)
def test_a_wrong_or_unknown_key_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    (tmp_path / "params.yaml").write_text(PATH.read_text().replace(old, new, 1))
    with pytest.raises(ParamsError, match=named):
        read_params(tmp_path / "params.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="does not exist"):
        read_params(tmp_path / "params.yaml")
