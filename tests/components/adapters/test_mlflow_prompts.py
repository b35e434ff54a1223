"""Versions of the prompt in a real MLflow registry on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.adapters.mlflow_prompts import PromptRegistry
from components.reranking.prompt import PromptError

# MLflow and what it imports warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")
TEXT = (Path(__file__).parents[3] / "prompts" / "recops-rerank.md").read_text()


@pytest.mark.slow
def test_a_prompt_is_registered_once_and_the_release_takes_the_challenger_then_the_champion(tmp_path: Path) -> None:
    registry = PromptRegistry(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert (list(registry.versions()), registry.with_alias("champion"), registry.version(1)) == ([], None, None)
    first = registry.to_serve(TEXT)
    assert (first.version, first.text) == (1, TEXT)
    changed = TEXT.replace("ten words", "nine words")
    assert registry.to_serve(changed).version == 1
    assert registry.register(TEXT, "again").version == 1
    second = registry.register(changed, "shorter reasons")
    assert [version.version for version in registry.versions()] == [2, 1]
    assert registry.to_serve(changed).version == 1
    registry.set_alias("challenger", second.version)
    assert registry.to_serve(TEXT).text == changed
    with pytest.raises(PromptError):
        registry.register("no template", "wrong")
