"""Where the reading of one text stands: the wishes so far, what is refused just now, and what is settled at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from components.wishes.phrases import ComparativeMeaning, ScaleMeaning
from components.wishes.spans import Items, Span
from components.wishes.wish import REFUSED, ItemsWish, LabelWish, LikeWish, ValueWish, Wish


@dataclass
class ReadingState:
    """Where the reading of one text stands."""

    wishes: list[tuple[Wish, Span]] = field(default_factory=list)
    negator: str = ""
    direct: bool = False
    once: bool = False
    relative: bool = False
    neutral: bool = False
    last: int = -1
    free: list[tuple[Span, bool]] = field(default_factory=list)
    topics: list[Span] = field(default_factory=list)
    about: bool = False
    ignored: list[Span] = field(default_factory=list)
    likened: list[tuple[Items, bool, Span]] = field(default_factory=list)
    pending: list[tuple[ComparativeMeaning, bool, Span, Items | None]] = field(default_factory=list)
    series: list[tuple[bool, Span]] = field(default_factory=list)
    finished: bool = False

    def follows_adjective(self) -> bool:
        """Whether the last wish was an adjective, so that an "and" behind it leads on to something else."""
        if not self.wishes:
            return False
        wish, span = self.wishes[-1]
        return (isinstance(wish, LabelWish) and bool(wish.mood)) or isinstance(span.what, ScaleMeaning)

    def turn_last(self, span: Span) -> None:
        """The wish right before `span`, and those that a list joins to it, become refusals."""
        end = span.start
        while self.wishes:
            wish, before = self.wishes[-1]
            if not isinstance(wish, LabelWish | ValueWish) or before.end < end - 1:
                break
            turned: Wish = replace(wish, wanted=False, importance=REFUSED)
            if isinstance(wish, LabelWish) and not wish.wanted:  # what a mood brings along
                self.wishes.pop()
                continue
            self.wishes[-1] = (turned, before)
            self._join_with_neighbours()
            break

    def turn_named(self) -> None:
        """The labels, places or people that were named last, in whatever clause, become refusals."""
        for place in range(len(self.wishes) - 1, -1, -1):
            wish, span = self.wishes[place]
            if isinstance(wish, LabelWish | ValueWish) and wish.wanted:
                brought = {span.start}  # what a mood brings along goes with it
                self.wishes[place] = (replace(wish, wanted=False, importance=REFUSED), span)
                self.wishes = [
                    each for each in self.wishes if each[1].start not in brought or each is self.wishes[place]
                ]
                return

    def resemble_named(self) -> bool:
        """What was named last is what the wish resembles; False where nothing was."""
        if self.likened and not (self.wishes and self.wishes[-1][1].start > self.likened[-1][2].start):
            items, _, span = self.likened[-1]
            self.likened[-1] = (items, True, span)
            return True
        for wish, span in reversed(self.wishes):
            if isinstance(wish, ItemsWish):
                self.wishes.append((LikeWish(wish.items[:1], wish.titles[:1], True, span.said), span))
                return True
        return bool(self.likened)

    def _join_with_neighbours(self) -> None:
        """A refused label and the labels right before it are refused together: "romantic comedies no"."""
        while len(self.wishes) > 1:
            (left, before), (wish, span) = self.wishes[-2:]
            if not (isinstance(wish, LabelWish) and isinstance(left, LabelWish)) or before.end != span.start:
                break
            if left.mood or not left.wanted:
                break
            joined = replace(wish, labels=(*left.labels, *wish.labels), said=f"{left.said} {wish.said}", together=True)
            self.wishes[-2:] = [(joined, replace(span, start=before.start))]
