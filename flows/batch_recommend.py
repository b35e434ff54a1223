"""The flow that makes recommendations for many users at once: to Parquet, and to the cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed, State

from components.config.settings import load_settings


@flow(name="batch-recommend")
def batch_recommend(
    users: list[str] | None = None,
    users_file: str | None = None,
    k: int = 10,
    explain: bool = True,
    keep: bool = True,
    language_model: bool = True,
    wait_hours: float = 6.0,
    poll_seconds: float = 30.0,
    preference_pairs_days: float | None = None,
) -> State[Any]:
    """Make the live release's recommendations for everybody, or for `users`, or for the ids in `users_file`.

    Args:
        users_file: one id a line; relative to the project.
        keep: the answers go to the cache of the service as well.
        language_model: it is asked where the release's policy says so, through the Message Batches API where
            ANTHROPIC_API_KEY is set. A reply that was paid for once is never asked for again.
        wait_hours: how long to wait for batches; run the same again later, and it goes on with them.
        preference_pairs_days: also export pairs of a preferred and a passed-over item of so many days (DPO).

    Ends Completed with the file; as `Waiting` when batches have not ended; Failed with the reason otherwise.
    """
    from components.adapters.llm.claude_batches import BatchError
    from components.adapters.machine.file_lock import LockTimeoutError
    from jobs.batch.preference_pairs import export_pairs
    from jobs.batch.recommend import BatchFailed, BatchRequest, make_batch
    from jobs.batch.reply_batches import Pace

    settings, logger = load_settings(), get_run_logger()
    pace = Pace(time.time, time.sleep, poll_seconds, wait_hours * 3600) if language_model else None
    try:
        chosen = _chosen(users, None if users_file is None else settings.project / users_file)
        made = make_batch(settings, BatchRequest(chosen, k, explain, keep, pace), time.time(), logger.info)
        pairs = None
        if preference_pairs_days is not None:
            pairs = export_pairs(settings, preference_pairs_days, time.time())
    except (BatchFailed, BatchError, LockTimeoutError, OSError, ValueError) as error:
        return Failed(message=str(error))
    rows = {
        "file": made.file,
        "users": f"{made.users:,}",
        "routes": ", ".join(f"{route} {count:,}" for route, count in made.routes.most_common()),
        "asked of the language model": f"{made.asked:,}, {made.replied:,} replies",
        "cost": f"${made.cost_usd:.4f}",
        "answers in the cache": f"{made.kept:,}",
        **({"preference pairs": f"{pairs.n_pairs:,} in {pairs.file}"} if pairs else {}),
        **({"without money left": f"{made.unasked:,} requests"} if made.unasked else {}),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    create_markdown_artifact(f"# Batch of {made.release}\n\n| | |\n|---|---|\n{table}\n", key="batch-recommend")
    line = f"{made.users:,} users in {made.file}, ${made.cost_usd:.4f}"
    if made.waiting:
        return Completed(name="Waiting", message=f"{line}; {made.waiting} batches have not ended, run this again later")
    return Completed(message=line)


def _chosen(users: list[str] | None, file: Path | None) -> list[str] | None:
    if users is not None and file is not None:
        raise ValueError("users and users_file exclude each other")
    if file is None:
        return users
    return [line.strip() for line in file.read_text().splitlines() if line.strip()]
