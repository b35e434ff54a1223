"""Says which Git commit a folder stands at, and whether it has changes that are not committed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "unknown"


@dataclass(frozen=True)
class GitState:
    """A full commit id, or "unknown" outside a Git work tree; `dirty` means the files differ from that commit."""

    commit: str
    dirty: bool

    def __str__(self) -> str:
        return f"{self.commit}-dirty" if self.dirty else self.commit


def commit_of(folder: Path, told: str | None = None) -> GitState:
    """The state of the work tree that holds `folder`, or the clean commit that was `told`: an image carries no Git.

    A folder without Git (a container, an unpacked archive), a repository without a commit, and a machine without
    Git all give `GitState("unknown", dirty=True)`: nothing vouches for the files. Ignored files do not count.
    """
    if told:
        return GitState(told, dirty=False)
    commit = _output(folder, "rev-parse", "HEAD")
    status = _output(folder, "status", "--porcelain")
    if commit is None or status is None:
        return GitState(UNKNOWN, dirty=True)
    return GitState(commit.strip(), dirty=bool(status.strip()))


def _output(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
