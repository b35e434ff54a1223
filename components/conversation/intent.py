"""Decides what a message does: begins anew, asks why, turns something down, asks for more, or says what is wished."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from components.wishes.tokens import fold

Act = Literal["restart", "explain", "reject", "resemble", "others", "drop", "instead", "refine", "greet", "talk"]
"""`talk`: a language model spoke, and asked nothing of the catalogue."""

_RESTART = re.compile(
    r"^\W*(?:no[,.]? )?(?:please )?(?:let's |can we |let us )?"
    r"(?:start (?:over|again|afresh|anew|from scratch|from the beginning)|begin again|reset|new search"
    r"|clear (?:everything|all)|forget (?:it all|everything|all (?:of )?(?:that|it))|scratch (?:that|all that))\b"
    r"[ ,.:;!-]*(?:please\b)?[ ,.:;!-]*(?:with|and|now)?\b"
)
_GREET = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|evening|afternoon)|thanks?|thank you|ok(?:ay)?|great|cool|perfect|bye)\b"
    r"[\W]*(?:there|you|very much|a lot)?\W*$"
)
_EXPLAIN = re.compile(
    r"\b(?:why|how come|explain|what makes you|tell me (?:more )?about|what is|what's|details (?:of|on|about))\b"
)
_REJECT = re.compile(
    r"\b(?:not|no|none|neither|don't like|dont like|skip|drop|remove|hide|without|hate|dislike"
    r"|leave out|anything but|seen|watched|read|know|knew|own)\b"
)
_RESEMBLE = re.compile(r"\b(?:like|similar to|in the vein of|such as|resembling|along the lines of)\b")
_OTHERS = re.compile(
    r"^\W*(?:show me |give me |any |some |what )?"
    r"(?:more|others?|other ones|another(?: one)?|next|else|something else|anything else|what else|different ones"
    r"|other (?:films|movies|items|books|options|suggestions)|more (?:of (?:these|those|them)|please))"
    r"(?: please| of these| of those)?\W*$"
)
_DROP = re.compile(
    r"^\W*(?:never mind|nevermind|forget(?: about)?|scrap|don't worry about|don't care about|any)\b"
    r"(?P<rest>.*?)(?:\b(?:is|are|will|would) (?:fine|ok|okay|do)\W*)?$"
)
_ANY = re.compile(r"^\W*any\b")
_FINE = re.compile(r"\b(?:is|are|will|would) (?:fine|ok|okay|do)\W*$")
_INSTEAD = re.compile(r"\binstead\b(?! of)|^\W*(?:actually|rather|what about|how about|maybe)\b")


@dataclass(frozen=True)
class Intent:
    """What a message does, and the part of it that states wishes."""

    act: Act
    rest: str


def intent_of(message: str, refers: bool) -> Intent:
    """The intent of `message`; `refers` says whether it speaks of an item that was shown."""
    text = fold(message)
    if found := _RESTART.match(text):
        return Intent("restart", message[found.end() :].strip())
    if _GREET.match(text):
        return Intent("greet", "")
    if refers and _EXPLAIN.search(text):
        return Intent("explain", "")
    if _OTHERS.match(text):
        return Intent("others", "")
    found = _DROP.match(text)
    if found and not refers and (not _ANY.match(text) or _FINE.search(text)):
        return Intent("drop", message[found.start("rest") : found.end("rest")].strip())
    if refers and _RESEMBLE.search(text) and not re.search(r"\b(?:not|don't|dont|doesn't) like\b", text):
        return Intent("resemble", message)
    if refers and _REJECT.search(text):
        return Intent("reject", message)
    if text.strip().startswith("why"):
        return Intent("explain", "")
    return Intent("instead" if _INSTEAD.search(text) else "refine", message)
