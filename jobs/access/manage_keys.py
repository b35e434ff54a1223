"""Makes, lists, rotates and takes back keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from components.access.api_keys import ApiKey, draw_key
from components.access.roles import Role, may_be_guests
from components.access.tenants import DEFAULT, is_tenant
from components.access.user_token import signing_secret
from components.adapters.files.stack_secret import make_secret
from jobs.wiring.workbench import Workbench

DAY = 86_400.0


class TenantRefused(Exception):
    """No such key can be made for a tenant; the message says why."""


class KeyUnknown(Exception):
    """There is no such key, or it opens nothing any more."""


@dataclass(frozen=True)
class NewKey:
    """A key as it is shown, once; a client's has a secret to sign tokens with."""

    key: ApiKey
    text: str
    signing_secret: str | None


def make(
    bench: Workbench,
    name: str,
    role: Role,
    days: float | None,
    now: float,
    by: str,
    draw: Callable[[int], bytes] = secrets.token_bytes,
    tenant: str = DEFAULT,
) -> NewKey:
    """A new key of `tenant`, which ends after `days`, or never.

    Raises:
        TenantRefused: it is no name of a tenant, or the role is none for guests.
    """
    if not is_tenant(tenant):
        raise TenantRefused(f"a tenant is 1 to 32 small letters, digits and hyphens, not {tenant!r}")
    if tenant != DEFAULT and not may_be_guests(role):
        raise TenantRefused(f"a key of the role {role} sees or changes the whole stack, so it is of no other tenant")
    text, key_id, digest = draw_key(draw, tenant)
    key = ApiKey(key_id, name, role, digest, now, None if days is None else now + days * DAY, tenant=tenant)
    secret = make_secret(bench.settings.root)
    bench.store.keys.add(key, by)
    return NewKey(key, text, signing_secret(secret, key_id) if role == "client" else None)


def rotate(bench: Workbench, key_id: str, grace_days: float, now: float, by: str) -> NewKey:
    """A key of the same name, role, tenant and length; the old one goes on for `grace_days`.

    Raises:
        KeyUnknown: there is no such good key.
    """
    old = _good(bench, key_id, now)
    days = None if old.expires_at is None else (old.expires_at - old.created_at) / DAY
    fresh = make(bench, old.name, old.role, days, now, by, tenant=old.tenant)
    bench.store.keys.expire(key_id, now + grace_days * DAY, now, by)
    return fresh


def revoke(bench: Workbench, key_id: str, now: float, by: str) -> None:
    """Takes a key back; no slot opens to it a second later.

    Raises:
        KeyUnknown: there is no such key, or it was taken back before.
    """
    if not bench.store.keys.revoke(key_id, now, by):
        raise KeyUnknown(f"there is no key {key_id!r} to take back; `recops keys list` shows them")


def _good(bench: Workbench, key_id: str, now: float) -> ApiKey:
    for key in bench.store.keys.all():
        if key.key_id == key_id and key.is_good(now):
            return key
    raise KeyUnknown(f"there is no good key {key_id!r}; `recops keys list` shows them")
