"""Tells the users of one tenant from those of another: inside, the id of a user carries the name of their tenant.

Whatever is kept by user (history, kept answers, limits, conversations, variants, tombstones) is so kept by tenant as
well, and no query can forget to ask. The users of the stack's own tenant, `DEFAULT`, keep the ids that they have.
"""

from __future__ import annotations

import re

DEFAULT = "default"
"""Whose the release is: it learns from this tenant's events, and is judged and monitored by them. All who ask without a
key are of it. Others are guests: answered by the same release, with a history of their own."""
SEPARATOR = "\x1f"
"""Between tenant and user; no id that comes from outside may hold it."""
MAX_USER_ID = 256
"""Characters that the store keeps of an id, with the tenant."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}").fullmatch


def is_tenant(name: str) -> bool:
    """Whether a tenant may have this name: 1 to 32 small letters, digits and hyphens, no hyphen first."""
    return _NAME(name) is not None


def own_id(tenant: str, name: str) -> str:
    """The id inside of what a tenant calls `name`: a user, or one who pays.

    Raises:
        ValueError: the name is too long beside that of the tenant, or holds the separator.
    """
    if SEPARATOR in name:
        raise ValueError("control characters may not be part of an id")
    if tenant == DEFAULT:
        return name
    if len(name) > (most := MAX_USER_ID - len(tenant) - 1):
        raise ValueError(f"for this tenant an id has at most {most} characters")
    return f"{tenant}{SEPARATOR}{name}"


def tenant_of(own: str) -> str:
    """Whose an id inside is."""
    tenant, separator, _ = own.partition(SEPARATOR)
    return tenant if separator else DEFAULT


def local_id(own: str) -> str:
    """What the tenant calls it."""
    return own.rpartition(SEPARATOR)[2]
