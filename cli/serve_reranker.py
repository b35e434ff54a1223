"""`recops serve-reranker`: serves a model folder by the interface of rerankers, for a tier of llm.tiers."""

from __future__ import annotations

from pathlib import Path

import click

from cli.answer import json_option, say
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), default=7997, show_default=True, help="Where it answers.")
@click.option("--tokens", type=click.IntRange(8), default=512, show_default=True, help="As it was tuned with.")
@json_option
def serve_reranker(folder: Path, port: int, tokens: int, as_json: bool) -> None:
    """Serve FOLDER at /v1/rerank, on RECOPS_HOST and this machine's processors, until it is stopped.

    A tier with `interface: rerank` and this address asks it. It takes the extra `tune`, and has no password.
    """
    import uvicorn

    from components.adapters.hugging_face.rerank_app import make_rerank_app
    from components.adapters.machine.own_site import OwnSite, local_names
    from components.reranking.tuning.preferences import TuningError

    with open_workbench() as bench:
        host = bench.settings.host
    try:
        app = make_rerank_app(folder, tokens)
    except TuningError as error:
        raise click.ClickException(str(error)) from error
    url = f"http://{host}:{port}"
    say(as_json, {"url": url, "folder": str(folder)}, f"{folder} answers at {url}/v1/rerank")
    uvicorn.run(OwnSite(app, local_names(host, port)), host=host, port=port, log_level="warning")
