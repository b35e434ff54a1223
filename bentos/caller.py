"""Who asks: the address from which a request came to the gateway, the key that was shown, the user of its token."""

from __future__ import annotations

from dataclasses import dataclass

from bentos.http_body import Scope
from bentos.http_errors import HttpError
from components.access.roles import Role, may_name_any_user
from components.access.tenants import DEFAULT, own_id

ADDRESS = b"x-recops-address"
"""The gateway writes the address of its peer here, whatever a client wrote."""
THIS_MACHINE = ("127.0.0.1", "::1")
"""As in the gateway's own limit; other loopback addresses are whoever asks from there."""
FORWARDED = b"x-forwarded-for"
"""Other gateways add the address of their peer behind whatever a client wrote here."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One who asks.

    Attributes:
        address: of the peer of the gateway; empty for this machine, whose programs share one address.
        key_id, role: of the key that was shown; None while keys are off.
        user: for whom the key speaks: None for anybody of the tenant, an empty text for nobody in particular.
        tenant: the key's; without one the stack's own.
    """

    address: str = ""
    key_id: str | None = None
    role: Role | None = None
    user: str | None = None
    tenant: str = DEFAULT

    @property
    def payer(self) -> str:
        """Whose budget pays for language models: the key's or the address's; nobody's for this machine without one. A
        guest's says of which tenant it is."""
        return own_id(self.tenant, self.key_id or self.address)

    @property
    def line(self) -> str:
        """In whose line the request stands: its address's; a guest's own server stands in its key's, and nobody who is
        trusted with more than that, nor this machine, in any."""
        if self.key_id is None or not self.trusted:
            return self.address
        return self.key_id if self.is_guest else ""

    @property
    def is_guest(self) -> bool:
        """Whether they are of another tenant than the stack's own."""
        return self.tenant != DEFAULT

    @property
    def trusted(self) -> bool:
        """Whether what it says of users, such as their tier, counts."""
        return self.role is None or may_name_any_user(self.role)

    def check_user(self, user_id: str | None) -> None:
        """Nothing where the caller may speak for `user_id`, or none is named.

        Raises:
            HttpError: 403, it may not.
        """
        if self.user is None or user_id is None or user_id == self.user:
            return
        text = "a client's key speaks for the user of its token alone; send one as x-recops-user-token"
        raise HttpError(403, "not_this_user", text, "user_id")


def caller_of(headers: dict[bytes, bytes], scope: Scope) -> Caller:
    """The caller by what the gateway says, or by the connection where nobody stands between."""
    said = headers.get(ADDRESS) or headers.get(FORWARDED, b"").rpartition(b",")[2].strip()
    forwarded = said.decode("latin-1")
    peer = scope.get("client")
    address = forwarded or (str(peer[0]) if peer else "")
    return Caller("" if address in THIS_MACHINE else address)
