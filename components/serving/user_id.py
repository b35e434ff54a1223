"""The ids of users in the bodies of requests: as a client writes them outside, with their tenant inside.

Whoever parses what came from outside says of which tenant it is (`from_tenant`), and each user that a body names
becomes one of that tenant's. What the stack makes itself, or reads from its store, is parsed without one and taken as
it is.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo

from components.access.tenants import MAX_USER_ID, own_id

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"
_NOR_INSIDE = r"^[^\x00-\x1e\x7f]*$"  # where the tenant's separator may stand


def from_tenant(tenant: str) -> dict[str, str]:
    """The validation context of what a tenant sent."""
    return {"tenant": tenant}


def _owned(user_id: str, info: ValidationInfo) -> str:
    return user_id if info.context is None else own_id(info.context["tenant"], user_id)


def _as_outside(schema: dict[str, Any]) -> None:
    schema["pattern"] = _NO_CONTROL_CHARACTERS


UserId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_USER_ID, pattern=_NOR_INSIDE),
    AfterValidator(_owned),
    Field(json_schema_extra=_as_outside),
]
