"""Leads a conversation: from its state and a message to the next state, the items to show, and what is said.

Deterministic, without a language model: `AskersCatalogue` reads the words and finds the items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from components.conversation import replies
from components.conversation.intent import Act, Intent, intent_of
from components.conversation.references import Reference, find_reference
from components.conversation.refine import compared_with_shown, refined, started_anew, without_topic
from components.conversation.state import Conversation
from components.wishes.facts import CatalogueFacts
from components.wishes.tokens import fold
from components.wishes.vocabulary import Comparative, Phrase
from components.wishes.wish import LikeWish, Wish, Wishes

Item = TypeVar("Item")
_FILLER = frozenset(
    [
        "more",
        "like",
        "similar",
        "to",
        "but",
        "and",
        "the",
        "one",
        "film",
        "movie",
        "not",
        "no",
        "skip",
        "that",
        "this",
        "it",
        "them",
        "of",
        "these",
        "those",
        "i",
    ]
)


@dataclass(frozen=True)
class FoundForWishes(Generic[Item]):
    """Items for some wishes, best first, their ids, and the wishes that were given up because nothing fits them all."""

    items: Sequence[Item]
    ids: tuple[str, ...]
    loosened: tuple[Wish, ...] = ()


class AskersCatalogue(Protocol[Item]):
    """What a conversation is about, for one asker."""

    @property
    def facts(self) -> CatalogueFacts:
        """What is known of every item."""
        ...

    @property
    def comparatives(self) -> Mapping[Phrase, Comparative]:
        """Phrases such as "shorter"."""
        ...

    def read(self, text: str) -> Wishes:
        """The wishes of a text."""
        ...

    def find(self, wishes: Sequence[Wish], k: int, exclude: Sequence[str]) -> FoundForWishes[Item]:
        """At most `k` items that fit, without those of `exclude`; without wishes what is recommended."""
        ...

    def why(self, item_id: str, wishes: Sequence[Wish]) -> str:
        """Why an item is shown, in a sentence without its title."""
        ...


@dataclass(frozen=True)
class Turn(Generic[Item]):
    """What a message led to.

    Attributes:
        understood: the wishes that the message itself stated.
        ignored: its words that did nothing.
        found: None where the list stays as it was.
    """

    state: Conversation
    act: Act
    reply: str
    understood: tuple[Wish, ...] = ()
    ignored: tuple[str, ...] = ()
    found: FoundForWishes[Item] | None = None


@dataclass
class _Step(Generic[Item]):
    """A message on its way: what it says, and what it refers to."""

    state: Conversation
    intent: Intent
    reference: Reference | None
    catalogue: AskersCatalogue[Item]
    k: int
    read: Wishes = field(default_factory=Wishes)

    def title(self, item_id: str) -> str:
        facts = self.catalogue.facts
        row = facts.row_of.get(item_id)
        return facts.titles[row] if row is not None else item_id

    @property
    def meant(self) -> tuple[str, ...]:
        """Ids of the items that the message refers to."""
        return tuple(self.state.shown[place] for place in self.reference.places) if self.reference else ()


def take_turn(state: Conversation, message: str, catalogue: AskersCatalogue[Item], k: int) -> Turn[Item]:
    """Answers `message`. The same state, message and catalogue give the same turn."""
    state = replace(state, turns=state.turns + 1)
    facts = catalogue.facts
    known = [each for each in state.shown if each in facts.row_of]
    state = replace(state, shown=tuple(known))
    titles = [facts.titles[facts.row_of[each]] for each in known]
    focus = known.index(state.focus) if state.focus in known else None
    reference = find_reference(message, titles, focus)
    step = _Step(state, intent_of(message, reference is not None), reference, catalogue, k)
    act = step.intent.act
    if act == "restart":
        return _begin(step)
    if act == "greet":
        return _greeted(step)
    if act == "explain":
        return _explained(step)
    if act == "others":
        found = _find(step, state.wishes, state.shown)
        return _shown(step, state.wishes, found, replies.others(len(found.ids)))
    if act == "drop":
        return _dropped(step)
    if act == "reject":
        return _rejected(step)
    if act == "resemble":
        return _resembling(step)
    return _refined(step)


def _begin(step: _Step[Item]) -> Turn[Item]:
    step.state = Conversation(turns=step.state.turns)
    step.read = step.catalogue.read(step.intent.rest)
    wishes = step.read.wishes
    return _shown(step, wishes, _find(step, wishes), replies.begun(wishes))


def _greeted(step: _Step[Item]) -> Turn[Item]:
    if step.state.shown:
        return Turn(step.state, "greet", replies.GREETED)
    return _shown(step, (), _find(step, ()), replies.OPENING)


def _explained(step: _Step[Item]) -> Turn[Item]:
    if not step.state.shown:
        return Turn(step.state, "explain", replies.NOTHING_SHOWN)
    meant = (step.meant or (step.state.shown[0],))[0]
    reply = replies.explained(step.title(meant), step.catalogue.why(meant, step.state.wishes))
    return Turn(replace(step.state, focus=meant), "explain", reply)


def _dropped(step: _Step[Item]) -> Turn[Item]:
    step.read = step.catalogue.read(step.intent.rest)
    wishes = without_topic(step.state.wishes, step.intent.rest, step.read.wishes)
    gone = tuple(wish for wish in step.state.wishes if wish not in wishes)
    step.read = Wishes(ignored=() if gone else (step.intent.rest,))
    return _shown(step, wishes, _find(step, wishes), replies.dropped(gone))


def _rejected(step: _Step[Item]) -> Turn[Item]:
    state = step.state
    rejected = tuple(dict.fromkeys([*state.rejected, *step.meant]))
    step.state = replace(state, rejected=rejected, focus="")
    step.read = step.catalogue.read(_rest(step))
    read = compared_with_shown(step.read.wishes, state.shown, step.catalogue.facts, step.catalogue.comparatives)
    wishes = refined(state.wishes, _without_items(read, step.meant))
    reply = replies.rejected([step.title(each) for each in step.meant])
    return _shown(step, wishes, _find(step, wishes), reply)


def _resembling(step: _Step[Item]) -> Turn[Item]:
    meant = step.meant[:1]
    title = step.title(meant[0])
    like = LikeWish(meant, (title,), True, step.reference.said if step.reference else title)
    step.read = step.catalogue.read(_rest(step))
    others = compared_with_shown(step.read.wishes, meant, step.catalogue.facts, step.catalogue.comparatives)
    wishes = refined(started_anew(step.state.wishes), (like, *_without_items(others, meant)))
    step.state = replace(step.state, focus=meant[0])
    return _shown(step, wishes, _find(step, wishes), replies.resembling(title, wishes))


def _refined(step: _Step[Item]) -> Turn[Item]:
    state, facts = step.state, step.catalogue.facts
    step.read = step.catalogue.read(step.intent.rest)
    compared = step.meant if step.meant and "than" in fold(step.intent.rest).split() else state.shown
    read = compared_with_shown(step.read.wishes, compared, facts, step.catalogue.comparatives)
    if not read and state.shown:
        return Turn(state, "refine", replies.not_understood(step.read.ignored), ignored=step.read.ignored)
    before = started_anew(state.wishes) if step.intent.act == "instead" else state.wishes
    wishes = refined(before, read)
    found = _find(step, wishes)
    return _shown(step, wishes, found, replies.refined(read, wishes, found.loosened, step.read.ignored))


def _find(step: _Step[Item], wishes: Sequence[Wish], also_without: Sequence[str] = ()) -> FoundForWishes[Item]:
    return step.catalogue.find(wishes, step.k, (*step.state.rejected, *also_without))


def _shown(step: _Step[Item], wishes: Sequence[Wish], found: FoundForWishes[Item], reply: str) -> Turn[Item]:
    if not found.ids:
        reply = f"{reply} {replies.NOTHING_LEFT}"
    elif found.loosened:
        reply = f"{reply} {replies.given_up(found.loosened)}"
    shown = found.ids or step.state.shown
    kept = tuple(wishes) if found.ids or not step.state.shown else step.state.wishes
    state = replace(step.state, wishes=kept, shown=shown)
    return Turn(state, step.intent.act, reply, step.read.wishes, step.read.ignored, found)


def _rest(step: _Step[Item]) -> str:
    """The message without what named the items it refers to."""
    assert step.reference is not None  # noqa: S101 such messages refer to something
    text = fold(step.intent.rest).replace(step.reference.said, " ")
    words = [word for word in text.split() if word.strip(".,;:!?") not in ("not",) or len(text.split()) > 2]
    return "" if all(word.strip(".,;:!?") in _FILLER for word in words) else " ".join(words)


def _without_items(read: Sequence[Wish], meant: Sequence[str]) -> tuple[Wish, ...]:
    """`read` without what a title left behind that the message names."""
    taken = set(meant)
    return tuple(wish for wish in read if not set(getattr(wish, "items", ())) & taken)
