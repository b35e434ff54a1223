"""Changes people, or what their client sends, in ways that a monitor has to notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from components.simulation.people import SimulatedPerson

PeopleDrift = Literal["taste-shift", "new-users", "catalogue-change", "broken-feature"]
PEOPLE_DRIFTS: tuple[PeopleDrift, ...] = get_args(PeopleDrift)
NEW_SHARE = 0.8
"""Of the activity, that of users nobody has seen, in `new-users`."""
LEAVING_SHARE = 0.5
"""Of the items anybody will like, those that leave in `catalogue-change`."""
NULLS = ("null", "undefined", "NaN")


def drifted(
    people: Sequence[SimulatedPerson], drift: PeopleDrift, seed: int, labels: Sequence[str]
) -> tuple[SimulatedPerson, ...]:
    """The same number of people or more, changed by `drift`; drawn from `seed`.

    - taste-shift: everybody likes from now on what somebody else would have liked; the histories stay.
    - new-users: four requests in five come from users whom nobody has seen, each with the taste of a real one.
    - catalogue-change: half of the items that anybody will like are gone, and their friends like items instead that
      are in no catalogue yet; they find those elsewhere and report on them.
    - broken-feature: each client sends somebody else's idea of what is wanted: a random label as query, the same as
      the only preference, and "null" for the situation.

    Args:
        labels: categories and tags that a broken client may send.
    """
    rng = np.random.default_rng([seed, 2])
    if drift == "taste-shift":
        return _shifted(people, rng)
    if drift == "new-users":
        return _flooded(people)
    if drift == "catalogue-change":
        return _without_items(people, rng)
    return _damaged(people, rng, labels)


def _shifted(people: Sequence[SimulatedPerson], rng: np.random.Generator) -> tuple[SimulatedPerson, ...]:
    """Each person gets the future of the next one in a random circle, so that nobody keeps their own."""
    circle = rng.permutation(len(people))
    heir = {int(place): int(following) for place, following in zip(circle, np.roll(circle, -1), strict=True)}
    return tuple(
        replace(person, later=people[heir[place]].later, liked=people[heir[place]].liked)
        for place, person in enumerate(people)
    )


def _flooded(people: Sequence[SimulatedPerson]) -> tuple[SimulatedPerson, ...]:
    strangers = [
        replace(person, user_id=f"new-{person.user_id}", activity=person.activity * NEW_SHARE) for person in people
    ]
    return (*(replace(person, activity=person.activity * (1 - NEW_SHARE)) for person in people), *strangers)


def _without_items(people: Sequence[SimulatedPerson], rng: np.random.Generator) -> tuple[SimulatedPerson, ...]:
    items = sorted({item_id for person in people for item_id in person.later})
    gone = {items[place] for place in np.flatnonzero(rng.random(len(items)) < LEAVING_SHARE)}
    renamed = {item_id: f"new-{item_id}" if item_id in gone else item_id for item_id in items}
    return tuple(
        replace(
            person,
            later={renamed[item_id]: value for item_id, value in person.later.items()},
            liked=frozenset(renamed[item_id] for item_id in person.liked),
            elsewhere=tuple(sorted(renamed[item_id] for item_id in person.liked & gone)),
        )
        for person in people
    )


def _damaged(
    people: Sequence[SimulatedPerson], rng: np.random.Generator, labels: Sequence[str]
) -> tuple[SimulatedPerson, ...]:
    """
    Raises:
        ValueError: there are no labels to send.
    """
    if not labels:
        raise ValueError("broken-feature sends random labels, and the items have none")
    changed = []
    for person in people:
        label, null = labels[int(rng.integers(len(labels)))], NULLS[int(rng.integers(len(NULLS)))]
        context = {"time_of_day": null, "device": null, "mood": null, "query": label}
        changed.append(replace(person, wishes={"context": context, "profile": {"preferences": {label: 1.0}}}))
    return tuple(changed)
