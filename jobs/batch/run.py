"""A whole batch as the flow asks for it: recommendations, pairs if they are wanted, and what came of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.adapters.sources.user_list import read_user_list
from jobs.batch.preference_pairs import Exported, export_pairs
from jobs.batch.recommend import BatchRequest, BatchResult, make_batch
from jobs.batch.reply_batches import Pace
from jobs.data.ingest import address_of
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class WholeBatch:
    """The parameters of the flow batch-recommend, which describes them."""

    users: Sequence[str] | None
    users_file: str | None
    k: int
    explain: bool
    keep: bool
    language_model: bool
    wait_hours: float
    poll_seconds: float
    preference_pairs_days: float | None


@dataclass(frozen=True)
class MadeBatch:
    """What was made; `pairs` where they were asked for."""

    recommended: BatchResult
    pairs: Exported | None


def run_batch(bench: Workbench, asked: WholeBatch, report: Callable[[str], None]) -> MadeBatch:
    """Recommendations, then pairs if they are wanted.

    Raises:
        ValueError: users are named in two ways.
        SourceError: the file of users cannot be read.
        BatchFailed, BatchError, LockTimeoutError, OSError: as jobs.batch.recommend.make_batch.
    """
    pace = None
    if asked.language_model:
        pace = Pace(time.time, time.sleep, asked.poll_seconds, asked.wait_hours * 3600)
    request = BatchRequest(_chosen(bench, asked), asked.k, asked.explain, asked.keep, pace)
    made = make_batch(bench, request, time.time(), report)
    pairs = None
    if asked.preference_pairs_days is not None:
        pairs = export_pairs(bench, asked.preference_pairs_days, time.time())
    return MadeBatch(made, pairs)


def tell(made: MadeBatch) -> str:
    """One line for the state of the run."""
    of = made.recommended
    line = f"{of.users:,} users in {of.file}, ${of.cost_usd:.4f}"
    return f"{line}; {of.waiting} batches have not ended, run this again later" if of.waiting else line


def page_of(made: MadeBatch) -> str:
    """The figures in Markdown."""
    of, pairs = made.recommended, made.pairs
    rows = {
        "file": of.file,
        "users": f"{of.users:,}",
        "routes": ", ".join(f"{route} {count:,}" for route, count in of.routes.most_common()),
        "asked of the language model": f"{of.asked:,}, {of.replied:,} replies",
        "cost": f"${of.cost_usd:.4f}",
        "answers in the cache": f"{of.kept:,}",
        **({"preference pairs": f"{pairs.n_pairs:,} in {pairs.file}, {pairs.n_lists:,} lists beside"} if pairs else {}),
        **({"without money left": f"{of.unasked:,} requests"} if of.unasked else {}),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"# Batch of {of.release}\n\n| | |\n|---|---|\n{table}\n"


def _chosen(bench: Workbench, asked: WholeBatch) -> Sequence[str] | None:
    if asked.users_file is None:
        return asked.users
    if asked.users is not None:
        raise ValueError("users and users_file exclude each other")
    return read_user_list(address_of(bench, asked.users_file))
