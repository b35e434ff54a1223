"""No two public classes of the product share a name, so that a name says which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("components", "monitoring", "bentos", "jobs", "flows", "stages", "cli", "console")


def test_no_two_public_classes_have_one_name() -> None:
    places = defaultdict(list)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_package_says_in_one_sentence_what_it_holds() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("__init__.py"):
            said = ast.get_docstring(ast.parse(path.read_text()))
            assert said is not None and said.count("\n\n") == 0 and said.endswith("."), path
