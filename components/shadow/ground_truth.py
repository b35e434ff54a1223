"""Which items a user turned out to want, told apart by how the user came to them: that decides what it may prove.

What a user clicks in the champion's list says as much about the list as about the user. Two sources are free of that:

- *later*: what the user did after the request and not through a list of ours. It is not quite neutral: an item that the
  user took from the champion's list is missing from it, which favours a challenger that ranks otherwise. So there is
  *all* beside it, which counts what was taken from lists as well and favours the champion. A gain is believed only
  where both show it; the truth lies between.
- *explored*: the item that stood at a randomly filled position and was taken there, weighted by the inverse of the
  probability with which it was drawn. This favours nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from components.shadow.records import Interaction, LoggedRequest

Source = Literal["later", "explored", "all", "listed"]


@dataclass(frozen=True)
class Judgement:
    """The items that were relevant to a request, from one source, with the weight of the request in every mean."""

    request_id: str
    relevant: frozenset[str]
    weight: float = 1.0


@dataclass(frozen=True)
class GroundTruth:
    """Everything known about what users wanted, per source and by request; requests that tell nothing are left out.

    Attributes:
        later: through no list of ours.
        explored: through a position filled at random.
        all: `later`, and what was taken from lists.
        listed: taken from lists alone; shown in the report, and never a reason to promote.
    """

    later: Mapping[str, Judgement]
    explored: Mapping[str, Judgement]
    all: Mapping[str, Judgement]
    listed: Mapping[str, Judgement]

    def of(self, source: Source) -> Mapping[str, Judgement]:
        """The judgements of one source."""
        found: Mapping[str, Judgement] = getattr(self, source)
        return found


@dataclass(frozen=True)
class ShownList:
    """A list that a user saw."""

    user_id: str
    at: float
    items: frozenset[str]


def judge_requests(
    requests: Sequence[LoggedRequest],
    interactions: Iterable[Interaction],
    other_lists: Iterable[ShownList],
    horizon_seconds: float,
    attribution_seconds: float,
) -> GroundTruth:
    """What the users of `requests` wanted among the candidates, within the horizon after each request.

    An interaction belongs to a list when it names a request, or when a list that held the item was shown to the user
    less than `attribution_seconds` before: that a client did not say where a click came from makes it no wish of the
    user's own.

    Args:
        interactions: likes of these users, in any order.
        other_lists: what else the users were shown in the time, beside `requests` themselves.
    """
    lists: dict[str, list[ShownList]] = {}
    own = [ShownList(one.user_id, one.received_at, frozenset(one.shown)) for one in requests]
    for shown in (*own, *other_lists):
        lists.setdefault(shown.user_id, []).append(shown)
    by_user: dict[str, list[tuple[Interaction, bool]]] = {}
    for one in interactions:
        from_list = one.request_id is not None or any(
            one.item_id in shown.items and 0 <= one.at - shown.at <= attribution_seconds
            for shown in lists.get(one.user_id, [])
        )
        by_user.setdefault(one.user_id, []).append((one, from_list))
    truth: dict[str, dict[str, Judgement]] = {"later": {}, "explored": {}, "all": {}, "listed": {}}
    for request in requests:
        end = request.received_at + horizon_seconds
        after = [pair for pair in by_user.get(request.user_id, []) if request.received_at < pair[0].at <= end]
        ranked = frozenset(request.candidates)
        listed = {one.item_id for one, from_list in after if from_list} & ranked
        later = {one.item_id for one, from_list in after if not from_list} & ranked - listed
        sources = {"later": later, "listed": listed, "all": later | listed}
        for source, items in sources.items():
            if items:
                truth[source][request.request_id] = Judgement(request.request_id, frozenset(items))
        explored = request.explored_item
        if (
            explored in ranked
            and request.propensity
            and _taken_there(explored, request.request_id, (one for one, _ in after))
        ):
            truth["explored"][request.request_id] = Judgement(
                request.request_id, frozenset({explored}), 1 / request.propensity
            )
    return GroundTruth(**truth)


def _taken_there(item: str, request_id: str, interactions: Iterable[Interaction]) -> bool:
    return any(one.item_id == item and one.request_id == request_id for one in interactions)
