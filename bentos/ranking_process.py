"""A process that ranks histories for a slot: `python -m bentos.ranking_process FOLDER SOCKET BUNDLE…`, started by one.

It holds the pipelines of the bundles and nothing else, answers one question after another, and ends when nobody is at
the other end of the socket.
"""

from __future__ import annotations

import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import numpy as np

from bentos.ranking_question import READY, Question, Ranked
from components.ranking.candidates import NOTHING
from components.ranking.fitted_pipeline import FittedPipeline
from components.recommenders.events import events_of
from components.recommenders.protocol import FittedRecommender
from components.serving.bundle import read_primary


def main(folder: Path, socket: int, bundles: list[str]) -> None:
    """Answers until the other end is gone: with None where a question cannot be answered."""
    with Connection(socket) as asker:
        pipelines = {name: read_primary(folder / name) for name in bundles}
        for each in pipelines.values():
            _warm_up(each)
        asker.send(READY)
        while True:
            try:
                question: Question = asker.recv()
            except EOFError:
                return
            try:
                pipeline = pipelines[question.bundle]
                assert isinstance(pipeline, FittedPipeline)  # noqa: S101 only pipelines rank for histories
                answer = _ranked(pipeline, question)
            except Exception:
                traceback.print_exc()
                answer = None
            asker.send(answer)


def _warm_up(recommender: FittedRecommender) -> None:
    """Asks once, as of the last interaction, so that nobody waits for what is worked out at first use."""
    if not isinstance(recommender, FittedPipeline):
        return
    events = events_of(recommender.data)
    history = recommender.histories.of(int(events.users[np.argmax(events.seconds)]))
    made = recommender.rank(history, NOTHING)
    made.because(made.ranking.items[:1])


def _ranked(pipeline: FittedPipeline, question: Question) -> Ranked:
    made = pipeline.rank(question.history, question.hidden, again=question.again, clock=perf_counter)
    return Ranked(made.ranking, made.because(made.ranking.items[: question.n_reasons]), dict(made.seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
