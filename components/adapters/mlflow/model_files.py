"""Refuses a model from MLflow that would run other code than ours when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

OURS = Path(__file__).with_name("model.py")
LOADER = "mlflow.pyfunc.loaders.code_model"
RUNS_MORE = ("python_model", "code", "streamable")
"""Entries of the flavour that MLflow unpickles, or puts on the path of imports; models from code have none of them."""


def why_foreign(folder: Path) -> str | None:
    """Why the model in `folder`, as it was downloaded, may not be loaded; None where all its code is ours."""
    try:
        described: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text())
        flavour = described["flavors"]["python_function"]
        code = folder / Path(flavour["model_code_path"]).name  # where MLflow looks for it
        same = code.read_bytes() == OURS.read_bytes()
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        return f"it is not described as a model from code: {error!r}"
    if flavour.get("loader_module") != LOADER:
        return f"it is loaded by {flavour.get('loader_module')!r}, not by {LOADER}"
    if more := [name for name in RUNS_MORE if flavour.get(name)]:
        return f"it brings more to run: {', '.join(more)}"
    return None if same else f"{code.name} is not the code of this project"
