"""Draws the logged requests of an evaluation: the same ones each time, and not too many of one user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from components.shadow.records import LoggedRequest


def sample_requests(
    requests: Iterable[LoggedRequest], evaluation_id: str, size: int, max_per_user: int
) -> list[LoggedRequest]:
    """At most `size` requests in an order drawn by the evaluation's id, at most `max_per_user` of one user.

    A larger size gives the same requests and further ones, so an evaluation can be resumed and extended; so does a log
    that has grown, but for places that newcomers take.
    """
    taken: Counter[str] = Counter()
    chosen: list[LoggedRequest] = []
    for request in sorted(requests, key=lambda one: draw(evaluation_id, one.request_id)):
        if len(chosen) == size:
            break
        if taken[request.user_id] < max_per_user:
            taken[request.user_id] += 1
            chosen.append(request)
    return chosen


def draw(evaluation_id: str, request_id: str) -> float:
    """A number in [0, 1) of its own for each request of each evaluation, the same on every machine."""
    digest = blake2b(f"{evaluation_id}\0{request_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def shuffled_order(evaluation_id: str, request_id: str, n: int) -> Sequence[int]:
    """A permutation of the positions 0..n-1 for the request, the same on every machine."""
    return sorted(range(n), key=lambda place: draw(evaluation_id, f"{request_id}\0{place}"))
