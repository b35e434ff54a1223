"""The service's process stays free of what only training needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("prefect", "dvc", "evidently", "mlflow", "pandas", "pyarrow", "lightfm", "alembic", "matplotlib", "pandera")


def test_the_service_imports_nothing_that_only_training_needs() -> None:
    code = f"""
import sys
import bentos.service, bentos.wiring
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
