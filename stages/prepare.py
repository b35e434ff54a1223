"""Stage 1: fetches the data version that params name and prepares its tables."""

from __future__ import annotations

from components.adapters.dvc.data_registry import DataRegistryError, fetch_version
from components.config.settings import SettingsError, load_settings
from components.interactions.prepared import PreparationError, prepare
from components.interactions.source import ITEM_VECTORS
from components.params.params import Params
from stages.stage import DATA, PREPARED, find_item_vectors, read_table, run_stage, write_table


def prepare_version(params: Params) -> str:
    """artifacts/data holds the version byte for byte, artifacts/prepared what training starts from."""
    version = fetch_version(load_settings(), params.data.version, DATA)
    interactions, items, users = (read_table(DATA, name) for name in ("interactions", "items", "users"))
    prepared = prepare(interactions, items, users, params.prepare.positive_threshold, version.manifest.timed)
    write_table(PREPARED, "interactions", prepared.interactions)
    write_table(PREPARED, "items", prepared.items)
    write_table(PREPARED, "users", prepared.users)
    vectors = find_item_vectors(DATA)
    if vectors is not None:
        write_table(PREPARED, ITEM_VECTORS, vectors)
    counts = f"{len(prepared.interactions)} interactions, {len(prepared.users)} users, {len(prepared.items)} items"
    return f"{params.data.version}: {counts}"


if __name__ == "__main__":
    run_stage(prepare_version, SettingsError, DataRegistryError, PreparationError)
