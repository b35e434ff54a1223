"""Keeps the versions of the data in a Git + DVC repository of its own: one commit and one tag for each version.

A version is pushed to the DVC remote before it is committed, committed before it is tagged, and tagged before it is
pushed to Git, so that whatever a kill leaves behind is either dropped or completed by the next ingest.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from components.adapters.dvc.git_repository import GitError
from components.adapters.dvc.objects import DvcObjects, DvcObjectsError
from components.adapters.dvc.registry_git import RegistryGit
from components.adapters.dvc.version_files import content_digest, file_digests, write_version_files
from components.adapters.machine.file_lock import LockTimeoutError, exclusive_lock
from components.adapters.machine.url_redaction import without_userinfo
from components.config.settings import Settings
from components.interactions.data_version import (
    DATA_FOLDER,
    MANIFEST_FILE,
    DataManifest,
    ManifestError,
    Provenance,
    describe_version,
)

if TYPE_CHECKING:
    from components.interactions.screening import Screened

POINTER_FILE = f"{DATA_FOLDER}.dvc"


class DataRegistryError(Exception):
    """The data registry cannot do what was asked; the message says why and what to do."""


class UnknownVersionError(DataRegistryError):
    """No version has this tag; the message lists those there are."""


@dataclass(frozen=True)
class DataVersion:
    """A version: its tag, when it was committed and as what, DVC's md5 of its files, and its manifest."""

    tag: str
    created: datetime
    commit: str
    md5: str
    manifest: DataManifest


@dataclass(frozen=True)
class VersionAdded:
    """The data had changed, and is now `version`."""

    version: DataVersion


@dataclass(frozen=True)
class NothingChanged:
    """The data is that of `version`, the latest, so no version was made."""

    version: DataVersion


class DataRegistry:
    """The registry in `settings.registry_folder`, made when first needed; writers take turns.

    With `settings.data_registry_url` it is a clone of the Git repository there, which several machines may share.
    """

    def __init__(self, settings: Settings, lock_wait_seconds: float = 600.0) -> None:
        self._settings = settings
        self._lock_wait_seconds = lock_wait_seconds
        self._git = RegistryGit(settings)
        self._dvc = DvcObjects(
            folder=settings.registry_folder,
            cache=settings.dvc_cache_folder,
            state=settings.root / "dvc-state",
            remote=settings.dvc_remote,
        )

    def add_version(self, screened: Screened, provenance: Provenance) -> VersionAdded | NothingChanged:
        """Makes `screened` the next version, unless it is the latest one already.

        `provenance` is only recorded. What a killed ingest left behind is put in order first.

        Raises:
            DataRegistryError: Git, DVC or a remote failed; no version was made.
        """
        with self._as_own_error(), self._locked():
            self._git.create_if_missing()
            self._git.recover()
            staging = self._settings.root / "registry.staging"
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            write_version_files(staging, screened)
            files = file_digests(staging)
            digest = content_digest(files, screened.quarantine)
            tag = self._git.newest_tag()
            latest = None if tag is None else self._version(tag)
            if latest is not None and latest.manifest.digest == digest:
                shutil.rmtree(staging)
                return NothingChanged(latest)
            tag = self._git.next_tag()
            manifest = describe_version(screened, tag, provenance, files, digest)
            self._store(staging, manifest)
            return VersionAdded(self._version(manifest.version))

    def versions(self) -> list[DataVersion]:
        """All versions, oldest first; none when there has been no ingest.

        Raises:
            DataRegistryError: the Git repository cannot be read or reached.
        """
        with self._as_own_error():
            self._synchronise()
            return [self._version(tag) for tag in self._git.tags()]

    def latest(self) -> DataVersion | None:
        """The newest version, None when there has been no ingest.

        Raises:
            DataRegistryError: the Git repository cannot be read or reached.
        """
        with self._as_own_error():
            self._synchronise()
            tag = self._git.newest_tag()
            return None if tag is None else self._version(tag)

    def find(self, tag: str) -> DataVersion:
        """The version with this tag. A tag that is here already is not asked for over the network.

        Raises:
            UnknownVersionError: there is none.
            DataRegistryError: the Git repository cannot be read or reached.
        """
        with self._as_own_error():
            if tag not in self._git.tags():
                self._synchronise()
            known = self._git.tags()
            if tag not in known:
                there = f"there are {', '.join(known)}" if known else "there is none yet; make one with an ingest"
                raise UnknownVersionError(f"the data registry has no version {tag!r}; {there}")
            return self._version(tag)

    def get(self, tag: str, folder: Path) -> DataVersion:
        """Writes the files of the version, byte for byte, and its manifest into `folder`, made when missing.

        Files of other names that are there stay. The bytes come from the cache, or from the DVC remote when the
        cache does not have them or has them damaged, and are held against the manifest's sha256.

        Raises:
            UnknownVersionError: there is no such version.
            DataRegistryError: the bytes are lost, or the registry cannot be read or reached.
        """
        version = self.find(tag)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".data-", dir=folder) as scratch, self._as_own_error():
            whole = self._read_whole(version, Path(scratch))
            (whole / MANIFEST_FILE).write_text(version.manifest.to_json())
            for path in sorted(whole.iterdir()):
                path.replace(folder / path.name)
        return version

    def _read_whole(self, version: DataVersion, scratch: Path) -> Path:
        found = scratch / "cached"
        try:
            self._dvc.read(DATA_FOLDER, version.tag, found)
        except DvcObjectsError:
            found.mkdir(exist_ok=True)
        if file_digests(found) != version.manifest.files:
            found = scratch / "remote"
            self._dvc.read(DATA_FOLDER, version.tag, found, cache=scratch / "no-cache")
        if file_digests(found) != version.manifest.files:
            remote = without_userinfo(self._settings.dvc_remote)
            raise DataRegistryError(
                f"{version.tag}: the bytes in {remote} are not those of its manifest; "
                "restore the DVC remote from a backup"
            )
        return found

    def _store(self, staging: Path, manifest: DataManifest) -> None:
        folder = self._settings.registry_folder
        shutil.rmtree(folder / DATA_FOLDER, ignore_errors=True)
        staging.rename(folder / DATA_FOLDER)
        self._dvc.add(DATA_FOLDER)
        self._dvc.push(DATA_FOLDER)
        (folder / MANIFEST_FILE).write_text(manifest.to_json())
        subject = f"{manifest.version}: {manifest.source}"
        self._git.commit_version(manifest.version, subject, [POINTER_FILE, MANIFEST_FILE])

    def _version(self, tag: str) -> DataVersion:
        commit, created = self._git.commit_of(tag)
        try:
            manifest = DataManifest.from_json(self._git.show(tag, MANIFEST_FILE))
        except ManifestError as error:
            raise DataRegistryError(f"{tag} in {self._settings.registry_folder}: {error}") from error
        pointer = yaml.safe_load(self._git.show(tag, POINTER_FILE))
        return DataVersion(tag, created, commit, str(pointer["outs"][0]["md5"]), manifest)

    def _synchronise(self) -> None:
        if self._settings.data_registry_url is not None:
            with self._locked():
                self._git.create_if_missing()
                self._git.fetch()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with exclusive_lock(self._settings.root / "registry.lock", self._lock_wait_seconds):
            yield

    @contextmanager
    def _as_own_error(self) -> Iterator[None]:
        try:
            yield
        except (GitError, DvcObjectsError, LockTimeoutError, OSError) as error:
            raise DataRegistryError(f"data registry: {' '.join(str(error).split())}") from error


def fetch_version(settings: Settings, tag: str, folder: Path) -> DataVersion:
    """Writes the files of the version `tag` into `folder`; see DataRegistry.get.

    Raises:
        UnknownVersionError: there is no such version.
        DataRegistryError: the bytes are lost, or the registry cannot be read or reached.
    """
    return DataRegistry(settings).get(tag, folder)
