"""What was promoted and rolled back, as a table for Prefect's page, and one release in full."""

from __future__ import annotations

from typing import Any

from components.adapters.store.releases.history import History, read_history, read_release
from components.rollout.history import shown_time
from components.rollout.story import tell_rollout
from jobs.wiring.workbench import Workbench

SHOWN = 50


def history_page(bench: Workbench) -> str:
    """The latest rollouts as Markdown."""
    return describe_history(read_history(bench.store.engine))


def describe_release(bench: Workbench, release_id: str) -> dict[str, Any]:
    """One release with its states and rollouts, and whether its Bento is still there, as plain values.

    Raises:
        UnknownRelease: there is none of this id.
    """
    found = read_release(bench.store.engine, release_id)
    return {**found, "bento_there": bench.bento_folder(found["bento_tag"]).is_dir()}


def describe_history(history: History) -> str:
    """The latest rollouts as a table in Markdown, newest first."""
    head = "# Releases\n\n| # | when | by | what |\n|---|---|---|---|\n"
    rows = [
        f"| {row['rollout_id']} | {shown_time(row['started_at'])} | {row['started_by']} | "
        f"{tell_rollout(row).replace('|', '/')} |"
        for row in reversed(history["rollouts"][-SHOWN:])
    ]
    return head + "\n".join(rows) + "\n"
