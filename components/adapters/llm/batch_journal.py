"""A file that remembers which requests were handed to a batch and what came of them, so that none is paid for twice.

One JSON object a line, each on disk before the next step is taken. A process that is killed leaves at worst a last line
that is cut off, which is left out when it is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from components.reranking.calls import Reply
from components.reranking.cost import TokenUsage


@dataclass(frozen=True)
class Reserved:
    """Dollars that a day's budget holds for a submission, and for which model; the day is that of UTC, in ISO 8601."""

    usd: float
    day: str
    variant: str = ""
    tier: str = ""
    model: str = ""


@dataclass(frozen=True)
class Submission:
    """Requests that were, or may have been, handed over in one batch.

    Attributes:
        at: seconds since 1970, before it was handed over.
        batch_id: None as long as nobody knows whether the batch exists.
    """

    submission_id: str
    at: float
    custom_ids: tuple[str, ...]
    reserved: Reserved
    batch_id: str | None = None


class BatchJournal:
    """The journal in `file`, read whole when it is opened; one process at a time (see file_lock.py)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._replies: dict[str, Reply] = {}
        self._submissions: dict[str, Submission] = {}
        for line in _whole_lines(file):
            self._apply(line)

    @property
    def replies(self) -> dict[str, Reply]:
        """What was answered, by custom id."""
        return dict(self._replies)

    def reply(self, custom_id: str) -> Reply | None:
        """What was answered to one request."""
        return self._replies.get(custom_id)

    @property
    def pending(self) -> list[Submission]:
        """What has been handed over and is not finished, oldest first."""
        return list(self._submissions.values())

    def submitting(self, submission: Submission) -> None:
        """It is about to be handed over."""
        self._append({"event": "submitting", **asdict(submission)})

    def submitted(self, submission_id: str, batch_id: str) -> None:
        """It is this batch."""
        self._append({"event": "submitted", "submission_id": submission_id, "batch_id": batch_id})

    def answered(self, custom_id: str, reply: Reply) -> None:
        """A request was answered outside of a batch."""
        self._append({"event": "reply", "custom_id": custom_id, **asdict(reply)})

    def finished(self, submission_id: str, replies: Iterable[tuple[str, Reply]]) -> None:
        """Everything that came of it; without replies when it never was a batch."""
        for custom_id, reply in replies:
            self._append({"event": "reply", "custom_id": custom_id, **asdict(reply)}, durable=False)
        self._append({"event": "finished", "submission_id": submission_id})

    def _append(self, line: dict[str, Any], durable: bool = True) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            if file.tell() and not _ends_a_line(self._file):
                file.write(b"\n")
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            if durable:
                os.fsync(file.fileno())
        self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        event = line["event"]
        if event == "reply":
            usage = TokenUsage(**line["usage"])
            self._replies[line["custom_id"]] = Reply(line["text"], None, usage, line["stop"])
        elif event == "submitting":
            reserved = Reserved(**line["reserved"])
            name, custom_ids = line["submission_id"], tuple(line["custom_ids"])
            self._submissions[name] = Submission(name, line["at"], custom_ids, reserved, line["batch_id"])
        elif event == "submitted":
            name = line["submission_id"]
            self._submissions[name] = replace(self._submissions[name], batch_id=line["batch_id"])
        elif event == "finished":
            self._submissions.pop(line["submission_id"], None)


def _whole_lines(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    for line in file.read_bytes().split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:  # the end of a process that was killed
            continue
        if isinstance(value, dict) and "event" in value:
            yield value


def _ends_a_line(file: Path) -> bool:
    with file.open("rb") as reading:
        reading.seek(-1, os.SEEK_END)
        return reading.read(1) == b"\n"
