"""Decides whether a built release may be started at all, from what was found when it was looked at."""

from __future__ import annotations

from dataclasses import dataclass

from components.config.promotion import ReleaseGate

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class ReleaseCheck:
    """One question of the gate, with what was found in words."""

    name: str
    passed: bool
    explanation: str


@dataclass(frozen=True)
class CleanStart:
    """What a process of its own, with the release's own code, made of the release.

    Attributes:
        answers: those that equal the ones computed offline, out of `expected`.
        index_recall: of the approximate index, None where the search is exact.
        peak_mb: of resident memory.
    """

    answers: int
    expected: int
    index_recall: float | None
    peak_mb: float
    seconds: float


@dataclass(frozen=True)
class ReleaseFindings:
    """Everything the gate looks at.

    Attributes:
        damaged: what is wrong with the package's files, each named; empty when they are as built.
        start: None where the files are damaged; the reason in words where it does not start.
        data_at: when the newest data of the model was taken in (seconds since 1970); None when that is not known.
        said_of_model: what the gate of the model said when it was trained.
    """

    damaged: tuple[str, ...]
    start: CleanStart | str | None
    size_mb: float
    data_at: float | None
    said_of_model: tuple[str, ...]


def judge_release(
    found: ReleaseFindings, min_index_recall: float, limits: ReleaseGate, now: float
) -> tuple[ReleaseCheck, ...]:
    """One check per question; a release is fit when all are passed. The model's own gate was passed before."""
    checks = [ReleaseCheck("model", True, said) for said in found.said_of_model]
    files = "; ".join(found.damaged) or "every file is as it was built"
    checks.append(ReleaseCheck("files", not found.damaged, files))
    if found.start is not None:
        checks += _start(found.start, min_index_recall, limits)
    size = f"{found.size_mb:.1f} MB, at most {limits.max_size_mb:g}"
    checks.append(ReleaseCheck("size", found.size_mb <= limits.max_size_mb, size))
    checks.append(_age(found.data_at, limits.max_data_age_days, now))
    return tuple(checks)


def _start(start: CleanStart | str, min_index_recall: float, limits: ReleaseGate) -> list[ReleaseCheck]:
    if isinstance(start, str):
        return [ReleaseCheck("loads", False, f"it does not load in a clean process: {start}")]
    recall = start.index_recall
    searched = "exact search" if recall is None else f"index recall {recall:.3f}, at least {min_index_recall:g}"
    return [
        ReleaseCheck("loads", True, f"it loads in a clean process, in {start.seconds:.1f} s"),
        ReleaseCheck(
            "answers",
            0 < start.expected == start.answers,
            f"{start.answers} of {start.expected} answers equal those computed offline",
        ),
        ReleaseCheck("index_recall", recall is None or recall >= min_index_recall, searched),
        ReleaseCheck(
            "memory",
            start.peak_mb <= limits.max_memory_mb,
            f"{start.peak_mb:.0f} MB at most while it answers, at most {limits.max_memory_mb:g}",
        ),
    ]


def _age(data_at: float | None, limit: float | None, now: float) -> ReleaseCheck:
    if data_at is None:
        return ReleaseCheck("data_age", limit is None, "when its data was taken in is not known")
    days = (now - data_at) / SECONDS_PER_DAY
    said = f"its data was taken in {days:.1f} days ago" + ("" if limit is None else f", at most {limit:g}")
    return ReleaseCheck("data_age", limit is None or days <= limit, said)
