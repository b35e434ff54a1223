"""Keeps between monitor runs what no table holds: when each item was last shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class MonitorState:
    """All of it may be lost; then one window knows no staleness.

    Attributes:
        summed_until: the end of the hours in which `last_shown` was seen, seconds since 1970.
        last_shown: by item id, seconds since 1970.
    """

    summed_until: float = 0.0
    last_shown: Mapping[str, float] = field(default_factory=dict)


def read_state(path: Path) -> MonitorState:
    """What was kept; nothing where the file is missing or damaged."""
    try:
        return MonitorState(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return MonitorState()


def write_state(path: Path, state: MonitorState) -> None:
    """Replace the file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(json.dumps(asdict(state)))
    aside.replace(path)
