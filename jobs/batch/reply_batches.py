"""Gets replies to many prompts through the Batches API, and never asks, nor pays, for the same one twice.

What is handed over is written down before and after. When a run is killed between the two, or the answer to its
submission is lost, the next one looks among the batches of that time for the one that holds these requests, and waits.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from components.adapters.llm.batch_journal import BatchJournal, Reserved, Submission
from components.adapters.llm.claude_batches import (
    MAX_BYTES,
    MAX_REQUESTS,
    BatchError,
    BatchState,
    BatchUnanswered,
    ClaudeBatches,
)
from components.reranking.calls import Failed, Reply

Body = Mapping[str, Any]
CLOCKS_APART_SECONDS = 300.0
"""How far the API's clock may be behind ours."""


@dataclass(frozen=True)
class Pace:
    """Where time comes from, and how often a batch is asked for.

    Attributes:
        patience_seconds: how long a run waits for its batches; the next run goes on waiting.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    poll_seconds: float
    patience_seconds: float


class Purse(Protocol):
    """The money that batches are paid from."""

    def reserve(self, requests: Mapping[str, Body]) -> Reserved | None:
        """What is set aside for these requests; None when there is not enough."""

    def settle(self, submission: Submission, answers: Sequence[tuple[str, Reply | Failed]]) -> None:
        """What became of a submission; without answers it was never a batch. Called once for each."""


@dataclass(frozen=True)
class Gathered:
    """What a run has, by custom id; `waiting` batches are still under way, `unasked` requests had no money left."""

    replies: dict[str, Reply]
    waiting: int
    unasked: int


def custom_id_of(body: Body) -> str:
    """What names a request for the API and in the journal: equal requests have one name, and are asked once."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:48]


def gather_replies(
    requests: Mapping[str, Body],
    batches: ClaudeBatches,
    journal: BatchJournal,
    pace: Pace,
    purse: Purse,
    report: Callable[[str], None],
) -> Gathered:
    """The replies to `requests` (by `custom_id_of`), those of the journal included.

    Raises:
        BatchError: the API refuses. What was handed over is in the journal, and the next run goes on with it.
    """
    for submission in journal.pending:
        if submission.batch_id is None:
            _look_for(submission, batches, journal, pace, purse, report)
    under_way = {custom_id for submission in journal.pending for custom_id in submission.custom_ids}
    open_requests = {
        custom_id: body
        for custom_id, body in requests.items()
        if custom_id not in journal.replies and custom_id not in under_way
    }
    unasked = 0
    parts = list(_parts(open_requests))
    while parts:
        part = parts.pop(0)
        reserved = purse.reserve(part)
        if reserved is not None:
            _submit(part, reserved, batches, journal, pace, purse, report)
        elif len(part) > 1:
            parts[:0] = _halves(part)  # as many as the money suffices for
        else:
            unasked += 1
    _wait(batches, journal, pace, purse, report)
    replies = {custom_id: journal.replies[custom_id] for custom_id in requests if custom_id in journal.replies}
    return Gathered(replies, len(journal.pending), unasked)


def _submit(
    part: Mapping[str, Body],
    reserved: Reserved,
    batches: ClaudeBatches,
    journal: BatchJournal,
    pace: Pace,
    purse: Purse,
    report: Callable[[str], None],
) -> None:
    submission = Submission(uuid.uuid4().hex, pace.now(), tuple(part), reserved)
    journal.submitting(submission)
    try:
        state = batches.submit(part)
    except BatchUnanswered as error:
        report(f"{error}; looking whether it was made")
        _look_for(submission, batches, journal, pace, purse, report)
        return
    except BatchError:
        _finish(submission, (), journal, purse)
        raise
    journal.submitted(submission.submission_id, state.batch_id)
    report(f"{len(part)} requests are batch {state.batch_id}")


def _look_for(
    submission: Submission,
    batches: ClaudeBatches,
    journal: BatchJournal,
    pace: Pace,
    purse: Purse,
    report: Callable[[str], None],
) -> None:
    """Finds the batch of a submission that was not answered, or settles that there is none.

    Only the results of a batch say what it holds, so a batch of that size and time is waited for first.
    """
    taken = {each.batch_id for each in journal.pending}
    wanted = set(submission.custom_ids)
    for state in batches.created_since(submission.at - CLOCKS_APART_SECONDS):
        if state.n_requests != len(wanted) or state.batch_id in taken:
            continue
        ended = _ended(state, batches, pace)
        if not ended.ended:
            report(f"batch {state.batch_id} may be ours and has not ended; run this again later")
            raise BatchUnanswered(f"batch {state.batch_id} has not ended after {pace.patience_seconds:g} s")
        found = {custom_id for custom_id, _ in batches.results(state.batch_id)}
        if found & wanted:
            journal.submitted(submission.submission_id, state.batch_id)
            report(f"{len(wanted)} requests of an interrupted run are batch {state.batch_id}")
            return
    _finish(submission, (), journal, purse)
    report(f"{len(wanted)} requests of an interrupted run were never made a batch")


def _finish(
    submission: Submission, answers: Sequence[tuple[str, Reply | Failed]], journal: BatchJournal, purse: Purse
) -> None:
    """Writes down the replies first: what is in the journal is never paid for again, whatever happens next."""
    journal.finished(submission.submission_id, [(name, each) for name, each in answers if isinstance(each, Reply)])
    purse.settle(submission, answers)


def _wait(
    batches: ClaudeBatches, journal: BatchJournal, pace: Pace, purse: Purse, report: Callable[[str], None]
) -> None:
    deadline = pace.now() + pace.patience_seconds
    while True:
        for submission in journal.pending:
            if submission.batch_id is not None and batches.state(submission.batch_id).ended:
                answers = list(batches.results(submission.batch_id))
                _finish(submission, answers, journal, purse)
                n_replies = sum(isinstance(each, Reply) for _, each in answers)
                report(f"batch {submission.batch_id}: {n_replies} of {len(submission.custom_ids)} replies")
        if not journal.pending or pace.now() >= deadline:
            return
        pace.sleep(pace.poll_seconds)


def _ended(state: BatchState, batches: ClaudeBatches, pace: Pace) -> BatchState:
    deadline = pace.now() + pace.patience_seconds
    while not state.ended and pace.now() < deadline:
        pace.sleep(pace.poll_seconds)
        state = batches.state(state.batch_id)
    return state


def _halves(part: Mapping[str, Body]) -> list[dict[str, Body]]:
    items = list(part.items())
    middle = len(items) // 2
    return [dict(items[:middle]), dict(items[middle:])]


def _parts(requests: Mapping[str, Body]) -> Iterator[dict[str, Body]]:
    """The requests in parts that one batch may hold."""
    waiting = iter(requests.items())
    while chosen := dict(islice(waiting, MAX_REQUESTS)):
        part: dict[str, Body] = {}
        size = 0
        for custom_id, body in chosen.items():
            length = len(json.dumps(body))
            if part and size + length > MAX_BYTES:
                yield part
                part, size = {}, 0
            part[custom_id] = body
            size += length
        yield part
