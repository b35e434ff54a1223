"""Has processes of its own rank for histories, so that rankings do not share one interpreter with all that answers.

A ranking holds the interpreter for most of its time, and threads that pass it to and fro lose more than a second core
gives them (docs/measurements.md). Whoever asks waits in a thread, which costs nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from bentos.ranking_question import Question, Ranked
from components.ranking.history_ranker import RankedHistory, explained_by
from components.recommenders.history import History
from components.recommenders.protocol import Rows

logger = logging.getLogger("recops.service")

PATIENCE_SECONDS = 5.0
"""A process that takes longer for one ranking is ended."""
END_SECONDS = 2.0


class _Process:
    """One process, and our end of its socket."""

    def __init__(self, folder: Path, bundles: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        code = Path(__file__).resolve().parents[1]
        number = theirs.fileno()
        command = [sys.executable, "-m", "bentos.ranking_process", str(folder), str(number), *bundles]
        environment = {**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with theirs:
            self._running = subprocess.Popen(command, cwd=code, env=environment, pass_fds=[number])
        self.asked = Connection(ours.detach())

    @property
    def pid(self) -> int:
        return self._running.pid

    def end(self) -> None:
        """It ends by itself once our end is closed, unless it hangs."""
        self.asked.close()
        try:
            self._running.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


class RankingProcesses:
    """None runs before `start`.

    Args:
        folder: holds the bundles of these names.
        n: how many processes; each has the pipelines in memory of its own.
    """

    def __init__(self, folder: Path, bundles: Sequence[str], n: int) -> None:
        self._folder = folder.resolve()
        self._bundles = list(bundles)
        self._n = n
        self._starting: list[_Process] = []
        self._all: list[_Process] = []
        self._idle: SimpleQueue[_Process | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Starts them; until one is ready, which takes seconds, `rank` has nobody to ask."""
        with self._lock:
            for _ in range(self._n):
                self._add()

    def rank(self, bundle: str, history: History, hidden: Rows, again: bool, n_reasons: int) -> RankedHistory | None:
        """As `FittedPipeline.rank` of that bundle; None where no process could say. Waits for one that is free."""
        process = self._free_one()
        if process is None:
            return None
        try:
            process.asked.send(Question(bundle, history, hidden, again, n_reasons))
            if not process.asked.poll(PATIENCE_SECONDS):
                raise TimeoutError(f"no ranking within {PATIENCE_SECONDS:g} s")
            made: Ranked | None = process.asked.recv()
        except (OSError, EOFError) as error:
            logger.warning("process %d, which ranks, is replaced: %r", process.pid, error)
            self._replace(process)
            return None
        self._idle.put(process)
        return None if made is None else explained_by(made.ranking, made.codes, made.seconds)

    def close(self) -> None:
        """Ends them all; safe to call twice."""
        with self._lock:
            self._closed = True
            ended, self._all, self._starting = self._all, [], []
        for each in ended:
            self._idle.put(None)
            each.end()

    @property
    def pids(self) -> list[int]:
        """Of all that run, ready or not."""
        with self._lock:
            return [each.pid for each in self._all]

    def _free_one(self) -> _Process | None:
        with self._lock:
            for each in [each for each in self._starting if each.asked.poll()]:
                self._starting.remove(each)
                try:
                    each.asked.recv()
                except (OSError, EOFError):  # it could not start, and would not the next time
                    self._all.remove(each)
                    each.end()
                    continue
                self._idle.put(each)
            if len(self._all) == len(self._starting):
                return None
        return self._idle.get()

    def _replace(self, process: _Process) -> None:
        with self._lock:
            if process in self._all:
                self._all.remove(process)
                self._idle.put(None)  # for whoever waits for it
                if not self._closed:
                    self._add()
        process.end()

    def _add(self) -> None:
        made = _Process(self._folder, self._bundles)
        self._all.append(made)
        self._starting.append(made)
