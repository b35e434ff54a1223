"""Makes texts of users and items safe to stand as data in a prompt: one line, plain characters, bounded length."""

from __future__ import annotations

import re
import unicodedata

_STRUCTURE = str.maketrans({"<": " ", ">": " ", "|": "/", "`": "'", "{": "(", "}": ")"})
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def clean(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters.

    Control, format and unassigned characters (category C, so zero-width and direction marks as well) and whitespace
    become single spaces; characters that mean something to the prompt's own structure are replaced.
    """
    kept = text[: 4 * limit]
    if not (kept.isascii() and kept.isprintable()):  # most titles are, and hold nothing of category C then
        kept = "".join(" " if unicodedata.category(char).startswith("C") else char for char in kept)
    line = " ".join(kept.translate(_STRUCTURE).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def without_identity(text: str, user_id: str) -> str:
    """`text` without e-mail addresses, links and, unless it is a short number, the user's id."""
    text = _LINK.sub(" ", _EMAIL.sub(" ", text))
    if len(user_id) < 3 or (user_id.isdigit() and len(user_id) < 6):
        return text
    return re.sub(rf"(?<!\w){re.escape(user_id)}(?!\w)", " ", text, flags=re.IGNORECASE)
