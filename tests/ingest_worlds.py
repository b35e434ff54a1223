"""Small sources with known rows, for the tests of ingest and the data registry."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pandas as pd

from benchmarks.stated_params import stated
from components.adapters.dvc.data_registry import DataRegistry, VersionAdded
from components.adapters.files.params_file import read_params
from components.config.ingest import IngestConfig
from components.config.settings import Settings, load_settings
from components.interactions.data_version import Provenance
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceTables

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
PARAMS = read_params(Path(__file__).parents[1] / "params.yaml").model_copy(update={"ingest": CONFIG})


def ratings(n: int) -> pd.DataFrame:
    """`n` good ratings as text: 20 users, 50 items, one a minute from 2016 on."""
    rows = range(n)
    return pd.DataFrame(
        {
            "user_id": [f"u{row % 20}" for row in rows],
            "item_id": [f"i{row % 50}" for row in rows],
            "value": [str(1 + row % 5) for row in rows],
            "timestamp": [str(1451606400 + 60 * row) for row in rows],
        }
    )


def films() -> pd.DataFrame:
    """The 50 items of `ratings`."""
    return pd.DataFrame({"item_id": [f"i{n}" for n in range(50)], "title": [f"Film {n}" for n in range(50)]})


def screened(n: int) -> Screened:
    """`ratings(n)` after screening, all good."""
    return screen(SourceTables(ratings(n), films(), None, {}), CONFIG)


def settings_in(folder: Path, **more: str) -> Settings:
    """Settings with all state under `folder`."""
    return load_settings(
        {"RECOPS_HOME": str(folder), **{f"RECOPS_{name.upper()}": text for name, text in more.items()}}
    )


def sha256s(folder: Path) -> dict[str, str]:
    """The digest of each file in `folder`."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def git(folder: Path, *arguments: str) -> str:
    """What Git prints."""
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


def added(registry: DataRegistry, n: int) -> str:
    """The tag of the new version with `screened(n)`."""
    outcome = registry.add_version(screened(n), Provenance("test"))
    assert isinstance(outcome, VersionAdded)
    return outcome.version.tag


def version_tags(registry: DataRegistry) -> list[str]:
    """The tags of all versions, oldest first."""
    return [version.tag for version in registry.versions()]
