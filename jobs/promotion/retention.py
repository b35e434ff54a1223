"""Removes Bentos and models that nobody can go back to any more. Imports no Prefect."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import read_kept
from components.config.settings import Settings
from components.rollout.retention import models_to_prune, releases_to_prune
from jobs.stack import bento_folder, existing_store_url

if TYPE_CHECKING:
    from components.adapters.mlflow.registry import ModelRegistry


@dataclass(frozen=True)
class Pruned:
    """What is gone: Bentos by release, models by version."""

    releases: tuple[str, ...]
    models: tuple[int, ...]


def prune(settings: Settings, keep: int, registry: ModelRegistry | None, report: Callable[[str], None]) -> Pruned:
    """Remove what retention lets go; what is gone already is passed over. The history itself stays.

    Without `registry` the models stay.
    """
    releases, in_slots = read_kept(open_engine(existing_store_url(settings)))
    chosen = releases_to_prune(releases, in_slots, keep)
    gone = []
    for each in chosen:
        folder = bento_folder(settings, f"recops:{each.release_id}")
        if folder.is_dir():
            shutil.rmtree(folder)
            gone.append(each.release_id)
            report(f"removed the Bento of {each.release_id}, which is {each.state}")
    models = []
    if registry is not None:
        for version in models_to_prune(releases, chosen, registry.named_versions()):
            if registry.drop_bundle(version):
                models.append(version)
                report(f"removed the bytes of model version {version}; DVC has them still")
    return Pruned(tuple(gone), tuple(models))
