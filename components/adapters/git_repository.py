"""Runs Git in a repository that recops itself owns, untouched by the user's Git configuration and environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

BRANCH = "main"
_OWN_CONFIGURATION = {
    "user.name": "recops",
    "user.email": "recops@localhost",
    "commit.gpgsign": "false",
    "tag.gpgsign": "false",
    "core.hooksPath": os.devnull,
    "core.autocrlf": "false",
    "gc.auto": "0",
}


class GitError(Exception):
    """Git failed; the message holds the command and what Git said."""


class GitRepository:
    """A work tree at `folder`. One process at a time: the caller holds a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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
            GitError: Git is missing or ended with an error.
        """
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        try:
            done = subprocess.run(
                ["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, env=environ, timeout=120
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed; recops keeps data and pipeline versions with it") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise GitError(f"git {' '.join(arguments)} in {self.folder}: {said}")
        return done.stdout

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
