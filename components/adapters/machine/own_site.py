"""Serves an ASGI app to its own site alone: requests for another host, or from a page of another origin, are refused.

A page of any site can make the browser of a developer ask 127.0.0.1, and a name that turns to 127.0.0.1 while the page
is open (DNS rebinding) makes that look like its own origin. Prefect's API and Evidently's page look at neither `Host`
nor `Origin`, and whoever may post to Prefect may run commands. So: `Host` must be one of ours, and where a browser
names an `Origin` it must be ours too; websockets are held to the same. Programs name no origin and are not concerned.

    python -m components.adapters.machine.own_site package.module:factory HOST PORT [NAME:PORT …]
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REFUSAL = b"this address answers its own pages and programs only\n"
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class OwnSite:
    """`app` behind the check; `names` are the hosts with their ports under which it is asked."""

    def __init__(self, app: App, names: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(name.lower().encode() for name in names)
        self._origins = frozenset(f"{scheme}://{name.lower()}".encode() for name in names for scheme in _SCHEMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] not in ("http", "websocket") or self._is_ours(scope["headers"]):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REFUSAL})

    def _is_ours(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        hosts = [value.lower() for name, value in headers if name == b"host"]
        origins = [value.lower() for name, value in headers if name == b"origin"]
        fetched = [value for name, value in headers if name == b"sec-fetch-site"]
        return (
            len(hosts) == 1
            and hosts[0] in self._hosts
            and all(origin in self._origins for origin in origins)
            and (b"cross-site" not in fetched or (b"sec-fetch-mode", b"navigate") in headers)
        )


_SCHEMES = ("http", "https")


def local_names(host: str, port: int, more: Sequence[str] = ()) -> list[str]:
    """Under what a server on `host` and `port` is asked on this machine, and `more`."""
    return list(dict.fromkeys([*(f"{name}:{port}" for name in (host, *_LOCAL_NAMES)), *more]))


def main(arguments: Sequence[str]) -> None:
    """Makes the app and serves it until the process ends."""
    import uvicorn

    factory, host, port, *more = arguments
    module, _, name = factory.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    app = getattr(importlib.import_module(module), name)()
    site = OwnSite(app, local_names(host, int(port), more))
    uvicorn.run(site, host=host, port=int(port), log_level="warning", timeout_keep_alive=5)


if __name__ == "__main__":
    main(sys.argv[1:])
