"""Says which wishes an item fulfils, by what is known of the item itself."""

from __future__ import annotations

from collections.abc import Sequence

from components.wishes.facts import PRICE, YEAR, CatalogueFacts
from components.wishes.judging import HOLDS, Verdicts
from components.wishes.wish import ItemsWish, LabelWish, LikeWish, MeaningWish, RangeWish, TasteWish, ValueWish, Wish

MINUTES = frozenset({"runtime", "duration", "length", "minutes", "running_time"})
MOST = 4
"""Parts of a reason."""


def reason_for(row: int, judged: Sequence[tuple[Wish, Verdicts]], facts: CatalogueFacts) -> str | None:
    """What item row `row` is, as far as it was asked for: "Comedy, 92 minutes; like Big (1988)"; None for nothing.

    Only wishes whose verdict on the item is `HOLDS` are spoken of, and labels and names only where the item has them.
    """
    holding = [wish for wish, verdicts in judged if verdicts[row] == HOLDS]
    parts = dict.fromkeys(part for wish in holding if (part := _fact(wish, row, facts)))
    alike = [wish.words() for wish in holding if isinstance(wish, LikeWish) and wish.wanted]
    alike += [wish.words() for wish in holding if isinstance(wish, TasteWish) and not wish.near]
    refused = [wish.words() for wish in holding if isinstance(wish, LabelWish) and not wish.wanted and not wish.mood]
    shown = [", ".join(list(parts)[:MOST]), *alike[:1]]
    if not parts:
        shown.append(" and ".join(refused[:2]))
    text = "; ".join(filter(None, shown))
    return text[:1].upper() + text[1:] if text else None


def _fact(wish: Wish, row: int, facts: CatalogueFacts) -> str | None:
    if isinstance(wish, LabelWish) and wish.wanted:
        return ", ".join(label for label in wish.labels if facts.labels.having([label])[row]) or None
    if isinstance(wish, ValueWish) and wish.wanted:
        return _named(wish, row, facts)
    if isinstance(wish, RangeWish):
        value = facts.numbers[wish.attribute][row]
        if wish.attribute in MINUTES:
            return f"{value:g} minutes"
        if wish.attribute == YEAR:
            return f"{value:.0f}"
        name = wish.attribute.replace("_", " ")
        return f"{name} {value:.2f}" if wish.attribute == PRICE else f"{name} {value:g}"
    if isinstance(wish, ItemsWish) and wish.wanted:
        return "by its name"
    if isinstance(wish, MeaningWish):
        return None
    return None


def _named(wish: ValueWish, row: int, facts: CatalogueFacts) -> str | None:
    for attribute in wish.attributes:
        table = facts.values.get(attribute)
        for name in wish.values:
            if table is not None and table.having([name])[row]:
                return f"{attribute.replace('_', ' ')} {name}"
    return None
