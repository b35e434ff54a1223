"""States which role may ask which endpoint; the table in docs/security.md is this one."""

from __future__ import annotations

from typing import Literal

Role = Literal["client", "server", "operator", "viewer"]
ROLES: tuple[Role, ...] = ("client", "server", "operator", "viewer")

_ASKING: frozenset[Role] = frozenset({"client", "server", "operator"})
_TRUSTED: frozenset[Role] = frozenset({"server", "operator"})
ALLOWED: dict[str, frozenset[Role]] = {
    "/recommend": _ASKING,
    "/search": _ASKING,
    "/chat": _ASKING,
    "/explain": _ASKING,
    "/onboarding": _ASKING,
    "/similar": _ASKING,
    "/feedback": _ASKING,
    "/prefetch": _TRUSTED,
    "/release": frozenset(ROLES),
    "/openapi.json": frozenset(ROLES),
    "/metrics": frozenset({"operator", "viewer"}),
}
"""By path who may ask it. A client asks for the user of its token alone; what stands here not is open to everybody
(`/livez`, `/readyz`), or the stack's own (`/forget`, `/keep`, `/breakdown`)."""
OWN_PATHS = frozenset({"/forget", "/keep", "/breakdown"})


def may_be_guests(role: Role) -> bool:
    """Whether a tenant other than the stack's own may have keys of this role: no others see or change what is all's."""
    return role in ("client", "server")


def may_name_any_user(role: Role) -> bool:
    """Whether a key of this role speaks for whomever it names, and says what tier a user is of."""
    return role in _TRUSTED
