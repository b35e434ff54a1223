"""Who asks: the address from which a request came to the gateway."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from bentos.http_body import Scope

FORWARDED = b"x-forwarded-for"
"""The gateway adds the address of its peer behind whatever a client wrote there."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One who asks.

    Attributes:
        address: of the peer of the gateway; empty for this machine, whose programs share one address.
        key_id: of the key that was shown; None while keys are off.
    """

    address: str = ""
    key_id: str | None = None


def caller_of(headers: dict[bytes, bytes], scope: Scope) -> Caller:
    """The caller by what the gateway says, or by the connection where nobody stands between."""
    forwarded = headers.get(FORWARDED, b"").decode("latin-1").rpartition(",")[2].strip()
    peer = scope.get("client")
    address = forwarded or (str(peer[0]) if peer else "")
    return Caller("" if _is_this_machine(address) else address)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return not address
