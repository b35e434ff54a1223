"""Removes Bentos and models that nobody can go back to any more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from components.adapters.store.releases.history import read_kept
from components.rollout.retention import models_to_prune, releases_to_prune
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class PrunedReleases:
    """What is gone: Bentos by release, models by version."""

    releases: tuple[str, ...]
    models: tuple[int, ...]


def prune(bench: Workbench, keep: int, with_models: bool, report: Callable[[str], None]) -> PrunedReleases:
    """Remove what retention lets go; what is gone already is passed over. The history itself stays.

    The models go only `with_models`.
    """
    releases, in_slots = read_kept(bench.store.engine)
    chosen = releases_to_prune(releases, in_slots, keep)
    gone = []
    for each in chosen:
        folder = bench.bento_folder(f"recops:{each.release_id}")
        if folder.is_dir():
            shutil.rmtree(folder)
            gone.append(each.release_id)
            report(f"removed the Bento of {each.release_id}, which is {each.state}")
    models = []
    if with_models:
        for version in models_to_prune(releases, chosen, bench.models.named_versions()):
            if bench.models.drop_bundle(version):
                models.append(version)
                report(f"removed the bytes of model version {version}; DVC has them still")
    return PrunedReleases(tuple(gone), tuple(models))
