"""Leads from BentoML's ASGI app to ours, which exists only once a worker has started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bentos.http_body import Receive, Scope, Send

if TYPE_CHECKING:
    from bentos.asgi_app import RecopsApp


AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class LazyApp:
    """Passes every connection on to the app behind it.

    The app exists only once a worker has started: BentoML imports this module in its parent process as well, where
    nothing may be loaded.
    """

    def __init__(self) -> None:
        self.app: RecopsApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one ASGI connection on."""
        if self.app is None:
            raise RuntimeError("a request came before the service had started")
        await self.app(scope, receive, send)


class Straight:
    """Hands posts to our app past BentoML's router and context, which take an eighth of a request's time."""

    def __init__(self, app: AsgiApp, ours: LazyApp) -> None:
        self._app = app
        self._ours = ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one ASGI connection on."""
        is_ours = scope["type"] == "http" and scope["method"] == "POST" and self._ours.app is not None
        await (self._ours if is_ours else self._app)(scope, receive, send)


def untimed(app: AsgiApp, timeout: float) -> AsgiApp:
    """Stands in for BentoML's timeout, which sets a timer for each request and leaves it once that is answered.

    At 400 requests a second 30,000 of 75 s would be in line, and each look of the garbage collector at them, and what
    hangs on them, would hold up every request by a tenth of a second and more. The app and the gateway have limits.
    """
    del timeout
    return app
