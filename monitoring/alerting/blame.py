"""Says for whom a quality fell, and whether the fall came with a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.quality.log import Group
from components.quality.sums import Sums, add_up

DIMENSIONS = ("segment", "route", "variant", "slot", "release_id")
MIN_REQUESTS = 30.0


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
    """A release became live shortly before a fall began."""

    release_id: str
    before: str
    at: float


def came_with(
    since: float, window_seconds: float, releases: Sequence[Mapping[Group, Sums]], changes: Sequence[ReleaseChange]
) -> ReleaseChange | None:
    """The change of release that a fall came with: in its first window or the one before, and answering since.

    Args:
        since: start of the first fallen window.
        releases: groups of the fallen windows, oldest first.
        changes: releases that became live, by time.
    """
    answering = {group.release_id for groups in releases for group in groups}
    near = [
        change
        for change in changes
        if since - window_seconds <= change.at < since + window_seconds and change.release_id in answering
    ]
    return near[-1] if near else None
