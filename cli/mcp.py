"""`recops mcp`: the catalogue as tools for agents, over the Model Context Protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


@click.command()
@click.option("--http", "port", type=click.IntRange(1, 65535), help="Answer over HTTP on this port of this machine.")
@click.option("--write", is_flag=True, help="Offer set_preference too, which stores feedback.")
@click.option("--url", help="The gateway; that of the local stack by default.")
def mcp(port: int | None, write: bool, url: str | None) -> None:
    """Serve the catalogue to agents: search_catalogue, recommend, similar, explain; on stdio unless --http is given."""
    from components.adapters.agents.mcp_server import make_server, serve
    from components.adapters.agents.tools import CatalogueTools
    from components.adapters.envoy.search_client import ask_gateway
    from jobs.wiring.workbench import open_workbench

    with open_workbench() as bench:
        gateway, key = url or bench.settings.gateway_url, bench.settings.shown_key

    def ask(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return ask_gateway(gateway, path, body, key)

    if port is not None:
        click.echo(f"http://127.0.0.1:{port}/mcp", err=True)
    serve(make_server(CatalogueTools(ask), write), port)
