"""A release with the files that it serves, which its Bento holds: the live one, or one of the past."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bentos.served_release import ServedRelease, ServedVariant
from components.serving.bundle import ITEMS, Bundle, BundleError, BundleManifest, read_bundle, read_manifest
from components.serving.catalogue import Catalogue, read_catalogue
from jobs.errors import NothingThereError
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class ReleaseFiles:
    """A release whose Bento is still there; `folder` holds its bundles."""

    served: ServedRelease
    folder: Path

    @property
    def release_id(self) -> str:
        """Its id."""
        return self.served.release_id

    @property
    def control(self) -> ServedVariant:
        """Its control, or the only variant."""
        return self.served.control

    @property
    def items(self) -> Catalogue:
        """The items as the control shows them."""
        return _catalogue(self.folder / self.control.bundle / ITEMS)

    def read_manifest(self) -> BundleManifest:
        """What the control's bundle says of itself; raises BundleError where it is damaged."""
        return read_manifest(self.folder / self.control.bundle)

    def read_bundle(self) -> Bundle:
        """The control's bundle; raises NothingThereError where it is damaged, or an older version has made it."""
        try:
            return read_bundle(self.folder / self.control.bundle)
        except BundleError as error:
            raise NothingThereError(f"{self.release_id}: {error}") from error


def live_release(bench: Workbench) -> ReleaseFiles:
    """What answers now.

    Raises:
        NothingThereError: nothing is live, or its Bento is gone.
    """
    release_id = bench.store.releases.routing().live_release
    if release_id is None:
        raise NothingThereError("nothing is live yet; run `recops up`")
    found = release_files(bench, release_id)
    if found is None:
        raise NothingThereError(f"{release_id} is live, but its Bento is gone; promote it again")
    return found


def release_files(bench: Workbench, release_id: str) -> ReleaseFiles | None:
    """The release of this id, None where its Bento is not in the store any more."""
    folder = bench.bento_folder(f"recops:{release_id}") / "src"
    return ReleaseFiles(ServedRelease.read(folder), folder) if folder.is_dir() else None


@lru_cache(maxsize=8)
def _catalogue(path: Path) -> Catalogue:
    return read_catalogue(path)
