"""Notices what is missing or changed of the Bentos that the slots should run, before they are started."""

from __future__ import annotations

from pathlib import Path

from components.rollout.release import Release
from jobs.access.seal_bundles import bento_faults
from jobs.errors import NothingThereError
from jobs.store.back_up import BENTOS, FOLDER
from jobs.wiring.workbench import Workbench


def check_bentos(bench: Workbench) -> tuple[str, ...]:
    """What is wrong, a line each, where the stack can still answer or no backup helps.

    Raises:
        NothingThereError: the live release's Bento is missing or not what was built; says what brings it back.
    """
    routing = bench.store.releases.routing()
    said = []
    for slot, release_id in routing.releases.items():
        if release_id is None or not routing.should_run[slot]:
            continue
        release = bench.store.releases.release(release_id)
        faults = bento_faults(bench, release)
        if not faults:
            continue
        remedy = _remedy(bench, release)
        wrong = f"{release_id} ({slot}) is not what was built: {'; '.join(faults[:3])}"
        if slot == routing.live_slot and remedy is not None:
            raise NothingThereError(f"{wrong}; {remedy}")
        otherwise = "no backup holds it; `recops rollback` if it is live, then promote again"
        said.append(f"{wrong}; {remedy or otherwise}")
    return tuple(said)


def _remedy(bench: Workbench, release: Release) -> str | None:
    """The command that puts the backup's copy back; None where there is none."""
    package = bench.bento_folder(release.bento_tag)
    copy = bench.settings.root / FOLDER / BENTOS / package.name
    if not copy.is_dir():
        return None
    aside = f"mv {package} {_aside(package)} && " if package.exists() else ""
    return f"put the backup's copy back: `{aside}cp -r {copy} {package}`"


def _aside(package: Path) -> Path:
    """Outside of the Bento store, which takes every folder in it for a version."""
    return package.parents[3] / f"damaged-{package.name}"
