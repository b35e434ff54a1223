"""What is no model folder is named, with what would be one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.adapters.hugging_face.base_model import check_installed, open_base
from components.reranking.tuning.preferences import TuningError


def test_what_is_not_installed_is_named_with_the_command() -> None:
    with pytest.raises(TuningError, match=r"no_such_module not installed: uv pip install 'recops\[tune\]'"):
        check_installed(("pytest", "no_such_module"))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "no config.json and no .gguf in it"),
        (["adapter_config.json"], "holds an adapter alone; merge it"),
        (["a.gguf", "b.gguf"], "several .gguf; name the file"),
    ],
)
def test_a_folder_without_a_model_is_named(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(TuningError, match=f"--base {tmp_path}.*{re.escape(said)}"):
        open_base(tmp_path)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TuningError, match=r"FOLDER .*gone: no folder"):
        open_base(tmp_path / "gone", "FOLDER")
