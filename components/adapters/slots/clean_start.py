"""Starts a built release in a process of its own, with the code and the files in its package and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from components.rollout.release_gate import CleanStart


def start_clean(package: Path, timeout: float) -> CleanStart | str:
    """What became of it; in words why it does not load and answer."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "bentos.self_test"]
    try:
        done = subprocess.run(
            command, cwd=package / "src", env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return str(error)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        return said[-1] if said else f"it ended with {done.returncode}"
    try:
        return CleanStart(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, TypeError, IndexError) as error:
        return f"its answer cannot be read: {error}: {done.stdout[-200:]!r}"
