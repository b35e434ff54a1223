"""Versions of the prompt in a real MLflow registry on SQLite."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from components.adapters.mlflow.evaluations import EvaluationRecord, log_evaluation
from components.adapters.mlflow.prompts import PromptRegistry
from components.reranking.prompt import PromptError

# MLflow and what it imports warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")
TEXT = (Path(__file__).parents[4] / "prompts" / "recops-rerank.md").read_text()


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


def test_an_evaluation_is_linked_to_both_prompts_and_versions_tell_their_aliases(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mlflow.db'}"
    registry = PromptRegistry(url)
    registry.register(TEXT, "the first")
    registry.register(TEXT.replace("ten words", "nine words"), "shorter reasons")
    registry.set_alias("champion", 1)
    registry.set_alias("challenger", 2)
    registry.drop_alias("challenger", 1)  # not the one it names
    assert [(one.version, one.aliases, one.message) for one in registry.described()] == [
        (1, ("champion",), "the first"),
        (2, ("challenger",), "shorter reasons"),
    ]
    registry.drop_alias("challenger", 2)
    assert registry.with_alias("challenger") is None
    record = EvaluationRecord("e1", 1, 2, "Refuse", ("bad",), {"mode": "logged"}, {"requests": 3.0}, "<html>", {})
    with contextlib.chdir(tmp_path):  # with a database for address, MLflow writes artifacts to the working directory
        run_id = log_evaluation(url, registry, record)
    import mlflow

    linked = str(mlflow.MlflowClient(url, url).get_run(run_id).data.tags)
    assert '"version": "1"' in linked
    assert '"version": "2"' in linked
