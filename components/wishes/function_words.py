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
PLAIN_NOT = frozenset(["weren't", "not", "isn't", "aren't", "isnt", "arent", "wasn't", "doesn't", "don't"])
"""Refusals that an "and" may end: "not long and funny"."""
PARTS = frozenset(
    ["films", "movies", "series", "franchise", "ones", "parts", "books", "saga", "trilogy", "games", "albums"]
)
"""What makes of the name of an item the name of its series."""
ARTICLES = frozenset(["the", "a", "an"])
CANCELLING = frozenset(
    [
        "without",
        "isn't",
        "aren't",
        "wasn't",
        "isnt",
        "arent",
        "not",
        "doesn't",
        "don't",
        "do not",
        "does not",
        "anything but",
        "lacking",
        "devoid of",
        "weren't",
        "wouldn't",
        "un",
        "non",
    ]
)
"""Refusals that take back one right before them: "no films that aren't animated"."""
DEGREES = frozenset(["too", "so", "very", "overly", "particularly", "terribly", "that", "especially", "excessively"])
"""Between a refusal and a word these keep it to that word: "a not too scary thriller"."""
SAYS_WHAT = frozenset(["director", "directors", "maker", "makers", "creator", "creators", "writer", "writers"])
"""Who makes things, of whom "of" says which."""
MAKERS_OF = SAYS_WHAT | {
    "guy",
    "guys",
    "man",
    "men",
    "woman",
    "women",
    "person",
    "people",
    "folks",
    "one",
    "team",
    "duo",
}
"""Who may have made a thing that is named."""
MADE = frozenset(["made", "directed", "wrote", "created", "shot", "filmed", "did", "of", "behind"])
"""What says that they did."""
CAME_OUT = frozenset([("came", "out"), ("was", "released"), ("was", "made"), ("appeared",), ("premiered",)])
"""What is said of the year of an item."""
ALL_OF = NOUNS | {
    "year",
    "years",
    "decade",
    "genre",
    "genres",
    "country",
    "countries",
    "language",
    "kind",
    "era",
    "director",
}
"""Of which all but some may be meant."""
RELATIVE = frozenset(["that", "which", "who", "where"])
"""Behind a refusal these keep it up to the end of the clause: "nothing that drags on past two hours"."""
AVERSIONS = frozenset(
    [
        "hate",
        "hates",
        "hated",
        "dislike",
        "dislikes",
        "disliked",
        "loathe",
        "loathes",
        "detest",
        "detests",
        "despise",
        "avoid",
        "avoiding",
        "excluding",
        "exclude",
        "except",
        "except for",
        "can't stand",
        "cannot stand",
        "can't bear",
        "cannot bear",
    ]
)
"""Refusals of all that is listed up to the end of the clause: "hates: horror, war"."""
