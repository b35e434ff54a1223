"""Runs Git in a repository that recops itself owns, with an identity of its own and never asking anybody anything."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from components.adapters.machine.url_redaction import without_userinfo

BRANCH = "main"
TIMEOUT_SECONDS = 120.0
_OWN_CONFIGURATION = {
    "user.name": "recops",
    "user.email": "recops@localhost",
    "commit.gpgsign": "false",
    "tag.gpgsign": "false",
    "core.hooksPath": os.devnull,
    "core.autocrlf": "false",
    "gc.auto": "0",
}


_LOCATION = frozenset(
    f"GIT_{name}"
    for name in (
        "DIR", "COMMON_DIR", "WORK_TREE", "IMPLICIT_WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY",
        "ALTERNATE_OBJECT_DIRECTORIES", "QUARANTINE_PATH", "NAMESPACE", "PREFIX", "SHALLOW_FILE", "GRAFT_FILE",
        "REPLACE_REF_BASE", "NO_REPLACE_OBJECTS",
    )
)  # fmt: skip
_IDENTITY = ("GIT_AUTHOR_", "GIT_COMMITTER_")


def without_git_location(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what a Git hook or alias sets: where another repository lies, and who commits there.

    How Git reaches a server and signs in there (GIT_SSH_COMMAND, GIT_ASKPASS, GIT_CONFIG_COUNT and so on) stays.
    """
    return {key: value for key, value in environ.items() if key not in _LOCATION and not key.startswith(_IDENTITY)}


class GitError(Exception):
    """Git failed; the message holds the command and what Git said, without the passwords of URLs."""

    def __init__(self, message: str) -> None:
        super().__init__(without_userinfo(message))


class GitRepository:
    """A work tree at `folder`. One process at a time: the caller holds a lock. Slow commands are stopped."""

    def __init__(self, folder: Path, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.folder = folder
        self._timeout_seconds = timeout_seconds

    @property
    def exists(self) -> bool:
        return (self.folder / ".git" / "HEAD").is_file()

    def create(self) -> None:
        """Makes the folder a repository with an identity of its own; harmless on one that is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("init", "--quiet", f"--initial-branch={BRANCH}")
        for key, value in _OWN_CONFIGURATION.items():
            self.run("config", "--local", key, value)

    def run(self, *arguments: str) -> str:
        """What `git ARGUMENTS` prints.

        Raises:
            GitError: Git is missing, ended with an error, or was stopped because it took too long.
        """
        what = f"git {' '.join(arguments)} in {self.folder}"
        try:
            process = subprocess.Popen(
                ["git", "-C", str(self.folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**without_git_location(os.environ), "GIT_TERMINAL_PROMPT": "0"},
                start_new_session=True,  # no terminal for ssh to ask at, and one group to end with all its helpers
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed; recops keeps data and pipeline versions with it") from error
        with process:
            try:
                out, said = process.communicate(timeout=self._timeout_seconds)
            except subprocess.TimeoutExpired:
                # The cause is left out: it quotes the command, and with it a password.
                raise GitError(f"{what}: stopped, as it took more than {self._timeout_seconds:g} s") from None
            finally:
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
        if process.returncode != 0:
            raise GitError(f"{what}: {(said or out).strip()}")
        return out

    def forget_uncommitted(self, to: str) -> None:
        """Takes the work tree to revision `to`, dropping what a killed process left; ignored files stay.

        A lock file left by a killed Git is removed first, which is safe only because the caller holds the lock.
        """
        (self.folder / ".git" / "index.lock").unlink(missing_ok=True)
        self.run("reset", "--hard", "--quiet", to)
        self.run("clean", "-d", "--force", "--quiet")

    def numbered_tags(self, prefix: str) -> list[str]:
        """Tags such as run-1, run-2, run-10 for the prefix "run-", in the order of their numbers."""
        tags = self.run("tag", "--list", f"{prefix}*").split()
        numbers = [int(tag[len(prefix) :]) for tag in tags if tag[len(prefix) :].isdigit()]
        return [f"{prefix}{number}" for number in sorted(numbers)]
