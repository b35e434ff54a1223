"""What a message does to the state, against a catalogue that says what it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from components.conversation import replies
from components.conversation.dialogue import FoundForWishes, Turn, take_turn
from components.conversation.state import Conversation
from components.wishes.facts import CatalogueFacts
from components.wishes.reader import Reader
from components.wishes.vocabulary import Comparative, Phrase, read_vocabulary
from components.wishes.wish import LikeWish, Wish, Wishes
from tests.wish_worlds import film_facts, film_reader

SHOWN = ("3", "4", "14")  # Toy Story, Toy Story 2, Heat: 81, 92 and 170 minutes


@dataclass
class Asked:
    """Gives `answer` to whatever is asked for, and keeps what that was; `loosens` gives all wishes up."""

    reader: Reader
    answer: tuple[str, ...] = ("0", "1")
    loosens: bool = False
    excluded: list[tuple[str, ...]] = field(default_factory=list)
    facts: CatalogueFacts = field(default_factory=film_facts)

    @property
    def comparatives(self) -> Mapping[Phrase, Comparative]:
        return read_vocabulary().comparatives

    def read(self, text: str) -> Wishes:
        return self.reader.read(text)

    def find(self, wishes: Sequence[Wish], k: int, exclude: Sequence[str]) -> FoundForWishes[str]:
        self.excluded.append(tuple(exclude))
        return FoundForWishes(self.answer, self.answer[:k], tuple(wishes) if self.loosens else ())

    def why(self, item_id: str, wishes: Sequence[Wish]) -> str:
        return f"why {item_id}"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return film_reader()


def words(turn: Turn[str]) -> list[str]:
    return [wish.words() for wish in turn.state.wishes]


def test_each_message_is_a_turn_and_what_is_found_is_shown(reader: Reader) -> None:
    turn = take_turn(Conversation(turns=2), "comedies", Asked(reader), 1)
    assert (turn.state.turns, turn.state.shown, turn.act) == (3, ("0",), "refine")
    assert words(turn) == ["Comedy"] and [wish.words() for wish in turn.understood] == ["Comedy"]


def test_a_greeting_shows_something_once_and_then_leaves_the_list(reader: Reader) -> None:
    first = take_turn(Conversation(), "hello", Asked(reader), 4)
    assert (first.reply, first.state.shown) == (replies.OPENING, ("0", "1"))
    again = take_turn(first.state, "thanks", Asked(reader), 4)
    assert (again.reply, again.found, again.state.shown) == (replies.GREETED, None, ("0", "1"))


def test_why_means_what_is_named_else_the_first_and_speaks_of_it_from_then_on(reader: Reader) -> None:
    for message, meant in (("why the second?", "4"), ("why?", "3"), ("why Heat?", "14")):
        turn = take_turn(Conversation(shown=SHOWN), message, Asked(reader), 4)
        assert (turn.act, turn.state.focus, turn.found) == ("explain", meant, None)
        assert turn.reply.endswith(f": why {meant}")
        assert take_turn(turn.state, "why that one?", Asked(reader), 4).state.focus == meant
    nothing = take_turn(Conversation(), "why?", Asked(reader), 4)
    assert (nothing.reply, nothing.act) == (replies.NOTHING_SHOWN, "explain")


def test_others_are_none_of_those_shown_or_turned_down(reader: Reader) -> None:
    asked = Asked(reader)
    turn = take_turn(Conversation(shown=SHOWN, rejected=("9",)), "more", asked, 4)
    assert asked.excluded == [("9", *SHOWN)]
    assert (turn.act, turn.reply) == ("others", "Here are others.")


def test_what_is_turned_down_stays_so_once_and_is_no_longer_spoken_of(reader: Reader) -> None:
    asked = Asked(reader)
    state = Conversation(shown=SHOWN, rejected=("9", "4"), focus="3")
    turn = take_turn(state, "not the first and the second", asked, 4)
    assert (turn.act, turn.state.rejected, turn.state.focus) == ("reject", ("9", "4", "3"), "")
    assert asked.excluded == [("9", "4", "3")]
    assert turn.reply == "Without Toy Story (1995) and Toy Story 2 (1999)."
    assert (turn.understood, turn.ignored) == ((), ())


def test_what_is_said_beside_a_refusal_is_read_and_what_named_the_items_is_not(reader: Reader) -> None:
    turn = take_turn(Conversation(shown=SHOWN), "not the third, something shorter", Asked(reader), 4)
    assert words(turn) == ["runtime below 92"]
    named = take_turn(Conversation(shown=SHOWN), "I hate Heat, no comedies", Asked(reader), 4)
    assert (named.state.rejected, words(named)) == (("14",), ["no Comedy"])


def test_like_one_that_was_shown_is_a_wish_beside_what_frames_the_old_ones(reader: Reader) -> None:
    before = reader.read("comedies, under two hours").wishes
    state = Conversation(wishes=before, shown=SHOWN)
    turn = take_turn(state, "more like the third but shorter", Asked(reader), 4)
    like = next(wish for wish in turn.state.wishes if isinstance(wish, LikeWish))
    assert (like.items, like.titles, like.wanted, like.said) == (("14",), ("Heat (1995)",), True, "the third")
    assert words(turn) == ["like Heat (1995)", "runtime below 170"]
    assert turn.state.focus == "14"
    assert take_turn(state, "like Heat", Asked(reader), 4).state.wishes[-1].words() == "like Heat (1995)"


def test_shorter_is_than_what_is_shown_or_than_what_is_named(reader: Reader) -> None:
    state = Conversation(shown=SHOWN)
    assert words(take_turn(state, "shorter", Asked(reader), 4)) == ["runtime below 92"]
    assert words(take_turn(state, "shorter than the third", Asked(reader), 4))[0] == "runtime below 170"


def test_instead_leaves_the_subject_and_without_it_both_stay(reader: Reader) -> None:
    state = Conversation(wishes=reader.read("comedies, under two hours").wishes, shown=SHOWN)
    assert words(take_turn(state, "drama instead", Asked(reader), 4)) == ["runtime below 120", "Drama"]
    assert sorted(words(take_turn(state, "drama", Asked(reader), 4))) == ["Comedy", "Drama", "runtime below 120"]


def test_a_wish_that_is_dropped_is_gone_and_one_that_never_was_is_said_to_be_unknown(reader: Reader) -> None:
    state = Conversation(wishes=reader.read("comedies, under two hours").wishes, shown=SHOWN)
    turn = take_turn(state, "never mind the length", Asked(reader), 4)
    assert (turn.act, words(turn), turn.ignored) == ("drop", ["Comedy"], ())
    assert turn.reply == "No longer: runtime below 120."
    none = take_turn(state, "never mind the weather", Asked(reader), 4)
    assert (none.state.wishes, none.ignored) == (state.wishes, ("the weather",))
    assert none.reply == "I see no such wish to drop."


def test_a_new_beginning_forgets_all_but_how_many_turns_there_were(reader: Reader) -> None:
    state = Conversation(reader.read("comedies").wishes, SHOWN, ("9",), "3", 4)
    asked = Asked(reader)
    turn = take_turn(state, "start over with drama", asked, 4)
    assert (words(turn), turn.state.rejected, turn.state.focus, turn.state.turns) == (["Drama"], (), "", 5)
    assert asked.excluded == [()]


def test_what_says_nothing_leaves_the_list_but_where_there_is_none_one_is_begun(reader: Reader) -> None:
    state = Conversation(shown=SHOWN)
    turn = take_turn(state, "flurble", Asked(reader), 4)
    assert (turn.found, turn.state.shown, turn.ignored) == (None, SHOWN, ("flurble",))
    assert take_turn(Conversation(), "flurble", Asked(reader), 4).state.shown == ("0", "1")


def test_where_nothing_is_found_list_and_wishes_stay_and_where_wishes_were_given_up_it_is_said(reader: Reader) -> None:
    state = Conversation(wishes=reader.read("comedies").wishes, shown=SHOWN)
    nothing = take_turn(state, "drama", Asked(reader, ()), 4)
    assert (nothing.state.shown, nothing.state.wishes) == (SHOWN, state.wishes)
    assert nothing.reply.endswith(replies.NOTHING_LEFT)
    at_first = take_turn(Conversation(), "drama", Asked(reader, ()), 4)
    assert (at_first.state.shown, words(at_first)) == ((), ["Drama"])
    given_up = take_turn(state, "drama", Asked(reader, loosens=True), 4)
    assert "I gave up: Comedy; Drama" in given_up.reply
    assert "gave up" not in take_turn(state, "drama", Asked(reader), 4).reply


def test_what_the_catalogue_no_longer_has_is_not_counted_among_the_places(reader: Reader) -> None:
    turn = take_turn(Conversation(shown=("gone", "4", "14"), focus="gone"), "why that one?", Asked(reader), 4)
    assert (turn.state.shown, turn.state.focus) == (("4", "14"), "4")
