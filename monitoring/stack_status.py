"""Measures what the processes of the stack use: a process and its children, as proportional memory."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class MemoryUsage:
    """Memory in bytes (shared pages counted by share where the system tells) and how many processes."""

    memory: int
    processes: int


def usage_of(pid: int) -> MemoryUsage:
    """What the process `pid` and its descendants use; zero when it is gone."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return MemoryUsage(0, 0)
    memory = [_memory(process) for process in family]
    return MemoryUsage(sum(memory), len(memory))


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)
