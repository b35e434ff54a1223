"""What a slot and the processes that rank for it say to each other, through a socket that is theirs alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from components.recommenders.history import History
from components.recommenders.protocol import Ranking, Rows

READY = "ready"


class Question(NamedTuple):
    """What `FittedPipeline.rank` is to be asked, of which bundle, and of how many of the best to say why."""

    bundle: str
    history: History
    hidden: Rows
    again: bool
    n_reasons: int


class Ranked(NamedTuple):
    """The ranking, why the first of it are there (`Because.of`), and the seconds of each stage."""

    ranking: Ranking
    codes: Rows
    seconds: Mapping[str, float]
