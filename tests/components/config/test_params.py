"""params.yaml and its typed form say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from components.adapters.files.params_file import ParamsError, read_params
from components.config.params import Params

PATH = Path(__file__).parents[3] / "params.yaml"


def keys_of_file(value: Any, prefix: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {prefix}
    return {key for name, inner in value.items() for key in keys_of_file(inner, f"{prefix}.{name}".lstrip("."))}


def keys_of_model(model: type[BaseModel], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for name, field in model.model_fields.items():
        path = f"{prefix}.{name}".lstrip(".")
        nested = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        keys |= keys_of_model(field.annotation, path) if nested else {path}
    return keys


def test_the_file_has_exactly_the_keys_of_the_model() -> None:
    assert keys_of_file(yaml.safe_load(PATH.read_text())) == keys_of_model(Params)


def test_the_file_is_valid() -> None:
    assert read_params(PATH).model_dump() == yaml.safe_load(PATH.read_text())


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
