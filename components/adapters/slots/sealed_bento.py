"""Says whether a built package is still what was built, by digests that lie outside of it, signed with a secret."""

from __future__ import annotations

from pathlib import Path

from components.access.bundle_seal import BundleSeal, bundle_sha256, why_broken
from components.adapters.files.folder_sha256 import file_sha256s
from components.adapters.slots.bento_files import COMPILED, LISTING, damage_of


def package_sha256(package: Path) -> str:
    """Of all its files but the listing and what Python makes when it runs the code."""
    files = file_sha256s(package, COMPILED)
    return bundle_sha256({path: digest for path, digest in files.items() if path != LISTING})


def faults_of(package: Path, md5: str, seal: BundleSeal | None, secret: bytes | None) -> tuple[str, ...]:
    """What differs from the package whose listing had this md5 when it was built, each file named; empty if nothing.

    Without a seal, as packages from before have none, or without the secret the md5 alone decides.
    """
    damage = damage_of(package, md5)
    if damage or seal is None or secret is None:
        return damage
    broken = why_broken(seal, secret, md5, package_sha256(package))
    return () if broken is None else (f"{package}: {broken}",)
