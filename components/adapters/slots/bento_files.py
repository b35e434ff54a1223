"""Holds a built package against the listing of its files, so that a damaged or missing one is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from components.adapters.dvc.folder_md5 import file_md5s, listing_md5

LISTING = "files.json"
"""In the package's folder: the md5 of every other file, by path."""
COMPILED = "__pycache__"
"""What Python makes when it runs the code; replicas that share the package make and remove it while others read."""


def list_files(package: Path) -> str:
    """Write the listing; returns its md5, which belongs in the release."""
    md5s = _md5s(package)
    (package / LISTING).write_text(json.dumps(md5s, indent=1, sort_keys=True))
    return listing_md5(md5s)


def listed_md5(package: Path) -> str:
    """What `list_files` returned."""
    return listing_md5(json.loads((package / LISTING).read_text()))


def damage_of(package: Path, md5: str) -> tuple[str, ...]:
    """What is wrong with the package whose listing had this md5 when it was built; each file is named."""
    if not package.is_dir():
        return (f"{package} is missing",)
    found = _md5s(package)
    if listing_md5(found) == md5:
        return ()
    try:
        listed = json.loads((package / LISTING).read_text())
    except (OSError, ValueError) as error:
        return (f"{package / LISTING} is missing or damaged: {error}",)
    return tuple(_differences(package, listed, found)) or (f"{package / LISTING} is not the one that was written",)


def size_mb(package: Path) -> float:
    """Of all its files, in millions of bytes."""
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file()) / 1e6


def _differences(package: Path, listed: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    missing = [f"{package / path} is missing" for path in sorted(listed.keys() - found.keys())]
    extra = [f"{package / path} is not part of it" for path in sorted(found.keys() - listed.keys())]
    both = sorted(listed.keys() & found.keys())
    damaged = [f"{package / path} is damaged" for path in both if listed[path] != found[path]]
    return missing + damaged + extra


def _md5s(package: Path) -> dict[str, str]:
    """Without what Python makes when it runs the code."""
    return {path: md5 for path, md5 in file_md5s(package, COMPILED).items() if path != LISTING}
