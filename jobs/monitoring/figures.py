"""What a monitor run wants to know from beside the request log: what answers, and whether training saw the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.prefect_api import PrefectApi, PrefectApiError
from components.interactions.data_version import INTERACTIONS_FILE, ITEMS_FILE
from components.serving.bundle import Bundle
from jobs.errors import NothingThereError
from jobs.live_release import release_files
from jobs.wiring.workbench import Workbench
from monitoring.catalogue import WatchedCatalogue
from monitoring.drift.skew import Skew, compare_features

DAY = 86_400.0


@dataclass(frozen=True)
class JudgedTime:
    """The time to judge at (seconds since 1970), and seconds of window and horizon."""

    at: float
    seconds: float
    horizon: float


def live_bundle(bench: Workbench, release_id: str | None) -> Bundle | None:
    """The bundle that answers; None where nothing is live, its files are gone, or an older version has made it."""
    try:
        files = release_files(bench, release_id) if release_id else None
        return files.read_bundle() if files else None
    except (NothingThereError, OSError, ValueError):
        return None


def find_skew(
    registry: DataRegistry, bundle: Bundle | None, catalogue: WatchedCatalogue, log: Callable[[str], None]
) -> Skew | None:
    """Serving's features against the data version that the bundle names; None where that is not to be had."""
    if bundle is None:
        return None
    import pandas as pd

    try:
        with tempfile.TemporaryDirectory(prefix="recops-monitor-") as scratch:
            folder = Path(scratch)
            registry.get(bundle.manifest.data_version, folder)
            interactions, items = (pd.read_parquet(folder / name) for name in (INTERACTIONS_FILE, ITEMS_FILE))
    except (DataRegistryError, OSError) as error:
        log(f"training data of {bundle.manifest.data_version} cannot be read, so skew is not judged: {error}")
        return None
    return compare_features(interactions, items, catalogue)


def count_flow_runs(prefect: PrefectApi, now: float) -> dict[tuple[str, str], int]:
    """Runs of the last 24 hours; none where Prefect does not answer."""
    try:
        return prefect.run_counts(datetime.fromtimestamp(now - DAY, UTC).isoformat())
    except PrefectApiError:
        return {}
