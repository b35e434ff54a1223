"""Says in a sentence or two what a message did, in the words of the wishes as they were understood."""

from __future__ import annotations

from collections.abc import Sequence

from components.wishes.wish import Wish

OPENING = "Hello. Say what you are after, or turn down what you see; here is what I would begin with."
GREETED = "Gladly. Say what should be different, or ask why one of them is there."
NOTHING_SHOWN = "Nothing was shown yet. Say what you are after."
NOTHING_LEFT = "Nothing fits that any more, so I left the list as it was; say which wish to drop."


def begun(wishes: Sequence[Wish]) -> str:
    """After a new beginning."""
    return f"From the beginning: {_listed(wishes)}." if wishes else "From the beginning. What are you after?"


def others(n_items: int) -> str:
    """For further items."""
    return "Here are others." if n_items else "There are no others."


def explained(title: str, why: str) -> str:
    """Why an item is there."""
    return f"{title}: {why}"


def rejected(titles: Sequence[str]) -> str:
    """After items were turned down."""
    return f"Without {' and '.join(titles[:3])}{' and the rest' if len(titles) > 3 else ''}."


def resembling(title: str, wishes: Sequence[Wish]) -> str:
    """For items like one that was shown."""
    more = [wish for wish in wishes if title not in wish.words()]
    return f"More like {title}{f', still: {_listed(more)}' if more else ''}."


def dropped(gone: Sequence[Wish]) -> str:
    """After wishes were taken back."""
    return f"No longer: {_listed(gone)}." if gone else "I see no such wish to drop."


def refined(read: Sequence[Wish], all_wishes: Sequence[Wish], loosened: Sequence[Wish], ignored: Sequence[str]) -> str:
    """After a message stated wishes."""
    if not read:
        return f"I did not understand {_quoted(ignored)}; here is what I would begin with." if ignored else OPENING
    still = [wish for wish in all_wishes if wish not in read and wish not in loosened]
    text = f"Understood: {_listed(read)}"
    text += f"; still: {_listed(still)}." if still else "."
    return f"{text} I did not understand {_quoted(ignored)}." if ignored else text


def given_up(loosened: Sequence[Wish]) -> str:
    """Which wishes were given up."""
    return f"Nothing fits all of it, so I gave up: {_listed(loosened)}."


def not_understood(ignored: Sequence[str]) -> str:
    """For a message that says nothing that is known."""
    return f"I did not understand {_quoted(ignored)}; the list is as it was." if ignored else "The list is as it was."


def _listed(wishes: Sequence[Wish]) -> str:
    return "; ".join(wish.words() for wish in wishes)


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word[:40]}”" for word in words[:5]) or "that"
