"""Prefect puts the folder of a flow first on the path of imports, so no module there may hide a package of ours."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_module_of_flows_hides_a_package() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert {"components", "monitoring", "bentos"} <= packages
    assert modules & packages == set()
