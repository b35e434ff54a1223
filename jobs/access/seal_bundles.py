"""Seals the bundles that our own pipeline made, and holds those that MLflow gives against their seals."""

from __future__ import annotations

import time
from pathlib import Path

from components.access.bundle_seal import bundle_sha256, make_seal, why_broken
from components.adapters.files.folder_sha256 import file_sha256s
from components.adapters.files.stack_secret import make_secret, read_secret
from jobs.wiring.workbench import Workbench


def seal_bundle(bench: Workbench, bundle_md5: str, bundle: Path) -> None:
    """Keeps what the folder `bundle`, as the pipeline made it, holds."""
    digest = bundle_sha256(file_sha256s(bundle))
    bench.store.seals.put(make_seal(make_secret(bench.settings.root), bundle_md5, digest, time.time()))


def why_not_ours(bench: Workbench, bundle_md5: str, bundle: Path) -> str | None:
    """Why the folder `bundle` may not be used; None where it is what was sealed."""
    digest = bundle_sha256(file_sha256s(bundle))
    return why_broken(bench.store.seals.find(bundle_md5), read_secret(bench.settings.root), bundle_md5, digest)
