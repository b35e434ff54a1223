"""Decides at the door of a slot who asks and whether they may: by key and role, token, and how much they asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bentos.caller import ADDRESS, FORWARDED, Caller, caller_of
from bentos.http_body import Scope
from bentos.http_errors import HttpError, retry_after
from bentos.key_ring import KeyRing
from components.access.api_keys import ApiKey
from components.access.roles import ALLOWED, OWN_PATHS, may_name_any_user
from components.access.tenants import own_id
from components.access.user_token import TokenError, read_token
from components.serving.allowance import MakeAllowance, own_purses
from components.serving.requests import MAX_PREFETCH

AUTHORIZATION, USER_TOKEN = b"authorization", b"x-recops-user-token"
BURST_SECONDS = 10.0
"""Who has not asked for a while may ask at once what so many seconds allow."""
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)


@dataclass(frozen=True)
class RequestLimits:
    """Requests a minute: of one user, of one client's or guest's key, and from one address other than this machine's;
    and answers made ahead for one key or address."""

    per_user: float
    per_key: float
    per_address: float
    prefetched: float


class Door:
    """One per process.

    Args:
        ring: the keys; None lets everybody in who reaches the slot, as on a machine of one's own.
        secret_of: with what the owner of a key signs tokens, by the key's id.
        trusts_peers: take the stack's own mark from other machines too, where a network policy keeps strangers away.
        now: seconds since 1970.
        purses: makes those of a limit, which other processes may share.
    """

    def __init__(
        self,
        ring: KeyRing | None,
        secret_of: Callable[[str], str],
        limits: RequestLimits,
        trusts_peers: bool,
        now: Callable[[], float],
        purses: MakeAllowance = own_purses,
    ) -> None:
        self._ring = ring
        self._secret_of = secret_of
        self._trusts_peers = trusts_peers
        self._now = now
        self._users = purses("users", *_filling(limits.per_user))
        self._keys = purses("keys", *_filling(limits.per_key))
        self._addresses = purses("addresses", *_filling(limits.per_address))
        self._prefetched = purses("prefetched", limits.prefetched / 60, MAX_PREFETCH)

    def admit(self, path: str, headers: dict[bytes, bytes], scope: Scope, own: bool) -> Caller:
        """Who asks for `path`; `own` is whether the request carries the stack's own mark, which the gateway strips.

        The stack's own processes, which do not come through the gateway, need no key to read, nor with that mark.

        Raises:
            HttpError: 401 no good key, 403 a key that may not, 429 too many requests.
        """
        caller = caller_of(headers, scope)
        past_gateway = FORWARDED in headers or ADDRESS in headers  # whoever wrote them: the stack itself writes neither
        direct = not past_gateway and (self._trusts_peers or not caller.address)
        if (own and self._ring is None) or (direct and (own or scope["method"] != "POST")):
            return caller
        allowed = ALLOWED.get(path)
        if self._ring is not None and path in OWN_PATHS:
            raise HttpError(404, "not_found", f"there is nothing at {path}")
        if allowed is None:
            return caller
        if self._ring is not None:
            key = self._key(headers, self._ring)
            if key.role not in allowed:
                raise HttpError(403, "not_allowed", f"a key of the role {key.role} may not ask {path}")
            user = None if may_name_any_user(key.role) else self._user(headers, key)
            caller = replace(caller, key_id=key.key_id, role=key.role, user=user, tenant=key.tenant)
        self._hold_to_limits(caller)
        return caller

    def charge_prefetch(self, caller: Caller, answers: int) -> None:
        """Counts answers that are to be made ahead, of which each may cost what a request costs.

        Raises:
            HttpError: 429, more than one may have made.
        """
        name = caller.key_id or caller.address or "this machine"
        if wait := self._prefetched.take(name, answers, self._now()):
            raise HttpError(429, "too_many_requests", "more answers ahead than one may have", headers=retry_after(wait))

    def close(self) -> None:
        """Lets go of the keys."""
        if self._ring is not None:
            self._ring.close()

    def _key(self, headers: dict[bytes, bytes], ring: KeyRing) -> ApiKey:
        scheme, _, text = headers.get(AUTHORIZATION, b"").decode("latin-1").partition(" ")
        key = ring.find(text.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            text = "send a good key as `authorization: Bearer rk_…`; `recops keys make` makes one"
            raise HttpError(401, "key_needed", text, headers=_CHALLENGE)
        return key

    def _user(self, headers: dict[bytes, bytes], key: ApiKey) -> str | None:
        token = headers.get(USER_TOKEN)
        if token is None:
            return ""
        try:
            user = read_token(token.decode("latin-1"), self._secret_of(key.key_id), key.key_id, self._now())
            return own_id(key.tenant, user)
        except (TokenError, ValueError) as error:
            raise HttpError(401, "token_refused", f"{USER_TOKEN.decode()}: {error}", headers=_CHALLENGE) from error

    def _hold_to_limits(self, caller: Caller) -> None:
        if caller.trusted and self._ring is not None and not caller.is_guest:
            return
        now = self._now()
        address = "" if caller.trusted and self._ring is not None else caller.address  # of a guest's own server
        purses = ((self._addresses, address), (self._keys, caller.key_id), (self._users, caller.user))
        for allowance, name in purses:
            if name and (wait := allowance.take(name, 1, now)):
                raise HttpError(429, "too_many_requests", "more requests than one may send", headers=retry_after(wait))


def _filling(per_minute: float) -> tuple[float, float]:
    return per_minute / 60, max(1.0, per_minute / 60 * BURST_SECONDS)
