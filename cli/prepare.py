"""`recops prepare`: the event store's schema and the gateway's configuration, where containers run the rest."""

from __future__ import annotations

import click

from cli.console import make_console
from cli.progress import Progress
from components.adapters.store.engine import migrate
from components.config.settings import load_settings
from jobs.stack import router, world


@click.command()
def prepare() -> None:
    """Migrate the event store and write what Envoy starts with; run it before each start, it changes nothing twice."""
    settings = load_settings()
    progress = Progress(make_console())
    with progress.step("schema of the event store"):
        settings.root.mkdir(parents=True, exist_ok=True)
        migrate(settings.store_url)
    with progress.step("routing"):
        if settings.router == "envoy":
            router(settings).write_bootstrap()
        parts = world(settings)
        parts.router.project(parts.store.routing)
