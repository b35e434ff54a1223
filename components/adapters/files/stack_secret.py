"""The stack's own secret, in a file beside the event store: what signs is derived from it."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from components.config.settings import Settings

FILE = "stack-secret"


def read_secret(root: Path) -> bytes | None:
    """The secret in the state folder `root`; None where none was made yet."""
    try:
        return (root / FILE).read_bytes()
    except FileNotFoundError:
        return None


def make_secret(root: Path) -> bytes:
    """The secret in `root`, drawn now where there is none; its file is its owner's alone."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(root / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return (root / FILE).read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        drawn = secrets.token_hex(32).encode()
        file.write(drawn)
    return drawn


def prefect_login(settings: Settings) -> str | None:
    """User and password of Prefect's server, which with keys on asks for them; None where it asks for none."""
    if settings.prefect_login is not None:
        return settings.prefect_login.get_secret_value()
    if not settings.keys_on:
        return None
    return f"recops:{hmac.digest(make_secret(settings.root), b'prefect', 'sha256').hex()}"


def user_salt(settings: Settings) -> bytes:
    """Of the pseudonyms of users and the draw of their tiers: the same in all slots and batches, also after a start."""
    if settings.user_salt is not None:
        return settings.user_salt.get_secret_value().encode()
    return hmac.digest(make_secret(settings.root), b"users", "sha256")
