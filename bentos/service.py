"""The BentoML service: one worker that mounts the ASGI app; BentoML packages, starts, probes and drains it."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import bentoml
from bentoml._internal.server.http import traffic

from bentos.straight import LazyApp, Straight, untimed

traffic.TimeoutMiddleware = untimed  # type: ignore[assignment,misc]

# uvloop accepts one connection in each turn of the loop: of a hundred that come at once the last wait for seconds.
sys.modules["uvloop"] = None  # type: ignore[assignment]

SWITCH_SECONDS = 0.0005
"""How long the writer thread may keep the event loop waiting for the interpreter (Python's default is 5 ms)."""


door = LazyApp()


@bentoml.asgi_app(door, path="/", name="recops")
@bentoml.service(
    name="recops",
    workers=1,
    traffic={"timeout": 75.0},  # above the limits of the app and the gateway, which answer first
    metrics={"enabled": False},  # ours are at /metrics
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": "."},  # even without an SDK its middleware takes a sixth of a request's time
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


Recops.add_asgi_middleware(Straight, ours=door)  # type: ignore[attr-defined]  # bentoml.service makes a Service of it
