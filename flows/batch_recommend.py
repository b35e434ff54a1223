"""The flow that makes recommendations for many users at once: to Parquet, and to the cache."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed


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
        users_file: a path or an address of a text with one id a line, or of a table with a column of users, of any
            format that an ingest takes; a relative path is taken from the project.
        keep: the answers go to the cache of the service as well.
        language_model: it is asked where the release's policy says so, through the Message Batches API where
            ANTHROPIC_API_KEY is set. A reply that was paid for once is never asked for again.
        wait_hours: how long to wait for batches; run the same again later, and it goes on with them.
        preference_pairs_days: also export pairs of a preferred and a passed-over item of so many days (DPO).

    Ends Completed with the file; as `Waiting` when batches have not ended; Failed with the reason otherwise.
    """
    from components.adapters.llm.claude_batches import BatchError
    from components.adapters.machine.file_lock import LockTimeoutError
    from components.interactions.source import SourceError
    from jobs.batch.recommend import BatchFailed
    from jobs.batch.run import WholeBatch, page_of, run_batch, tell
    from jobs.errors import NothingThereError
    from jobs.wiring.workbench import open_workbench

    pace = (language_model, wait_hours, poll_seconds)
    asked = WholeBatch(users, users_file, k, explain, keep, *pace, preference_pairs_days)
    try:
        with open_workbench() as bench:
            made = run_batch(bench, asked, get_run_logger().info)
    except (BatchFailed, BatchError, LockTimeoutError, NothingThereError, SourceError, OSError, ValueError) as error:
        return Failed(message=str(error))
    create_markdown_artifact(page_of(made), key="batch-recommend")
    return Completed(name="Waiting" if made.recommended.waiting else None, message=tell(made))
