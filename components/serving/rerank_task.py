"""Tells a language model what it needs for a reranking: the candidates, and the person without their identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from components.access.tenants import local_id
from components.interactions.attributes import Attributes
from components.recommenders.protocol import Rows
from components.reranking.clean_text import without_identity
from components.reranking.task import ItemText, RerankTask
from components.serving.catalogue import Catalogue
from components.serving.requests import RecommendRequest

MAX_TAGS, MAX_FACTS, MAX_VALUES = 6, 6, 2


@dataclass(frozen=True, slots=True)
class Met:
    """An item row that the user met, and whether they liked it."""

    row: int
    liked: bool


def task_of(
    request: RecommendRequest,
    candidates: Rows,
    met: Sequence[Met],
    items: Catalogue,
    diversity: float,
    why: Sequence[str] = (),
) -> RerankTask:
    """The task for `candidates` (item rows, best first), with why the first of them are there.

    `met` is what the user met last, oldest first. Identity means e-mail addresses, links and the user's own id, which
    are taken out of everything that the user says.
    """
    profile, context, user_id = request.profile, request.context, local_id(request.user_id)
    said = (
        {
            "time of day": context.time_of_day,
            "day of the week": context.weekday,
            "device": context.device,
            "mood": context.mood,
            "asks for": context.query,
            "in the cart": ", ".join(items.titles[items.row_of[i]] for i in context.cart if i in items.row_of),
        }
        if context
        else {}
    )
    return RerankTask(
        candidates=tuple(
            candidate_text(items, row, why[place] if place < len(why) else "")
            for place, row in enumerate(candidates.tolist())
        ),
        k=request.k,
        profile=without_identity(profile.text or "", user_id) if profile else "",
        preferences={without_identity(label, user_id): weight for label, weight in profile.preferences.items()}
        if profile
        else {},
        recent=tuple(item_text(items, each.row, each.liked) for each in met),
        context={name: without_identity(text, user_id) for name, text in said.items() if text},
        explain=request.explain,
        diversity=diversity,
    )


def item_text(items: Catalogue, row: int, liked: bool = True) -> ItemText:
    """An item as a model reads it: title, category, the other tags, and the price where there is one."""
    category, price = items.categories[row], items.prices[row]
    tags = [tag for tag in items.tags[row] if tag != category][:MAX_TAGS]
    text = ", ".join([*tags, *([f"price {price:g}"] if price is not None else [])])
    labels = tuple(dict.fromkeys([*([category] if category else []), *items.tags[row]]))
    return ItemText(items.titles[row], category, text, liked, labels=labels)


def candidate_text(items: Catalogue, row: int, why: str) -> ItemText:
    """An item with what is known of it besides: facts, its description, and why it is a candidate."""
    plain = item_text(items, row)
    known = items.attributes[row]
    text = ", ".join(part for part in (plain.text, _facts(known, MAX_FACTS, MAX_VALUES)) if part)
    return replace(plain, text=text, about=items.descriptions[row], why=why, fields=_facts(known, len(known), None))


def _facts(known: Attributes, most: int, values_of_each: int | None) -> str:
    parts = []
    for name, value in list(known.items())[:most]:
        values = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else (f"{value:g}",)
        parts.append(f"{name} {' and '.join(values[:values_of_each])}")
    return ", ".join(parts)


def pseudonym(user_id: str, salt: bytes) -> str:
    """What stands for a user outside: a keyed hash, which nobody without the salt can trace back by trying ids."""
    return blake2b(user_id.encode(), key=salt[:64], digest_size=16).hexdigest()
