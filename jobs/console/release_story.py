"""The history of releases as a timeline: what was tried, by whom and why, with gates and canary figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.adapters.store.releases.history import read_newest
from components.rollout.routing import RoutingState
from components.rollout.story import CANARY, live_periods, tell_rollout
from jobs.promotion.history import describe_release
from jobs.wiring.workbench import Workbench

SHOWN = 50
GOOD = ("promoted", "rolled back", "canary stopped", "restored")


@dataclass(frozen=True)
class CanaryStep:
    """One step of a canary: its share, what was seen, and each guardrail beside the live release."""

    step: str
    seconds: float
    live_requests: int
    canary_requests: int
    canary_users: int
    guardrails: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Attempt:
    """A promotion or a way back.

    Attributes:
        told: in a sentence.
        tone: good, warn (on its way) or bad.
        gates: name, whether it passed, and in words.
        others: further steps with what was found, in words.
    """

    number: int
    kind: str
    release_id: str | None
    from_release: str | None
    slot: str | None
    by: str
    started_at: float
    seconds: float | None
    told: str
    tone: str
    outcome: str
    reason: str | None
    gates: tuple[tuple[str, bool, str], ...]
    canary: tuple[CanaryStep, ...]
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Story:
    """The newest attempts and releases, newest first, and what is live."""

    attempts: tuple[Attempt, ...]
    releases: tuple[Mapping[str, Any], ...]
    routing: RoutingState


def read_story(bench: Workbench) -> Story:
    """The newest `SHOWN` of each."""
    history = read_newest(bench.store.engine, SHOWN)
    return Story(
        tuple(_attempt(row) for row in history["rollouts"]),
        tuple(_release(row) for row in history["releases"]),
        bench.store.releases.routing(),
    )


def read_one(bench: Workbench, release_id: str) -> dict[str, Any]:
    """A release with its states, attempts (newest first), when it was live, and what it is made of.

    Raises:
        UnknownRelease: there is none of this id.
    """
    found = describe_release(bench, release_id)
    return {
        **_release(found),
        "states": found["states"],
        "attempts": tuple(_attempt(row) for row in reversed(found["rollouts"])),
        "live": live_periods(found["states"]),
        "bento_tag": found["bento_tag"],
        "bento_there": found["bento_there"],
        "params_digest": found["params_digest"],
        "lock_hash": found["lock_hash"],
        "created_by": found["created_by"],
        "summary": {name: value for name, value in found["summary"].items() if isinstance(value, str | int | float)},
    }


def _release(row: Mapping[str, Any]) -> dict[str, Any]:
    summary = row["summary"]
    return {
        "release_id": row["release_id"],
        "state": row["state"],
        "parent_id": row["parent_id"],
        "created_at": row["created_at"],
        "models": sorted({each["model_version"] for each in row["variants"]}),
        "prompt": row["variants"][0].get("prompt_version"),
        "variants": row["variants"],
        "data_version": summary.get("data_version"),
        "ndcg": summary.get("ndcg_at_10"),
        "experiment": (summary.get("experiment") or {}).get("id"),
        "commit": row["git_commit"][:8] + ("+" if row["git_dirty"] else ""),
    }


def _attempt(row: Mapping[str, Any]) -> Attempt:
    gates, canary, others = [], [], []
    for step, found in row["checks"].items():
        if step == "gate":
            gates += [(check["name"], check["passed"], check["explanation"]) for check in found["checks"]]
        elif step.startswith(CANARY):
            canary.append(
                CanaryStep(
                    step.removeprefix(CANARY),
                    found["seconds"],
                    found["live_requests"],
                    found["canary_requests"],
                    found["canary_users"],
                    tuple(found["guardrails"]),
                )
            )
        else:
            others.append((step, ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items())))
    outcome = row["outcome"]
    return Attempt(
        number=row["rollout_id"],
        kind=row["kind"],
        release_id=row["release_id"],
        from_release=row["from_release_id"],
        slot=row["slot"],
        by=row["started_by"],
        started_at=row["started_at"],
        seconds=row["finished_at"] - row["started_at"] if row["finished_at"] else None,
        told=tell_rollout(row),
        tone="warn" if outcome is None else "good" if outcome in GOOD else "bad",
        outcome=outcome or row["step"],
        reason=row["reason"],
        gates=tuple(gates),
        canary=tuple(canary),
        others=tuple(others),
    )
