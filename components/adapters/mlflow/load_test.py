"""Loads a registered model in a process of its own and holds its answers against those in its bundle.

Run as `python -m components.adapters.mlflow.load_test`, with the model's URI on standard input, it is that process. A
model can be logged and registered and yet not load, so this comes before any alias moves.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from components.adapters.mlflow.model_files import why_foreign

LINES_SHOWN = 15


class ModelLoadError(Exception):
    """A registered model does not load, or answers otherwise than its bundle says; the message shows how."""


class LoadTest:
    """A clean process with nothing but MLflow's own call, which imports that while the model is still being registered.

    As a context manager it leaves no process behind.
    """

    def __init__(self, tracking_url: str) -> None:
        environ = {**os.environ, "MLFLOW_TRACKING_URI": tracking_url, "MLFLOW_REGISTRY_URI": tracking_url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def load(self, model_uri: str, timeout_seconds: float = 120.0) -> int:
        """Loads the model at `model_uri`; returns how many answers were compared. To be called once.

        Raises:
            ModelLoadError: it failed, took longer than `timeout_seconds`, or gave another ranking.
        """
        try:
            output, errors = self._process.communicate(f"{model_uri}\n", timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise ModelLoadError(f"{model_uri} did not load within {timeout_seconds:.0f} s") from error
        if self._process.returncode != 0:
            shown = "\n".join((errors or output).strip().splitlines()[-LINES_SHOWN:])
            raise ModelLoadError(f"{model_uri} does not load and answer in a clean process:\n{shown}")
        return int(json.loads(output.splitlines()[-1])["compared"])


def load_in_clean_process(tracking_url: str, model_uri: str) -> int:
    """As `LoadTest.load`, of a model that is registered already."""
    with LoadTest(tracking_url) as test:
        return test.load(model_uri)


def compare_answers(model_uri: str, scratch: Path) -> int:
    """How many expected answers the model gives again: the same items in the same order; downloads to `scratch`.

    Raises:
        ModelLoadError: it would run other code than ours, or an answer differs; the message names the user.
    """
    import mlflow
    import pandas as pd

    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=model_uri, dst_path=str(scratch)))
    if (foreign := why_foreign(folder)) is not None:
        raise ModelLoadError(f"{model_uri} is not loaded: {foreign}")
    model = mlflow.pyfunc.load_model(str(folder))
    expected = json.loads((folder / "artifacts" / "bundle" / "expected_answers.json").read_text())
    for k in sorted({answer["k"] for answer in expected}):
        asked = [answer for answer in expected if answer["k"] == k]
        table = model.predict(pd.DataFrame({"user_id": [answer["user_id"] for answer in asked]}), params={"k": k})
        given = table.groupby("user_id", sort=False)["item_id"].agg(list).to_dict()
        for answer in asked:
            user_id, items = answer["user_id"], given.get(answer["user_id"], [])
            if items != answer["item_ids"]:
                raise ModelLoadError(f"user {user_id!r} should get {answer['item_ids']} and gets {items}")
    return len(expected)


def import_ahead() -> None:
    """What `compare_answers` needs, while nobody has said yet which model."""
    for name in ("mlflow.pyfunc", "pandas"):
        importlib.import_module(name)


if __name__ == "__main__":
    import_ahead()
    if asked := sys.stdin.readline().strip():
        with tempfile.TemporaryDirectory() as scratch:
            print(json.dumps({"compared": compare_answers(asked, Path(scratch))}))
