"""What a key is: text that is shown once, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from components.access.roles import Role
from components.access.tenants import DEFAULT

PREFIX = "rk"
ID_BYTES, SECRET_BYTES = 6, 32
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})").fullmatch


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key; moments are seconds since 1970.

    Attributes:
        digest: SHA-256 of the secret, which is 256 bits of chance: no guessing finds it, so nothing slower is needed. A
            guest's tenant is part of it: whoever moves a key to another tenant in the store makes it useless, and a
            release that knows no tenants yet opens to none of their keys.
    """

    key_id: str
    name: str
    role: Role
    digest: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    tenant: str = DEFAULT

    def is_good(self, now: float) -> bool:
        """Whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def is_opened_by(self, secret: str) -> bool:
        """Whether it is the key with this secret, in a time that does not tell how near another one comes."""
        return hmac.compare_digest(self.digest, digest_of(secret, self.tenant))


def draw_key(draw: Callable[[int], bytes], tenant: str = DEFAULT) -> tuple[str, str, str]:
    """The text of a new key of a tenant, its id and its digest; `draw` gives so many bytes of chance."""
    key_id, secret = draw(ID_BYTES).hex(), draw(SECRET_BYTES).hex()
    return f"{PREFIX}_{key_id}_{secret}", key_id, digest_of(secret, tenant)


def parse_key(text: str) -> tuple[str, str] | None:
    """Id and secret of the key that `text` is; None where it is none."""
    match = _FORM(text)
    return None if match is None else (match[1], match[2])


def digest_of(secret: str, tenant: str = DEFAULT) -> str:
    """What is kept of the secret of a tenant's key."""
    return hashlib.sha256((secret if tenant == DEFAULT else f"{secret} of {tenant}").encode()).hexdigest()
