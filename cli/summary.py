"""What a person wants to see once the stack is up: addresses, the release, a recommendation, what to try next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from components.config.settings import Settings
from components.rollout.release import Release
from jobs.stack import bento_folder, release_store


def print_summary(settings: Settings, console: Console) -> None:
    """Print it; needs a live release and an answering gateway."""
    store = release_store(settings)
    state = store.routing()
    release = store.release(state.live_release or "")
    console.print()
    console.print(_addresses(settings))
    console.print(_release_line(release, state.live_slot or "", state.standby_release), highlight=False)
    console.print()
    user = _sample_user(bento_folder(settings, release.bento_tag))
    reply = httpx.post(f"{settings.gateway_url}/recommend", json={"user_id": user, "k": 5}, timeout=10.0)
    console.print(_recommendation(reply.json()))
    console.print(_next(settings, user), highlight=False, soft_wrap=True)


def _addresses(settings: Settings) -> Table:
    table = Table(title="Where things are", title_justify="left", show_header=False)
    for name, address in {
        "recommendations (Envoy)": f"{settings.gateway_url}/recommend",
        "runs and models (MLflow)": settings.mlflow_url,
        "flows (Prefect)": settings.prefect_api_url.removesuffix("/api"),
        "drift reports (Evidently)": f"http://{settings.host}:{settings.evidently_port}",
        "slot blue": ", ".join(settings.slot_urls("blue")),
        "slot green": ", ".join(settings.slot_urls("green")),
        "Envoy's admin page": f"http://{settings.host}:{settings.envoy_admin_port}",
    }.items():
        table.add_row(name, address)
    return table


def _release_line(release: Release, slot: str, standby: str | None) -> str:
    figures = release.summary
    return (
        f"[bold green]{release.release_id}[/bold green] is live in {slot}: model version {release.model_version}, "
        f"data {figures['data_version']}, NDCG@10 {figures['ndcg_at_10']:.4f} "
        f"(popularity {figures['popularity_ndcg_at_10']:.4f}); standby: {standby or 'none yet'}"
    )


def _sample_user(bento: Path) -> str:
    expected: list[dict[str, Any]] = json.loads((bento / "src" / "bundle" / "expected_answers.json").read_text())
    return str(expected[0]["user_id"])


def _recommendation(answer: dict[str, Any]) -> Table:
    title = f"For user {answer['user_id']}, route {answer['route']}, from {answer['release']} in {answer['slot']}"
    table = Table("", "title", "category", "score", "why", title=title, title_justify="left")
    for item in answer["items"]:
        table.add_row(str(item["rank"]), item["title"], item["category"], f"{item['score']:.3f}", item["explanation"])
    return table


def _next(settings: Settings, user: str) -> str:
    body = json.dumps({"user_id": user, "k": 10})
    prefect = f"PREFECT_API_URL={settings.prefect_api_url} .venv/bin/prefect deployment run"
    return "\n".join(
        [
            "[bold]Try next[/bold]",
            f"  curl -s {settings.gateway_url}/recommend -H 'content-type: application/json' -d '{body}'",
            f"  {prefect} 'ingest/default' --param until=95% --watch   # more data arrives",
            f"  {prefect} 'retrain/default' --watch",
            f"  {prefect} 'promote/default' --watch",
            "  .venv/bin/recops rollback     # and back again, at once",
            "  .venv/bin/recops status",
        ]
    )
