"""Notes which parameters the code of a process reads, for each process that has RECORDED_PARAMS in its environment.

A line "class.field" is added to a file of that folder at the first reading, so that a killed process has told what it
read. What a section's own validators and a dump look at counts for nothing.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

WATCHED = "components.config.section"


class _Recording(Loader):
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.inner.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self.inner.exec_module(module)
        _record(module.Section)


class _FinderOfSections(MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None:
            spec.loader = _Recording(spec.loader)
        return spec


def _record(section: Any) -> None:
    """Watches each section of params.yaml, but not the settings of recommenders, which are read in hot loops."""

    def watch(kind: Any, **_: Any) -> None:
        if kind.__module__.startswith("components.config."):
            _watch(kind)

    section.__pydantic_init_subclass__ = classmethod(watch)


def _watch(kind: Any) -> None:
    seen: set[str] = set()
    plainly = kind.__getattribute__

    def recorded(self: Any, name: str) -> Any:
        if name in kind.__pydantic_fields__ and name not in seen and _is_read(sys._getframe(1)):
            seen.add(name)
            with Path(os.environ["RECORDED_PARAMS"], str(os.getpid())).open("a") as told:
                told.write(f"{kind.__name__}.{name}\n")
        return plainly(self, name)

    kind.__getattribute__ = recorded


def _is_read(frame: Any) -> bool:
    """Whether code of ours reads: no test, and not what a section does with itself while it is made."""
    code = frame.f_code
    folders = Path(code.co_filename).parts
    if "tests" in folders or "benchmarks" in folders or ("site-packages" in folders and "bentos" not in folders):
        return False
    declares = "components" in folders and bool({"config", "params"} & set(folders))
    return not (declares and code.co_name.startswith("_"))


if "RECORDED_PARAMS" in os.environ:
    sys.meta_path.insert(0, _FinderOfSections())
