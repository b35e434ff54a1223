"""Says which ids look like one to people and are two to programs: they stay two, but somebody should know."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MOST = 200_000
"""Distinct ids of which it is looked for; more would cost a second."""


def describe_twins(ids: Iterable[str], column: str) -> tuple[str, ...]:
    """A note of how many distinct `ids` differ from another one only in case or in how accents are written; none where
    none do, or where there are more than `MOST`."""
    names = list(ids)
    if len(names) > MOST:
        return ()
    first: dict[str, str] = {}
    pair: tuple[str, str] | None = None
    count = 0
    for name in sorted(names):
        bare = unicodedata.normalize("NFKC", name).casefold()
        if bare in first:
            count += 1
            pair = pair or (first[bare], name)
        else:
            first[bare] = name
    if pair is None:
        return ()
    return (
        f"{count} of the column {column} differ from another one only in case or in how letters are written, such as "
        f"{pair[0]!a} and {pair[1]!a}; they count as different",
    )
