"""Computes the md5 that DVC gives a folder, without DVC, so that any copy can be held against dvc.lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from components.adapters.files.folder_files import files_in


def file_md5s(folder: Path, passing_over: str | None = None) -> dict[str, str]:
    """The md5 of each file under `folder`, by its path inside the folder (with `/`); see `files_in`."""
    files = files_in(folder, passing_over)
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files}  # noqa: S324


def dvc_folder_md5(folder: Path) -> str:
    """What dvc.lock says of an output that is a folder with these contents: an md5 followed by `.dir`.

    DVC 3 hashes the listing of the folder, sorted by path, as JSON (dvc_data.hashfile.tree.Tree.as_bytes).
    """
    return listing_md5(file_md5s(folder))


def listing_md5(md5s: Mapping[str, str]) -> str:
    """`dvc_folder_md5` of a folder known only by the md5 of each of its files."""
    listing = [{"md5": md5s[path], "relpath": path} for path in sorted(md5s)]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"  # noqa: S324
