"""Lists, shows and registers versions of the reranking prompt, with what their evaluations said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.adapters.mlflow.prompts import PromptVersion
from components.adapters.mlflow.registry import CHALLENGER
from components.adapters.store.llm.evaluations import StoredEvaluation
from components.reranking.prompt import PROMPT
from jobs.errors import NothingThereError
from jobs.wiring.workbench import Workbench


def list_prompts(bench: Workbench) -> list[dict[str, Any]]:
    """All versions with their evaluations, as plain values.

    Raises:
        ModelRegistryError: MLflow does not answer.
        NothingThereError: there is no event store yet.
    """
    return [_row(one, bench.store.evaluations.of_challenger(one.version)) for one in bench.prompts.described()]


def show_prompt(bench: Workbench, number: int) -> dict[str, Any]:
    """One version with its text and its evaluations.

    Raises:
        ModelRegistryError: MLflow does not answer.
        NothingThereError: there is no such version, or no event store yet.
    """
    found = find_prompt(bench, number)
    return {**_row(found, bench.store.evaluations.of_challenger(number)), "text": found.text}


def find_prompt(bench: Workbench, number: int) -> PromptVersion:
    """A version of the prompt.

    Raises:
        ModelRegistryError: MLflow does not answer.
        NothingThereError: there is no such version.
    """
    found = next((one for one in bench.prompts.described() if one.version == number), None)
    if found is None:
        raise NothingThereError(f"there is no version {number}; see `recops prompts list`")
    return found


def register_prompt(bench: Workbench, file: Path | None, message: str, challenger: bool) -> tuple[Path, int]:
    """Registers the text of a file, by default the project's own; returns the file and the version.

    Raises:
        PromptError: the file is no prompt.
        ModelRegistryError: MLflow does not answer.
    """
    path = file or bench.settings.project / "prompts" / f"{PROMPT}.md"
    version = bench.prompts.register(path.read_text(), message).version
    if challenger:
        bench.prompts.set_alias(CHALLENGER, version)
    return path, version


def _row(found: PromptVersion, evaluations: Sequence[StoredEvaluation]) -> dict[str, Any]:
    return {
        "version": found.version,
        "aliases": list(found.aliases),
        "message": found.message,
        "created_at": found.created_at,
        "evaluations": [
            {
                "evaluation_id": one.evaluation_id,
                "champion": one.spec.champion,
                "mode": one.spec.mode,
                "state": one.state,
                "decision": one.decision,
                "reasons": (one.reasons or {}).get("reasons", []),
            }
            for one in evaluations
        ],
    }
