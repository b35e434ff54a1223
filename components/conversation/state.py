"""Where a conversation stands: the wishes so far, what was shown and what was turned down; also its form as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.conversation.wish_codec import read_back, written
from components.wishes.wish import Wish

MAX_WISHES = 30
MAX_ITEMS = 500
"""Items that a conversation remembers; beyond that the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Ids are those of items.

    Attributes:
        shown: the last list, in its order.
        rejected: what must not be shown again.
        focus: the item that was spoken of last, "" for none; "that one" means it.
        turns: messages so far.
    """

    wishes: tuple[Wish, ...] = ()
    shown: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    focus: str = ""
    turns: int = 0

    def data(self) -> dict[str, Any]:
        """The state as it is kept."""
        return {
            "wishes": written(self.wishes[-MAX_WISHES:]),
            "shown": list(self.shown),
            "rejected": list(self.rejected[-MAX_ITEMS:]),
            "focus": self.focus,
            "turns": self.turns,
        }


def read_conversation(kept: Mapping[str, Any]) -> Conversation:
    """What `Conversation.data` wrote, by this version or another; what is missing is empty."""
    return Conversation(
        wishes=read_back(kept.get("wishes", [])),
        shown=tuple(str(each) for each in kept.get("shown", [])),
        rejected=tuple(str(each) for each in kept.get("rejected", [])),
        focus=str(kept.get("focus", "")),
        turns=int(kept.get("turns", 0)),
    )
