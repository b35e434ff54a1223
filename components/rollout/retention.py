"""Chooses which releases keep their packages and models, and which do not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from components.rollout.states import FINAL, State


@dataclass(frozen=True)
class KeptRelease:
    """A release as retention sees it; `lived` when it has been live once, so that it could be gone back to."""

    release_id: str
    state: State
    lived: bool
    model_versions: frozenset[int]


def releases_to_prune(releases: Sequence[KeptRelease], in_slots: Collection[str], keep: int) -> list[KeptRelease]:
    """Those whose package goes; `releases` are oldest first.

    What runs or stands in a slot stays, as do the newest `keep` that have been live, the live one and the standby among
    them, unless they were rejected: nobody can go back to those. What failed before it ever was live goes at once.
    """
    could_return = [each.release_id for each in releases if each.lived and each.state is not State.REJECTED]
    kept = {*could_return[-keep:], *in_slots}
    return [each for each in releases if each.state in FINAL and each.release_id not in kept]


def models_to_prune(
    releases: Sequence[KeptRelease], pruned: Sequence[KeptRelease], named: Collection[int]
) -> list[int]:
    """Versions that only pruned releases served, and no alias names."""
    gone = {each.release_id for each in pruned}
    needed = {version for each in releases if each.release_id not in gone for version in each.model_versions}
    served = {version for each in pruned for version in each.model_versions}
    return sorted(served - needed - set(named))
