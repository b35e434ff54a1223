"""Says for whom a quality fell, and whether the fall came with a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from components.quality.log import Group
from components.quality.sums import Sums, add_up

DIMENSIONS = ("segment", "route", "variant", "slot", "release_id")
MIN_REQUESTS = 30.0
MOST = 0.5
"""Of a fall that must lie in the answers of a release that is blamed for it."""


@dataclass(frozen=True)
class Segment:
    """The part of the traffic that most of a fall comes from.

    Attributes:
        share_of_fall: of the whole fall, from 0 to 1 and above where others rose.
        share_of_requests: in the windows that fell.
    """

    dimension: str
    value: str
    before: float
    after: float
    share_of_fall: float
    share_of_requests: float


def explain(current: Mapping[Group, Sums], reference: Mapping[Group, Sums]) -> Segment | None:
    """The segment whose part of the fall exceeds its part of the requests by most; None when there is none to name.

    A segment's part of the fall is its share of the requests times how much its own mean fell. Segments that are not
    in both periods, such as a release that is new, cannot be told so and are left out.
    """
    total = add_up(current.values())
    requests = float(total.requests.sum())
    found: list[Segment] = []
    for dimension in DIMENSIONS:
        parts: list[tuple[str, float, float, float]] = []
        values = sorted({str(getattr(group, dimension)) for group in current})
        for value in values:
            now = add_up(sums for group, sums in current.items() if str(getattr(group, dimension)) == value)
            then = add_up(sums for group, sums in reference.items() if str(getattr(group, dimension)) == value)
            if min(now.requests.sum(), then.requests.sum()) < MIN_REQUESTS:
                continue
            before, after = (float(each.ndcg.sum() / each.requests.sum()) for each in (then, now))
            parts.append((value, before, after, float(now.requests.sum()) / requests))
        fall = sum(share * (before - after) for _, before, after, share in parts)
        if len(parts) < 2 or fall <= 0:
            continue
        found += [
            Segment(dimension, value, before, after, share * (before - after) / fall, share)
            for value, before, after, share in parts
            if before > after
        ]
    return max(found, key=lambda each: each.share_of_fall - each.share_of_requests, default=None)


@dataclass(frozen=True)
class ReleaseChange:
    """A release became live shortly before a fall began; `share_of_fall` is what of the fall lies in its answers."""

    release_id: str
    before: str
    at: float
    share_of_fall: float = 1.0


def came_with(
    since: float,
    window_seconds: float,
    fallen: Sequence[Mapping[Group, Sums]],
    reference: Mapping[Group, Sums],
    changes: Sequence[ReleaseChange],
) -> ReleaseChange | None:
    """The change of release that a fall came with: in its first window or the one before, and in whose answers at least
    `MOST` of the fall lies. A release that did not answer explains nothing of it.

    Args:
        since: start of the first fallen window.
        fallen: groups of the fallen windows, oldest first.
        reference: groups of the windows that they are held against.
        changes: releases that became live, by time.
    """
    near = [change for change in changes if since - window_seconds <= change.at < since + window_seconds]
    for change in reversed(near):
        share = share_explained(change.release_id, fallen, reference)
        if share >= MOST:
            return replace(change, share_of_fall=share)
    return None


def share_explained(release_id: str, fallen: Sequence[Mapping[Group, Sums]], reference: Mapping[Group, Sums]) -> float:
    """The part of a fall that lies in a release's answers: what these lack beside what the same kind of users (warm,
    cold, unknown) got in the reference, over what all answers lack. 0 where nothing fell.
    """
    usual = {
        segment: add_up(sums for group, sums in reference.items() if group.segment == segment)
        for segment in {group.segment for group in reference}
    }
    means = {key: float(sums.ndcg.sum() / sums.requests.sum()) for key, sums in usual.items() if sums.requests.sum()}
    own = total = 0.0
    for group, sums in ((group, sums) for groups in fallen for group, sums in groups.items()):
        if group.segment in means:
            lacking = float(sums.requests.sum()) * means[group.segment] - float(sums.ndcg.sum())
            total += lacking
            own += lacking if group.release_id == release_id else 0.0
    return own / total if total > 0 else 0.0
