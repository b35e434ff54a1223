"""Keeps answers for a while, in this process and where there is one in a cache that the slots share; one flight a key.

What is kept are bytes, so that thousands of answers are nothing to the garbage collector, and memory has a bound; nor
is anything else that there is for each answer or user. What a user was answered before they did something is never
asked for again, and goes as soon as a later answer is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from components.config.routing import Cache
from components.serving.cache_key import CacheKey, user_hash
from components.serving.kept_bytes import KeptBytes

SPARE = 1_000
"""Notes of answers that are kept no more, beside as many as there are answers."""
Origin = Literal["memory", "shared", "joined", "computed"]


@dataclass(frozen=True, slots=True)
class MadeAnswer:
    """What a computation made; `keep` is false when the next one who asks should not get the same."""

    content: bytes
    keep: bool


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """The content, and where it came from; `joined` is the result of a computation that somebody else had begun."""

    content: bytes
    origin: Origin


class CachedContent(NamedTuple):
    """Content, and for how many seconds more it may be used."""

    content: bytes
    seconds: float


class SharedAnswers(Protocol):
    """A cache outside of this process. It never raises: without it everything still works, only slower."""

    async def get(self, key: CacheKey) -> CachedContent | None:
        """What is kept, or None when it is not there or the cache is away."""

    def put(self, key: CacheKey, content: bytes, seconds: float) -> None:
        """Keeps the content for so long, in the background, or not at all."""


class AnswerCache:
    """Answers by key, the least recently used ones dropped first.

    Args:
        timer: seconds, for ages.
    """

    def __init__(self, params: Cache, shared: SharedAnswers | None, timer: Callable[[], float]) -> None:
        self._seconds = params.ttl_seconds
        self._shared = shared
        self._kept = KeptBytes(params.max_megabytes * 1e6, timer)
        self._flights: dict[tuple[CacheKey, object], asyncio.Future[bytes | None]] = {}
        self._versions: dict[str, int] = {}  # the newest of which there is an answer for a user
        self._of_version: dict[str, dict[str, None]] = {}  # and the names of those
        self._noted = 0

    async def find(
        self, key: CacheKey, patience: object, make: Callable[[], Awaitable[MadeAnswer]], version: int = 0
    ) -> FoundAnswer:
        """What is kept under `key`, or else what `make` makes.

        `version` grows with what the user does; `key` is of this version.

        Of several who ask for the same at once, with the same `patience`, one makes it and the others wait for it. An
        error of `make` reaches all of them; when the one who makes it is cancelled, another one takes over.
        """
        while True:
            if (kept := self.kept(key)) is not None:
                return FoundAnswer(kept, "memory")
            flight = self._flights.get((key, patience))
            if flight is None:
                return await self._lead(key, patience, make, version)
            landed = await asyncio.shield(flight)
            if landed is not None:
                return FoundAnswer(landed, "joined")

    def kept(self, key: CacheKey) -> bytes | None:
        """What this process keeps under `key`, if anything."""
        return self._kept.get(key.user, key.answer)

    def keep(self, key: CacheKey, content: bytes) -> None:
        """Takes an answer that was made elsewhere, of whatever version, for as long as one made here."""
        self._kept.keep(key.user, key.answer, content, self._seconds)

    def forget(self, user_id: str) -> int:
        """Drops every answer that this process keeps for a user; how many that were."""
        return self._kept.drop_all_of(user_hash(user_id))

    @property
    def size(self) -> tuple[int, float]:
        """How many answers are kept in this process, and their bytes."""
        return len(self._kept), self._kept.size

    async def _lead(
        self, key: CacheKey, patience: object, make: Callable[[], Awaitable[MadeAnswer]], version: int
    ) -> FoundAnswer:
        flight: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._flights[key, patience] = flight
        try:
            found = await self._shared_or_made(key, make, version)
        except asyncio.CancelledError:
            flight.set_result(None)
            raise
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # nobody may be waiting, which is no reason for a warning
            raise
        else:
            flight.set_result(found.content)
            return found
        finally:
            del self._flights[key, patience]

    async def _shared_or_made(
        self, key: CacheKey, make: Callable[[], Awaitable[MadeAnswer]], version: int
    ) -> FoundAnswer:
        if self._shared is not None:
            kept = await self._shared.get(key)
            if kept is not None:
                self._kept.keep(key.user, key.answer, kept.content, kept.seconds)
                self._note(key, version)
                return FoundAnswer(kept.content, "shared")
        made = await make()
        if made.keep:
            self.keep(key, made.content)
            self._note(key, version)
            if self._shared is not None:
                self._shared.put(key, made.content, self._seconds)
        return FoundAnswer(made.content, "computed")

    def _note(self, key: CacheKey, version: int) -> None:
        """Drops what was kept for the user at an earlier version, now that there is an answer of `version`."""
        latest = self._versions.setdefault(key.user, version)
        if version > latest:
            old = self._of_version.pop(key.user, {})
            for name in old:
                self._kept.drop(key.user, name)
            self._noted -= len(old)
            self._versions[key.user] = latest = version
        names = self._of_version.setdefault(key.user, {})
        if version == latest and key.answer not in names:
            names[key.answer] = None
            self._noted += 1
        if self._noted > 2 * len(self._kept) + SPARE:
            self._forget_notes()

    def _forget_notes(self) -> None:
        """Leaves out the notes of answers that are kept no more."""
        left = {
            user: {name: None for name in names if (user, name) in self._kept}
            for user, names in self._of_version.items()
        }
        self._of_version = {user: names for user, names in left.items() if names}
        self._versions = {user: self._versions[user] for user in self._of_version}
        self._noted = sum(map(len, self._of_version.values()))
