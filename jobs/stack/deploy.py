"""Has Prefect apply prefect.yaml, by its own command, which may be imported while the server still starts."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Self

from components.config.settings import Settings
from components.rollout.ports import StepFailed

AHEAD = "flows.prefect_ahead"


class PrefectDeploy:
    """`prefect deploy --all`, begun at once; it applies when the work pool is there. It leaves no process behind."""

    def __init__(self, settings: Settings, pool: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", AHEAD, pool, "--no-prompt", "deploy", "--all"],
            cwd=settings.project,
            env={**os.environ, "PREFECT_LOGGING_LEVEL": "WARNING"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def finish(self) -> None:
        """Returns once everything is applied.

        Raises:
            StepFailed: Prefect's command failed; the message has its last words.
        """
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise StepFailed(f"`prefect deploy --all` failed: {output.strip()[-800:]}")
