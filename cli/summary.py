"""Prints what a person wants to see once the stack is up, and what to try next."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from components.config.settings import Settings
from components.rollout.release import Release
from jobs.stack.first_look import FirstLook


def print_summary(settings: Settings, look: FirstLook, console: Console) -> None:
    """Addresses, the release, a recommendation, and commands to try."""
    console.print()
    table = Table(title="Where things are", title_justify="left", show_header=False)
    for name, address in look.addresses.items():
        table.add_row(name, address)
    console.print(table)
    console.print(_release_line(look.release, look.slot, look.standby), highlight=False)
    console.print()
    if look.answer is None:
        console.print("keys are on: set RECOPS_KEY to a server's key, and the commands of this machine show it")
    else:
        console.print(_recommendation(look.answer))
    console.print(_next(settings, look.user), highlight=False, soft_wrap=True)


def _release_line(release: Release, slot: str, standby: str | None) -> str:
    figures = release.summary
    return (
        f"[bold green]{release.release_id}[/bold green] is live in {slot}: model version {release.model_version}, "
        f"data {figures['data_version']}, NDCG@10 {figures['ndcg_at_10']:.4f} "
        f"(popularity {figures['popularity_ndcg_at_10']:.4f}); standby: {standby or 'none yet'}"
    )


def _recommendation(answer: dict[str, Any]) -> Table:
    title = f"For user {answer['user_id']}, route {answer['route']}, from {answer['release']} in {answer['slot']}"
    table = Table("", "title", "category", "score", "why", title=title, title_justify="left")
    for item in answer["items"]:
        table.add_row(str(item["rank"]), item["title"], item["category"], f"{item['score']:.3f}", item["explanation"])
    return table


def _next(settings: Settings, user: str) -> str:
    body = json.dumps({"user_id": user, "k": 10})
    login = "PREFECT_API_AUTH_STRING=$(.venv/bin/recops keys prefect) " if settings.keys_on else ""
    prefect = f"{login}PREFECT_API_URL={settings.prefect_api_url} .venv/bin/prefect deployment run"
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
