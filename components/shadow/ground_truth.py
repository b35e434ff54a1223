"""Which items a user turned out to want, told apart by how the user came to them: that decides what it may prove.

What a user clicks in the champion's list says as much about the list as about the user. Two sources are free of that:

- *later*: what the user did after the request and not through a list of ours. It is not quite neutral: an item that the
  user took from the champion's list is missing from it, which favours a challenger that ranks otherwise. So every
  judgement also exists as *all*, which counts what was taken from lists as well and favours the champion. A gain is
  believed only where both show it; the truth lies between.
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
class Truth:
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


def judge_requests(
    requests: Sequence[LoggedRequest],
    interactions: Iterable[Interaction],
    shown_in: Mapping[str, frozenset[str]],
    horizon_seconds: float,
) -> Truth:
    """What the users of `requests` wanted among the candidates, within the horizon after each request.

    An interaction belongs to a list when it names a request, or when its item stood in a list that the same user was
    shown within the horizon before it: that a client did not say where a click came from must not make it neutral.

    Args:
        interactions: likes of these users, in any order.
        shown_in: items shown, by user, of *all* lists that the user saw in the time; those of `requests` are added.
    """
    by_user: dict[str, list[Interaction]] = {}
    for interaction in interactions:
        by_user.setdefault(interaction.user_id, []).append(interaction)
    lists = {user: set(items) for user, items in shown_in.items()}
    for request in requests:
        lists.setdefault(request.user_id, set()).update(request.shown)
    truth: dict[str, dict[str, Judgement]] = {"later": {}, "explored": {}, "all": {}, "listed": {}}
    for request in requests:
        end = request.received_at + horizon_seconds
        after = [one for one in by_user.get(request.user_id, []) if request.received_at < one.at <= end]
        ranked = frozenset(request.candidates)
        seen = lists[request.user_id]
        listed = {one.item_id for one in after if one.request_id is not None or one.item_id in seen} & ranked
        later = {one.item_id for one in after if one.request_id is None and one.item_id not in seen} & ranked
        sources = {"later": later, "listed": listed, "all": later | listed}
        for source, items in sources.items():
            if items:
                truth[source][request.request_id] = Judgement(request.request_id, frozenset(items))
        explored = request.explored_item
        if explored in ranked and request.propensity and _taken_there(explored, request.request_id, after):
            truth["explored"][request.request_id] = Judgement(
                request.request_id, frozenset({explored}), 1 / request.propensity
            )
    return Truth(**truth)


def _taken_there(item: str, request_id: str, interactions: Sequence[Interaction]) -> bool:
    return any(one.item_id == item and one.request_id == request_id for one in interactions)
