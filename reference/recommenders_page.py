"""Lists every kind of recommender with the knobs that an entry of params.yaml may name, and their defaults."""

from __future__ import annotations

import inspect
import sys

from pydantic_core import PydanticUndefined

from components.params.train import RANKING
from components.recommenders.protocol import RecommenderConfig
from components.recommenders.registry import RECOMMENDERS, kinds_in
from reference.markdown import code, table

INTRODUCTION = """# Recommenders

Each may be an entry of `train.recommender.generators`, or stand in place of the pipeline as `train.recommender`.
`recops benchmark` compares them on your data.
"""


def recommenders_page() -> str:
    """The page of all kinds."""
    kinds = kinds_in(RECOMMENDERS, RANKING)
    return "\n".join((INTRODUCTION, *(_section(kind, config) for kind, config in kinds.items())))


def _section(kind: str, config: type[RecommenderConfig]) -> str:
    module = inspect.cleandoc(sys.modules[config.__module__].__doc__ or "")
    said = inspect.cleandoc(config.__doc__ or "")
    rows = [
        (
            code(name),
            ""
            if field.get_default(call_default_factory=True) is PydanticUndefined
            else _written(field.get_default(call_default_factory=True)),
        )
        for name, field in config.model_fields.items()
        if name != "kind"
    ]
    parts = [f"## `{kind}`", module, _as_list(said)]
    return "\n\n".join(parts) + "\n\n" + (table(("knob", "default"), rows) if rows else "")


def _written(default: object) -> str:
    return code("null" if default is None else default)


def _as_list(docstring: str) -> str:
    """A docstring with its section of attributes as a list."""
    said, _, attributes = docstring.partition("Attributes:")
    items: list[str] = []
    for line in attributes.splitlines():
        text = line.strip()
        if line.startswith("        "):
            items[-1] += " " + text
        elif text:
            names, _, meaning = text.partition(":")
            items.append(f"- `{names}`: {meaning.strip()}")
    return "\n".join((said.strip(), "", *items)).strip()
