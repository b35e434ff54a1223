"""The Git half of the data registry: its commits and tags, shared through a URL where one is set."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from components.adapters.dvc.command import configure_dvc
from components.adapters.dvc.git_repository import BRANCH, TIMEOUT_SECONDS, GitError, GitRepository
from components.adapters.dvc.objects import create_dvc
from components.adapters.machine.url_redaction import without_userinfo
from components.config.settings import Settings
from components.interactions.data_version import MANIFEST_FILE, TAG_PREFIX, DataManifest

_REMOTE_BRANCH = f"refs/remotes/shared/{BRANCH}"
_REMOTE_TAGS = "refs/remotes/shared-tags"


class RegistryGit:
    """The Git repository at `settings.registry_folder`; writing methods are called by the holder of the lock.

    All methods raise GitError when Git fails.
    """

    def __init__(self, settings: Settings, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._settings = settings
        self._url = None if settings.data_registry_url is None else settings.data_registry_url.get_secret_value()
        self._git = GitRepository(settings.registry_folder, timeout_seconds)

    def create_if_missing(self) -> None:
        """Makes the repository, or clones the shared one; a kill on the way leaves nothing that looks like it."""
        folder = self._settings.registry_folder
        if not self._git.exists:
            building = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(building, ignore_errors=True)
            git = GitRepository(building)
            git.create()
            if self._url is not None:
                _fetch(git, self._url)
                if _has(git, _REMOTE_BRANCH):
                    git.run("reset", "--hard", "--quiet", _REMOTE_BRANCH)
            self._configure(building)
            git.run("add", "--all")
            if git.run("status", "--porcelain"):
                git.run("commit", "--quiet", "--message", "Create the data registry")
            building.rename(folder)
        self._configure(folder)

    def recover(self) -> None:
        """Drops what a killed ingest left uncommitted, and completes what it left committed."""
        for lock in (self._git.folder / ".git").rglob("*.lock"):
            lock.unlink(missing_ok=True)
        self._git.forget_uncommitted("HEAD")
        self._git.run("checkout", "--force", "--quiet", BRANCH)
        if self._url is not None:
            self.fetch()
            self._join_shared()
        if _has(self._git, f"HEAD:{MANIFEST_FILE}"):
            tag = DataManifest.from_json(self.show("HEAD", MANIFEST_FILE)).version
            if tag not in self.tags():
                self._git.run("tag", tag)
        if self._url is not None and self._ahead():
            self._push()

    def fetch(self) -> None:
        """Learns the shared repository's commits and tags, where there is one."""
        if self._url is not None:
            _fetch(self._git, self._url)

    def tags(self) -> list[str]:
        """The tags of all versions, oldest first; none when there is no repository yet."""
        return self._git.numbered_tags(TAG_PREFIX) if self._git.exists else []

    def newest_tag(self) -> str | None:
        """The tag of the newest version."""
        tags = self.tags()
        return tags[-1] if tags else None

    def next_tag(self) -> str:
        """The tag of the version to come."""
        newest = self.newest_tag()
        return f"{TAG_PREFIX}{1 + (int(newest.removeprefix(TAG_PREFIX)) if newest else 0)}"

    def commit_version(self, tag: str, subject: str, files: list[str]) -> None:
        """Commits `files`, tags the commit, and shares both; when sharing fails the commit and the tag are undone."""
        self._git.run("add", ".gitignore", *files)
        self._git.run("commit", "--quiet", "--message", subject)
        self._git.run("tag", tag)
        try:
            if self._url is not None:
                self._push()
        except GitError as error:
            self._git.run("tag", "--delete", tag)
            self._git.run("reset", "--hard", "--quiet", "HEAD~1")
            raise GitError(f"{tag} was not made, because it could not be shared; ingest again: {error}") from error

    def commit_of(self, tag: str) -> tuple[str, datetime]:
        """The hash and the time of the commit that `tag` names."""
        commit, created = self._git.run("log", "--max-count=1", "--format=%H %cI", tag).split()
        return commit, datetime.fromisoformat(created)

    def show(self, rev: str, name: str) -> str:
        """The text of the file `name` as of `rev`."""
        return self._git.run("show", f"{rev}:{name}")

    def _configure(self, folder: Path) -> None:
        remote = self._settings.dvc_remote
        shown = without_userinfo(remote)
        if not (folder / ".dvc" / "config").is_file():
            create_dvc(folder, shown)
        secret = None if shown == remote else remote
        configure_dvc(folder, self._settings.dvc_cache_folder, self._settings.root / "dvc-state", secret)

    def _join_shared(self) -> None:
        """Takes the branch to the shared one; an unshared commit that another machine overtook is dropped."""
        if not _has(self._git, _REMOTE_BRANCH):
            return
        counts = self._git.run("rev-list", "--left-right", "--count", f"HEAD...{_REMOTE_BRANCH}").split()
        behind = int(counts[1])
        if behind:
            self._git.run("reset", "--hard", "--quiet", _REMOTE_BRANCH)

    def _ahead(self) -> bool:
        """Whether this repository has a commit or a tag that the shared one lacks."""
        shared = set(self._git.run("for-each-ref", "--format=%(refname:lstrip=3)", _REMOTE_TAGS).split())
        if set(self.tags()) - shared or not _has(self._git, _REMOTE_BRANCH):
            return True
        return self._git.run("rev-parse", "HEAD") != self._git.run("rev-parse", _REMOTE_BRANCH)

    def _push(self) -> None:
        assert self._url is not None  # noqa: S101 - asked by the callers
        refs = [f"refs/tags/{tag}" for tag in self.tags()]
        self._git.run("push", "--atomic", "--quiet", self._url, f"refs/heads/{BRANCH}", *refs)


def _fetch(git: GitRepository, url: str) -> None:
    # Tags are forced (+): where two machines made the same version at once, the one that shared it first is right.
    git.run(
        "fetch",
        "--quiet",
        "--no-tags",
        url,
        f"+refs/heads/{BRANCH}*:{_REMOTE_BRANCH}*",
        f"+refs/tags/{TAG_PREFIX}*:{_REMOTE_TAGS}/{TAG_PREFIX}*",
        f"+refs/tags/{TAG_PREFIX}*:refs/tags/{TAG_PREFIX}*",
    )


def _has(git: GitRepository, rev: str) -> bool:
    try:
        git.run("rev-parse", "--verify", "--quiet", rev)
    except GitError:
        return False
    return True
