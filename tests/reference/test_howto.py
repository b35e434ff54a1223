"""The code on the how-to pages works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from components.interactions.source import NothingNewError
from monitoring.rules.table import read_rules

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"


def block(page: str, language: str) -> str:
    """The first block of code in that language."""
    found = re.search(rf"```{language}\n(.*?)```", (HOWTO / page).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_recommender_of_the_page_passes_the_contract_suite(tmp_path: Path) -> None:
    for name in ("components", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "components" / "recommenders" / "reach.py").write_text(block("new-recommender.md", "python"))
    command = (sys.executable, "-m", "pytest", "tests/contracts/test_recommender_contract.py", "-k", "reach", "-v")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        (*command, "-p", "no:cacheprovider"), cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "test_the_saved_form_scores_the_same[reach] PASSED" in done.stdout


def test_the_rule_of_the_page_is_one(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules:\n" + block("new-rule.md", "yaml"))
    (rule,) = read_rules(file)
    assert (rule.name, rule.figure, rule.limit) == ("few_likes", "hit_rate", 0.02)
    assert (ROOT / "docs" / "runbooks" / rule.runbook).is_file()
    ours = yaml.safe_load((ROOT / "monitoring" / "rules" / "rules.yaml").read_text())["rules"]
    assert set(rule.model_dump(exclude_defaults=True)) <= {key for each in ours for key in each}


def test_the_source_of_the_page_reads(tmp_path: Path) -> None:
    space: dict[str, object] = {"__name__": "spool"}
    sys.modules.setdefault("spool", type(sys)("spool"))
    exec(compile(block("new-source.md", "python"), "new-source.md", "exec"), space)  # noqa: S102 - our own page
    source = space["SpoolSource"](tmp_path)  # type: ignore[operator]
    with pytest.raises(NothingNewError, match="holds no"):
        source.read()
    (tmp_path / "1.jsonl").write_text('{"customer": "007", "article": "a", "at": 1700000000}\n')
    tables = source.read()
    expected = pd.DataFrame({"user_id": ["007"], "item_id": ["a"], "timestamp": [1700000000]})
    pd.testing.assert_frame_equal(tables.interactions, expected, check_dtype=False)
