"""`python -m console`: serves the console on its own port until the process ends."""

from __future__ import annotations

import time

import uvicorn

from components.adapters.machine.own_site import OwnSite, local_names
from components.config.settings import Settings
from console.app import make_app
from console.warming import warm
from jobs.wiring.workbench import open_workbench


def names_of(settings: Settings) -> list[str]:
    """Under what the console is asked: through the gateway, on its own port, and as the settings say."""
    more = [name.strip() for name in (settings.console_names or "").split(",") if name.strip()]
    gateway = local_names(settings.host, settings.gateway_port)
    return [*gateway, *local_names(settings.host, settings.console_port), *more]


def main() -> None:
    """Serves until it is told to stop."""
    with open_workbench() as bench:
        settings = bench.settings
        console = make_app(bench, time.time)
        warm(console)
        app = OwnSite(console, names_of(settings))
        uvicorn.run(
            app, host=settings.host, port=settings.console_port, log_level="warning", timeout_graceful_shutdown=3
        )


if __name__ == "__main__":
    main()
