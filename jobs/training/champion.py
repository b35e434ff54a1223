"""Trains and tests the champion's recipe on a challenger's split, with the stages of the pipeline."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.adapters.dvc.command import dvc_environment
from components.adapters.dvc.pipeline_repository import stage_environment
from components.config.settings import Settings
from components.params.params import Params

STAGES = ("train", "evaluate")
LINES_SHOWN = 15


class RescoringError(Exception):
    """The champion's recipe did not train or evaluate; the message holds the stage and its last lines."""


@dataclass(frozen=True)
class Rescored:
    """Where the champion's table per user lies, None when it could not be made, and in words what was done."""

    evaluation: Path | None
    note: str


def rescore(settings: Settings, params: Params, folder: Path) -> None:
    """Runs the stages `train` and `evaluate` with `params` in `folder`, which holds artifacts/prepared and /split.

    Not in the pipeline's repository: the champion's recipe is no run of its own.

    Raises:
        RescoringError: a stage failed.
    """
    (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False))
    environ = dvc_environment(stage_environment(settings))
    for stage in STAGES:
        command = [sys.executable, "-m", f"stages.{stage}"]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        if done.returncode != 0:
            shown = "\n".join((done.stdout + done.stderr).strip().splitlines()[-LINES_SHOWN:])
            raise RescoringError(f"the champion's recipe failed in stage {stage!r}:\n{shown}")
