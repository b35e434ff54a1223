"""Makes texts of users and items safe to stand as data in a prompt: one line, plain characters, bounded length."""

from __future__ import annotations

import re
import unicodedata

from components.reranking.personal_data import without_personal_data

_STRUCTURE = str.maketrans({"<": " ", ">": " ", "|": "/", "`": "'", "{": "(", "}": ")"})


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
    """`text` without what says who somebody is (personal_data.py) and, unless it is a short number, the user's id."""
    text = without_personal_data(text)
    if len(user_id) < 3 or (user_id.isdigit() and len(user_id) < 6):
        return text
    return re.sub(rf"(?<!\w){re.escape(user_id)}(?!\w)", " ", text, flags=re.IGNORECASE)
