"""A bounded load that remembers each answer, and a router that remembers when each routing was active."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from components.adapters.envoy.router import EnvoyRouter
from components.rollout.routing import RoutingState, shares_of
from tests.load import ask


@dataclass(frozen=True)
class Answered:
    """Who asked, who answered, and from when to when (monotonic seconds)."""

    user_id: str
    release: str
    start: float
    end: float


@dataclass(frozen=True)
class Active:
    """A version of the routing: written from `start` on, and followed by the gateway at `end`."""

    state: RoutingState
    start: float
    end: float

    @property
    def releases(self) -> set[str]:
        """Those that it gives a share."""
        return {release for share in shares_of(self.state) if (release := self.state.releases[share.slot])}


class RecordingRouter(EnvoyRouter):
    """Waits until Envoy follows each version that it writes, and remembers when."""

    def remember(self) -> RecordingRouter:
        self.versions: list[Active] = []
        return self

    def project(self, read: Callable[[], RoutingState]) -> None:
        start = time.monotonic()
        super().project(read)
        state = read()
        assert self.wait_applied(state.version, 20)
        self.versions.append(Active(state, start, time.monotonic()))


@dataclass
class Recorded:
    """All answers in the order in which they ended, and what went wrong with the others."""

    answers: list[Answered] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def run_recorded(
    port: int, user_ids: Sequence[str], stop: asyncio.Event, at_least: int, at_most: int, clients: int = 8
) -> Recorded:
    """Ask until `stop` is set and `at_least` answers are there, or `at_most`; half of the clients keep connections."""
    recorded = Recorded()
    left = itertools.count()

    def is_over() -> bool:
        return next(left) >= at_most or (stop.is_set() and len(recorded.answers) >= at_least)

    async def client(number: int) -> None:
        keep = number % 2 == 0
        users = itertools.cycle(user_ids[number::clients])
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not is_over():
            user, start = next(users), time.monotonic()
            release = None
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", port)
                release = await asyncio.wait_for(ask(*connection, user, keep), 20)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                recorded.failures.append(f"{type(error).__name__}: {error}")
            if release is not None:
                recorded.answers.append(Answered(user, release, start, time.monotonic()))
            if connection is not None and (release is None or not keep):
                connection[1].close()
                connection = None
            await asyncio.sleep(0 if stop.is_set() else 0.02)  # promotions need some of the two cores
        if connection is not None:
            connection[1].close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return recorded


def strangers(answers: Sequence[Answered], versions: Sequence[Active]) -> list[Answered]:
    """Answers of releases that no version of the routing active between their start and end gives a share."""
    until = [version.end for version in versions[1:]] + [float("inf")]
    found = []
    for answer in answers:
        allowed: set[str] = set()
        for version, ended in zip(versions, until, strict=True):
            if version.start <= answer.end and ended >= answer.start:
                allowed |= version.releases
        if answer.release not in allowed:
            found.append(answer)
    return found


def returned(answers: Sequence[Answered], versions: Sequence[Active]) -> list[tuple[Answered, Answered]]:
    """Pairs of answers to one user: one by a canary, a later one, before it lost its share, by another release."""
    found = []
    for release, began, ended in trials(versions):
        first: dict[str, Answered] = {}
        for answer in answers:
            if not (began <= answer.start and answer.end < ended):
                continue
            if answer.release == release:
                first.setdefault(answer.user_id, answer)
            elif answer.user_id in first and answer.start > first[answer.user_id].end:
                found.append((first[answer.user_id], answer))
    return found


def trials(versions: Sequence[Active]) -> list[tuple[str, float, float]]:
    """Each canary, with the time from its first share until it is given none any more, or another release is tried."""
    found: list[tuple[str, float, float]] = []
    for version in versions:
        canary = version.state.canary_release
        if canary is not None and canary not in [name for name, _, _ in found]:
            over = (
                later.start
                for later in versions
                if later.start > version.start
                and (canary not in later.releases or later.state.canary_release not in (None, canary))
            )
            found.append((canary, version.start, next(over, float("inf"))))
    return found
