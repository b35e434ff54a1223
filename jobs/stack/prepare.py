"""Brings the event store and the gateway's files to what the stack starts with; twice changes nothing."""

from __future__ import annotations

from jobs.wiring.workbench import Workbench


def prepare_store(bench: Workbench) -> None:
    """The event store, made where there is none, with the newest schema."""
    bench.store.migrate()


def prepare_gateway(bench: Workbench) -> None:
    """What Envoy starts with, where it is the router, and the routes as the store has them."""
    if bench.settings.router == "envoy":
        bench.envoy.write_bootstrap()
    bench.world.router.project(bench.world.store.routing)
