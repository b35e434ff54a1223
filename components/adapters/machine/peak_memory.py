"""The most memory that this process has held since it was last asked."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def restart_peak() -> None:
    """Forget the peak so far; without effect where the system does not offer that."""
    try:
        _RESET.write_text("5")
    except OSError:
        return


def peak_megabytes() -> float:
    """Peak of resident memory since `restart_peak`, or of the process where that has no effect."""
    try:
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
