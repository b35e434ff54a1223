"""Carries out what a model asks for in one turn, and remembers what the catalogue gave it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from components.assistant.tools import (
    Arguments,
    EndTurn,
    Explain,
    Recommend,
    SearchCatalogue,
    SetPreference,
    Similar,
    read_arguments,
)
from components.conversation.dialogue import AskersCatalogue, FoundForWishes
from components.conversation.intent import Act
from components.conversation.refine import compared_with_shown, refined, started_anew, without_topic
from components.conversation.state import Conversation
from components.reranking.clean_text import clean
from components.reranking.prompt import ABOUT_LIMIT, CATEGORY_LIMIT, TEXT_LIMIT, TITLE_LIMIT, WHY_LIMIT
from components.reranking.task import ItemText
from components.wishes.wish import LikeWish, Wish, Wishes

Item = TypeVar("Item")
STRANGER = "no tool has returned such an item; name only those that one did"


class ToolCatalogue(AskersCatalogue[Item], Protocol[Item]):
    """A catalogue whose items a model can read."""

    def shown(self, ids: Sequence[str], wishes: Sequence[Wish]) -> list[Item]:
        """The items of `ids`, in their order."""
        ...

    def text_of(self, item_id: str, why: str) -> ItemText:
        """A known item as a model reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: JSON, or what was wrong."""

    content: str
    is_error: bool = False


class ToolDesk(Generic[Item]):
    """One turn's tools.

    Attributes:
        state: the conversation as the tools have left it; `shown` stays as it was.
        given: ids that tools returned in this turn.
        found: what was found last; None where nothing was looked for.
        act: what the turn has done so far.
        read, ignored: the wishes that the model's words stated, and words that did nothing.
    """

    def __init__(self, state: Conversation, catalogue: ToolCatalogue[Item], k: int) -> None:
        self.state = state
        self.given: dict[str, None] = {}
        self.found: FoundForWishes[Item] | None = None
        self.act: Act = "talk"
        self.read: tuple[Wish, ...] = ()
        self.ignored: tuple[str, ...] = ()
        self.why = ""
        self._catalogue = catalogue
        self._k = k

    @property
    def nameable(self) -> tuple[str, ...]:
        """Ids that may be named: what tools returned, and what was shown before."""
        return tuple(dict.fromkeys([*self.given, *self.state.shown]))

    def use(self, name: str, given: Mapping[str, Any]) -> Result | EndTurn:
        """The result of a call, or the answer that ends the turn."""
        asked = read_arguments(name, given)
        if isinstance(asked, str):
            return Result(asked, is_error=True)
        if isinstance(asked, EndTurn):
            return asked
        ids = [asked.item_id] if isinstance(asked, Similar | Explain) else []
        ids += asked.never_show if isinstance(asked, SetPreference) else []
        if any(each not in self.nameable for each in ids):
            return Result(STRANGER, is_error=True)
        return Result(json.dumps(self._done(asked), ensure_ascii=False))

    def card(self, item_id: str, why: str) -> dict[str, str]:
        """An item as the model reads it: single cleaned lines of bounded length, empty ones left out."""
        item = self._catalogue.text_of(item_id, why)
        parts = {
            "title": clean(item.title, TITLE_LIMIT),
            "category": clean(item.category, CATEGORY_LIMIT),
            "facts": clean(item.text, TEXT_LIMIT),
            "about": clean(item.about, ABOUT_LIMIT),
            "why": clean(why, WHY_LIMIT),
        }
        return {"item_id": item_id, **{name: text for name, text in parts.items() if text}}

    def _done(self, asked: Arguments) -> dict[str, Any]:
        if isinstance(asked, SearchCatalogue):
            return self._search(asked)
        if isinstance(asked, Recommend):
            self.act = "others"
            return self._find(self.state.wishes, self.state.shown, ())
        if isinstance(asked, Similar):
            return self._similar(asked)
        if isinstance(asked, Explain):
            self.act = "explain" if self.act == "talk" else self.act
            self.given[asked.item_id] = None
            self.state = replace(self.state, focus=asked.item_id)
            self.why = self._catalogue.why(asked.item_id, self.state.wishes)
            return self.card(asked.item_id, self.why)
        assert isinstance(asked, SetPreference)  # noqa: S101 an answer does not come here
        return self._prefer(asked)

    def _search(self, asked: SearchCatalogue) -> dict[str, Any]:
        self.act = "instead" if asked.instead else "refine"
        read = self._note(self._catalogue.read(asked.query))
        before = started_anew(self.state.wishes) if asked.instead else self.state.wishes
        return self._find(refined(before, self._compared(read, self.state.shown)), (), read.ignored)

    def _similar(self, asked: Similar) -> dict[str, Any]:
        self.act = "resemble"
        facts = self._catalogue.facts
        title = facts.titles[facts.row_of[asked.item_id]]
        read = self._note(self._catalogue.read(asked.query))
        like = LikeWish((asked.item_id,), (title,), True, title)
        wishes = (like, *self._compared(read, (asked.item_id,)))
        self.state = replace(self.state, focus=asked.item_id)
        return self._find(refined(started_anew(self.state.wishes), wishes), (), read.ignored)

    def _prefer(self, asked: SetPreference) -> dict[str, Any]:
        """The list anew, as what was found before may not fit any more."""
        wishes, ignored = self.state.wishes, tuple[str, ...]()
        if asked.forget:
            self.act = "drop" if self.act == "talk" else self.act
            wishes = without_topic(wishes, asked.forget, self._catalogue.read(asked.forget).wishes)
        if asked.wish:
            self.act = "refine" if self.act == "talk" else self.act
            read = self._note(self._catalogue.read(asked.wish))
            wishes, ignored = refined(wishes, self._compared(read, self.state.shown)), read.ignored
        if asked.never_show:
            self.act = "reject" if self.act == "talk" else self.act
        rejected = tuple(dict.fromkeys([*self.state.rejected, *asked.never_show]))
        self.state = replace(self.state, rejected=rejected)
        return self._find(wishes, (), ignored)

    def _find(self, wishes: tuple[Wish, ...], also_without: Sequence[str], ignored: Sequence[str]) -> dict[str, Any]:
        found = self._catalogue.find(wishes, self._k, (*self.state.rejected, *also_without))
        self.state = replace(self.state, wishes=wishes)
        self.found = found
        self.given |= dict.fromkeys(found.ids)
        return {
            "items": [self.card(each, self._catalogue.why(each, wishes)) for each in found.ids],
            "wishes": [wish.words() for wish in wishes],
            "given_up": [wish.words() for wish in found.loosened],
            "not_understood": [clean(word, CATEGORY_LIMIT) for word in ignored],
        }

    def _compared(self, read: Wishes, with_items: Sequence[str]) -> tuple[Wish, ...]:
        return compared_with_shown(read.wishes, with_items, self._catalogue.facts, self._catalogue.comparatives)

    def _note(self, read: Wishes) -> Wishes:
        self.read += tuple(wish for wish in read.wishes if wish not in self.read)
        self.ignored += tuple(word for word in read.ignored if word not in self.ignored)
        return read
