"""How much memory processes hold together, where what they share counts once (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def with_descendants(pid: int) -> list[int]:
    """The process and all that it has begun, directly or not, as far as they still run."""
    found = [pid]
    for each in found:  # grows as it is read
        with suppress(OSError):
            for task in (_PROC / str(each) / "task").iterdir():
                with suppress(OSError):
                    found += map(int, (task / "children").read_text().split())
    return found


def resident_megabytes(pids: Iterable[int]) -> float:
    """An upper bound of what they hold, quickly: each counts whole what it shares with others."""
    pages = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            pages += int((_PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def held_megabytes(pids: Iterable[int]) -> float:
    """Their part of what is held: a page that n processes share counts 1/n for each. Where the system does not say
    that, each counts whole."""
    total = 0.0
    for pid in pids:
        try:
            lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
        except (OSError, StopIteration):
            total += resident_megabytes([pid])
    return total
