"""The BentoML service: one worker that mounts the ASGI app; BentoML packages, starts, probes and drains it."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bentoml

from bentos.http_body import Receive, Scope, Send

if TYPE_CHECKING:
    from bentos.asgi_app import RecopsApp

SWITCH_SECONDS = 0.0005
"""How long the writer thread may keep the event loop waiting for the interpreter (Python's default is 5 ms)."""


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


door = LazyApp()


@bentoml.asgi_app(door, path="/", name="recops")
@bentoml.service(
    name="recops",
    workers=1,
    traffic={"timeout": 75.0},  # above the limits of the app and the gateway, which answer first
    metrics={"enabled": False},  # ours are at /metrics
    logging={"access": {"enabled": False}},
)
class Recops:
    """Loads the release it was built with, and says so on every answer."""

    def __init__(self) -> None:
        # Set by BentoML for several workers; with one, it would make every counter a memory-mapped file.
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        from bentos.wiring import build_app
        from components.config.settings import load_settings

        door.app = build_app(load_settings(), Path(__file__).resolve().parents[1])
        door.app.start()
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Write what waits to be written."""
        if door.app is not None:
            door.app.close()
