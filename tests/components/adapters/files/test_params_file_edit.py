from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.adapters.files.params_file import ParamsError, read_params, set_data_version

PARAMS = Path(__file__).resolve().parents[4] / "params.yaml"


def test_only_the_data_version_changes(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = "# mine\n" + PARAMS.read_text().replace("data:\n", "data:  # which\n  # a tag\n\n", 1)
    path.write_text(text)
    set_data_version(path, "data-v12")
    assert read_params(path).data.version == "data-v12"
    assert path.read_text().replace("data-v12", "data-v1") == text
    assert [child.name for child in tmp_path.iterdir()] == ["params.yaml"]


def test_a_file_without_that_line_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = re.sub(r"(?m)^data:\n(?:  .*\n)+", "data: {version: data-v1, choice_of: null}\n", PARAMS.read_text())
    path.write_text(text)
    with pytest.raises(ParamsError, match=r"data\.version"):
        set_data_version(path, "data-v2")
    assert path.read_text() == text


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="does not exist"):
        set_data_version(tmp_path / "params.yaml", "data-v2")
