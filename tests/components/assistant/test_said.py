"""Which sentences of a model are said to somebody: those that hold of the items that they speak of."""

from __future__ import annotations

import pytest

from components.assistant.said import checked_words
from components.reranking.reasons import TitleIndex
from components.reranking.task import ItemText

PSYCHO = ItemText("Psycho (1960)", "Horror", labels=("Horror",), fields="director Alfred Hitchcock, runtime 109")
HEAT = ItemText("Heat (1995)", "Crime", labels=("Crime",), fields="director Michael Mann, runtime 170")
TITLES = TitleIndex([PSYCHO.title, HEAT.title, "Alien (1979)"])


@pytest.mark.parametrize(
    ("sentence", "flaws"),
    [
        ("Heat is by Michael Mann.", ()),
        ("Heat is by Alfred Hitchcock.", ("unknown_name",)),
        ("Heat is crime.", ()),
        ("Heat is horror.", ("foreign_label",)),
        ("Heat takes 170 minutes.", ()),
        ("Heat takes 109 minutes.", ("unknown_number",)),
        ("Heat and Psycho are by Michael Mann and Alfred Hitchcock.", ()),
        ("Here is horror by Alfred Hitchcock.", ()),
        ("You might like Alien.", ("unknown_name",)),
    ],
)
def test_a_sentence_holds_of_the_items_that_it_names(sentence: str, flaws: tuple[str, ...]) -> None:
    assert checked_words(sentence, [PSYCHO, HEAT], (), TITLES, ("Horror", "Crime")).flaws == flaws


def test_a_sentence_that_names_no_item_speaks_of_those_named_before() -> None:
    said = checked_words("I would begin with Heat. It is by Alfred Hitchcock.", [PSYCHO, HEAT], (), TITLES)
    assert (said.text, said.flaws) == ("I would begin with Heat.", ("unknown_name",))
