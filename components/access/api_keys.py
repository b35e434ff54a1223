"""What a key is: text that is shown once, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from components.access.roles import Role

PREFIX = "rk"
ID_BYTES, SECRET_BYTES = 6, 32
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})").fullmatch


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key; moments are seconds since 1970.

    Attributes:
        digest: SHA-256 of the secret, which is 256 bits of chance: no guessing finds it, so nothing slower is needed.
    """

    key_id: str
    name: str
    role: Role
    digest: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None

    def is_good(self, now: float) -> bool:
        """Whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def draw_key(draw: Callable[[int], bytes]) -> tuple[str, str, str]:
    """The text of a new key, its id and its digest; `draw` gives so many bytes of chance."""
    key_id, secret = draw(ID_BYTES).hex(), draw(SECRET_BYTES).hex()
    return f"{PREFIX}_{key_id}_{secret}", key_id, digest_of(secret)


def parse_key(text: str) -> tuple[str, str] | None:
    """Id and digest of the key that `text` is; None where it is none."""
    match = _FORM(text)
    return None if match is None else (match[1], digest_of(match[2]))


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(mine: str, theirs: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(mine, theirs)
