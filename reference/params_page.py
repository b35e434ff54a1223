"""Reads every leaf of params.yaml with its default and what the comment beside it says it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml

from reference.markdown import code, table

INTRODUCTION = """# Parameters

Every knob of an experiment stands in `params.yaml`, with its default; a run takes others as
`--param overrides='{"gate.max_relative_drop": 0.05}'`, by dotted path. What an entry of a recommender may say is
[with the recommenders](recommenders.md).
"""


@dataclass(frozen=True)
class Leaf:
    """One knob: its dotted path, its default as the file writes it (empty for a list over lines), and its meaning."""

    path: str
    default: str
    meaning: str

    @property
    def section(self) -> str:
        """The first part of the path."""
        return self.path.partition(".")[0]


def leaves_of(file: Path) -> list[Leaf]:
    """In the order of the file."""
    text = file.read_text()
    top = yaml.compose(text)
    if not isinstance(top, yaml.MappingNode):
        raise ValueError(f"{file} holds no sections")
    return list(_walk(top, (), text, text.splitlines()))


def params_page(file: Path) -> str:
    """The page of all sections."""
    sections = [
        f"## `{name}`\n\n" + table(("parameter", "default", "meaning"), map(_cells, leaves))
        for name, leaves in groupby(leaves_of(file), lambda leaf: leaf.section)
    ]
    return "\n".join((INTRODUCTION, *sections))


def _cells(leaf: Leaf) -> tuple[str, str, str]:
    return code(leaf.path), code(leaf.default) or "a list", leaf.meaning


def _walk(node: yaml.MappingNode, path: tuple[str, ...], text: str, lines: list[str]) -> Iterator[Leaf]:
    for key, value in node.value:
        here = (*path, key.value)
        flat = isinstance(value, yaml.ScalarNode) or value.flow_style
        if isinstance(value, yaml.MappingNode) and not flat:
            yield from _walk(value, here, text, lines)
            continue
        end = value.end_mark if flat else key.end_mark
        meaning = lines[end.line][end.column :].partition("#")[2].strip()
        written = text[value.start_mark.index : value.end_mark.index] if flat else ""
        yield Leaf(".".join(here), written, meaning)
