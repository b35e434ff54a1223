"""Keeps the history of releases as an artifact in Prefect, beside the runs that made it."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact

from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import History, read_history
from components.config.settings import Settings
from components.rollout.history import shown_time
from components.rollout.story import tell_rollout
from jobs.stack import existing_store_url

KEY = "releases"
SHOWN = 50


def make_history_artifact(settings: Settings) -> None:
    """The newest version of the artifact `releases`."""
    create_markdown_artifact(describe_history(read_history(open_engine(existing_store_url(settings)))), key=KEY)


def describe_history(history: History) -> str:
    """The latest rollouts as a table in Markdown, newest first."""
    head = "# Releases\n\n| # | when | by | what |\n|---|---|---|---|\n"
    rows = [
        f"| {row['rollout_id']} | {shown_time(row['started_at'])} | {row['started_by']} | "
        f"{tell_rollout(row).replace('|', '/')} |"
        for row in reversed(history["rollouts"][-SHOWN:])
    ]
    return head + "\n".join(rows) + "\n"
