"""Computes what an answer is cached under: everything that can change it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from components.serving.requests import RecommendRequest

FORMAT = "2"
"""Of what is cached; raised when an older answer could not be read any more."""
NOT_IN_THE_KEY = {"timeout_ms"}
"""How long a client would wait does not change what a complete answer looks like."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """`user` and `answer` are hashes, so that a shared cache holds no user id in a key."""

    user: str
    answer: str


def cache_key(request: RecommendRequest, release: str, variant: str, user_state: str, shelf: str = "") -> CacheKey:
    """The key of the answer to `request`.

    Args:
        release: a release is immutable, so model, prompt and policy are in it.
        variant: which of the release's ways of answering the user gets.
        user_state: which feedback of the user is known (`UserEvents.state`), so that nothing has to be invalidated.
        shelf: which items are off (`Shelf.version`).
    """
    asked = request.model_dump_json(exclude=NOT_IN_THE_KEY, exclude_defaults=True)
    parts = (FORMAT, release, variant, user_state, shelf, asked)
    text = "".join([f"{len(part)}:{part}" for part in parts])  # lengths, so that no two keys run together
    return CacheKey(user_hash(request.user_id), blake2b(text.encode(), digest_size=16).hexdigest())


def user_hash(user_id: str) -> str:
    """What stands for a user in keys."""
    return blake2b(user_id.encode(), digest_size=16, person=b"recops-user").hexdigest()
