"""Seals the bundles that our own pipeline made and the Bentos built from them, and holds what is there against that."""

from __future__ import annotations

import time
from pathlib import Path

from components.access.bundle_seal import bundle_sha256, make_seal, why_broken
from components.adapters.files.folder_sha256 import file_sha256s
from components.adapters.files.stack_secret import make_secret, read_secret
from components.adapters.slots.sealed_bento import faults_of, package_sha256
from components.rollout.release import Release
from jobs.wiring.workbench import Workbench


def seal_bundle(bench: Workbench, bundle_md5: str, bundle: Path) -> None:
    """Keeps what the folder `bundle`, as the pipeline made it, holds."""
    digest = bundle_sha256(file_sha256s(bundle))
    bench.store.seals.put(make_seal(make_secret(bench.settings.root), bundle_md5, digest, time.time()))


def why_not_ours(bench: Workbench, bundle_md5: str, bundle: Path) -> str | None:
    """Why the folder `bundle` may not be used; None where it is what was sealed."""
    digest = bundle_sha256(file_sha256s(bundle))
    return why_broken(bench.store.seals.find(bundle_md5), read_secret(bench.settings.root), bundle_md5, digest)


def seal_bento(bench: Workbench, md5: str, package: Path) -> None:
    """Keeps what a Bento holds now that it is built; `md5` is that of its listing."""
    bench.store.seals.put(make_seal(make_secret(bench.settings.root), md5, package_sha256(package), time.time()))


def bento_faults(bench: Workbench, release: Release) -> tuple[str, ...]:
    """What is missing or changed of the release's Bento; empty where nothing is, or nothing is known of it."""
    md5 = release.summary.get("bento_md5")
    if md5 is None:
        return ()
    package = bench.bento_folder(release.bento_tag)
    return faults_of(package, md5, bench.store.seals.find(md5), read_secret(bench.settings.root))
