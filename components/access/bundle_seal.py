"""Signs what a bundle holds with the stack's secret: who serves its bytes cannot also say what they should be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BundleSeal:
    """What is kept of a bundle when it was made.

    Attributes:
        bundle_md5: by which DVC and MLflow know it.
        sha256: of all its files with their paths.
        seal: the signature of both.
    """

    bundle_md5: str
    sha256: str
    seal: str
    sealed_at: float


def bundle_sha256(files: Mapping[str, str]) -> str:
    """The digest of a bundle, from the SHA-256 of each file by its path."""
    lines = [f"{files[path]} {len(path.encode())} {path}\n" for path in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def make_seal(secret: bytes, bundle_md5: str, sha256: str, now: float) -> BundleSeal:
    """The seal of a bundle at `now` (seconds since 1970)."""
    return BundleSeal(bundle_md5, sha256, _signature(secret, bundle_md5, sha256), now)


def why_broken(seal: BundleSeal | None, secret: bytes | None, bundle_md5: str, sha256: str) -> str | None:
    """Why a bundle with this digest may not be used; None where it is what was sealed."""
    if seal is None:
        return "it was never sealed by this stack; run retrain/default, which seals what its own pipeline made"
    if secret is None or not hmac.compare_digest(seal.seal, _signature(secret, seal.bundle_md5, seal.sha256)):
        return "its seal is not of this stack's secret; restore .recops/stack-secret, or retrain"
    if (seal.bundle_md5, seal.sha256) != (bundle_md5, sha256):
        return f"its bytes are not those that were sealed (SHA-256 {seal.sha256[:12]}…, found {sha256[:12]}…)"
    return None


def _signature(secret: bytes, bundle_md5: str, sha256: str) -> str:
    return hmac.new(secret, f"bundle {bundle_md5} {sha256}".encode(), hashlib.sha256).hexdigest()
