"""What is live, as an evaluation of prompts needs it: policy, prompt and catalogue of a release."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bentos.served_release import ServedRelease, ServedVariant
from components.adapters.store.engine import open_engine
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.config.settings import Settings
from components.serving.bundle import ITEMS
from components.serving.catalogue import Catalogue, read_catalogue
from jobs.errors import NothingThereError
from jobs.stack import bento_folder


@dataclass(frozen=True)
class KnownRelease:
    """A release whose Bento is still there; `variant` is its control."""

    release_id: str
    variant: ServedVariant
    folder: Path

    @property
    def items(self) -> Catalogue:
        """The items as it shows them."""
        return _catalogue(self.folder / self.variant.bundle / ITEMS)


def live_release(settings: Settings) -> KnownRelease:
    """What answers now.

    Raises:
        NothingThereError: nothing is live, or its Bento is gone.
    """
    engine = open_engine(settings.store_url)
    try:
        release_id = SqlReleaseStore(engine).routing().live_release
    finally:
        engine.dispose()
    found = known_release(settings, release_id) if release_id else None
    if found is None:
        raise NothingThereError("nothing is live; run `recops up` first")
    return found


def known_release(settings: Settings, release_id: str) -> KnownRelease | None:
    """The release of this id, None where its Bento is not in the store any more."""
    folder = bento_folder(settings, f"recops:{release_id}") / "src"
    if not folder.is_dir():
        return None
    return KnownRelease(release_id, ServedRelease.read(folder).control, folder)


@lru_cache(maxsize=8)
def _catalogue(path: Path) -> Catalogue:
    return read_catalogue(path)
