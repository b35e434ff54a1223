"""Words that hold the parts of a text together: joints of lists, nouns without a meaning of their own, turns."""

from __future__ import annotations

JOINTS = frozenset(["and", "or", "nor", "&", "plus", "either", "both", "as", "well"])
"""What joins the parts of a list."""
NOUNS = frozenset(
    [
        "film",
        "films",
        "movie",
        "movies",
        "flick",
        "flicks",
        "picture",
        "pictures",
        "stuff",
        "things",
        "thing",
        "anything",
        "something",
        "ones",
        "any",
        "a",
        "an",
        "the",
        "more",
        "of",
    ]
)
"""What may stand between them and means nothing."""
TURNING = frozenset(
    [
        "for",
        "with",
        "from",
        "in",
        "by",
        "that",
        "which",
        "who",
        "where",
        "set",
        "about",
        "to",
        "on",
        "at",
        "during",
        "featuring",
        "starring",
        "when",
        "if",
        "because",
        "while",
    ]
)
"""What ends the reach of a refusal."""
INTENSE = frozenset(
    [
        "very",
        "really",
        "super",
        "extremely",
        "so",
        "incredibly",
        "ultra",
        "truly",
        "seriously",
        "especially",
        "particularly",
        "extra",
    ]
)
"""What sends a scale to its end."""
RESEMBLING = frozenset(
    [
        "unlike",
        "nothing like",
        "different from",
        "far from",
        "as far from",
        "opposite of",
        "the opposite of",
        "away from",
        "far away from",
    ]
)
"""Refusals that speak of likeness."""
PLAIN_NOT = frozenset(["not", "isn't", "aren't", "isnt", "arent", "wasn't", "doesn't", "don't"])
"""Refusals that an "and" may end: "not long and funny"."""
PARTS = frozenset(
    ["films", "movies", "series", "franchise", "ones", "parts", "books", "saga", "trilogy", "games", "albums"]
)
"""What makes of the name of an item the name of its series."""
ARTICLES = frozenset(["the", "a", "an"])
