"""Describes data versions, and names one in params.yaml for training by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.adapters.dvc.data_registry import DataVersion
from jobs.wiring.workbench import Workbench


def use_version(bench: Workbench, tag: str) -> Path:
    """Names the version in params.yaml; returns that file.

    Raises:
        DataRegistryError: there is no such version.
        ParamsError: params.yaml is missing or wrong.
    """
    bench.data.find(tag)
    return bench.set_data_version(tag)


def describe_version(version: DataVersion) -> dict[str, Any]:
    """Where the version is from and what it holds, as plain values."""
    described: dict[str, Any] = version.manifest.model_dump(mode="json", exclude={"format", "version", "digest"})
    return {
        "version": version.tag,
        "created": version.created.isoformat(),
        "commit": version.commit,
        "md5": version.md5,
        **described,
    }
