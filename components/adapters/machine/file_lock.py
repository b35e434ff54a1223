"""Lets one process at a time do something, with a lock that the kernel drops when its holders are gone."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.1


class LockTimeoutError(Exception):
    """Another process kept the lock for longer than the caller would wait."""


@contextmanager
def exclusive_lock(path: Path, wait_seconds: float) -> Iterator[int]:
    """Holds the lock on `path` (made when absent) and yields its file descriptor.

    A child process that inherits the descriptor keeps the lock until it ends as well.

    Raises:
        LockTimeoutError: the lock was not free within `wait_seconds`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + wait_seconds
        while not _acquired(descriptor):
            if time.monotonic() > deadline:
                raise LockTimeoutError(f"another process has held {path} for over {wait_seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquired(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
