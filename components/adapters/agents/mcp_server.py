"""Serves the tools by the official SDK: on standard input and output, or over HTTP on this machine alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.adapters.agents.tools import INSTRUCTIONS, CatalogueTools

if TYPE_CHECKING:
    from mcp.server import MCPServer

HOST = "127.0.0.1"


def make_server(tools: CatalogueTools, writes: bool) -> MCPServer[Any]:
    """The server; without `writes` nothing that it offers changes anything."""
    from mcp.server import MCPServer
    from mcp.types import ToolAnnotations

    server: MCPServer[Any] = MCPServer("recops", instructions=INSTRUCTIONS, log_level="WARNING")
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for tool in (tools.search_catalogue, tools.recommend, tools.similar, tools.explain):
        server.add_tool(tool, annotations=reading)
    if writes:
        writing = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
        server.add_tool(tools.set_preference, annotations=writing)
    return server


def serve(server: MCPServer[Any], port: int | None) -> None:
    """Answers until the client goes, or, with a port, until it is stopped; HTTP answers at /mcp."""
    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host=HOST, port=port)
