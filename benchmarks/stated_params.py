"""The sections of params.yaml, with changes, for benchmarks and tests that need one by itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from components.adapters.files.params_file import read_params
from components.config.section import Section
from components.params.params import Params

PROJECT = Path(__file__).parents[1]

Kind = TypeVar("Kind", bound=Section)


@cache
def stated_params() -> Params:
    """The params.yaml of this checkout."""
    return read_params(PROJECT / "params.yaml")


def stated(kind: type[Kind], **changes: Any) -> Kind:
    """The section of this kind, at any depth, with `changes`."""
    section = _find(stated_params(), kind)
    assert section is not None, f"params.yaml has no {kind.__name__}"
    return kind.model_validate({**dict(section), **changes})


def _find(section: Section, kind: type[Kind]) -> Kind | None:
    for value in section.__dict__.values():
        if isinstance(value, kind):
            return value
        found = _find(value, kind) if isinstance(value, Section) else None
        if found is not None:
            return found
    return None
