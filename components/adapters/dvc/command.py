"""Runs DVC's command line in a repository that recops owns, and waits when DVC is busy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from components.adapters.dvc.git_repository import without_git_location
from components.adapters.dvc.objects import REMOTE
from components.adapters.machine.url_redaction import without_userinfo

BUSY = ("is busy, it is being blocked by", "Unable to acquire lock")
RETRY_SECONDS = 0.5
_HINTS = ("To track the changes", "To enable auto", "\t", "Use `dvc push`", "Generating lock", "Updating lock")
"""What DVC says to a person at a terminal, and nobody needs in the log of a flow."""

Log = Callable[[str], None]


class DvcError(Exception):
    """DVC ended with an error; `lines` is what it printed, oldest first. Neither shows a password of a URL."""

    def __init__(self, message: str, lines: list[str]) -> None:
        super().__init__(without_userinfo(message))
        self.lines = [without_userinfo(line) for line in lines]


class DvcBusyError(DvcError):
    """Another DVC process held the repository for longer than the caller would wait."""


def quiet(_line: str) -> None:
    """The log of those who want none."""


def dvc_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for DVC and its stages: no reports home, and `python` is this interpreter's."""
    return {
        **without_git_location(os.environ),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "DVC_NO_ANALYTICS": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def configure_dvc(folder: Path, cache: Path, state: Path, secret_remote: str | None = None) -> None:
    """Makes the Git repository at `folder` a DVC repository with the cache `cache`; repeated, it moves the cache.

    `state` takes DVC's own bookkeeping, which otherwise goes to /var/tmp. Absolute paths stay out of Git, and
    so does `secret_remote`, the URL of the remote where it holds a password.
    """
    if not (folder / ".dvc" / "config").is_file():
        run_dvc(folder, "init", "--quiet", "--force")
        (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n    check_update = false\n")
    local = f'[core]\n    site_cache_dir = {state}\n[cache]\n    dir = {cache}\n    type = "reflink,copy"\n'
    if secret_remote is not None:
        local += f'[\'remote "{REMOTE}"\']\n    url = "{secret_remote}"\n'
    path = folder / ".dvc" / "config.local"
    if not path.is_file() or path.read_text() != local:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(local)


def run_dvc(
    folder: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    log: Log = quiet,
    keep_open: tuple[int, ...] = (),
    wait_seconds: float = 120.0,
) -> list[str]:
    """The lines that `dvc ARGUMENTS` prints in `folder`, each but its hints also given to `log` as it comes.

    File descriptors in `keep_open` stay open in DVC, so that a lock on them lasts as long as DVC runs, even when
    this process is killed. While another DVC command holds the repository, tries again for `wait_seconds`.

    Raises:
        DvcBusyError: it was still held after that time.
        DvcError: DVC failed for another reason.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        code, lines = _run_once(folder, arguments, environ or {}, log, keep_open)
        if code == 0:
            return lines
        said = "\n".join(lines)
        if not any(phrase in said for phrase in BUSY):
            raise DvcError(f"dvc {' '.join(arguments)} in {folder} failed:\n{said}", lines)
        if time.monotonic() > deadline:
            raise DvcBusyError(f"another DVC command kept {folder} busy for {wait_seconds:.0f} s:\n{said}", lines)
        time.sleep(RETRY_SECONDS)


def _run_once(
    folder: Path, arguments: tuple[str, ...], environ: Mapping[str, str], log: Log, keep_open: tuple[int, ...]
) -> tuple[int, list[str]]:
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=dvc_environment(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=keep_open,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            lines.append(line.rstrip())
            if lines[-1] and not line.startswith(_HINTS):
                log(lines[-1])
    return process.returncode, lines
