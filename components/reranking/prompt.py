"""Reads a prompt template and fills it in; what users and items say goes in as data, cleaned and of bounded length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.reranking.clean_text import clean
from components.reranking.task import ItemText, RerankTask

PROMPT = "recops-rerank"
TITLE_LIMIT, CATEGORY_LIMIT, TEXT_LIMIT, ABOUT_LIMIT, WHY_LIMIT = 80, 40, 160, 160, 80
PROFILE_LIMIT, CONTEXT_LIMIT, MAX_PREFERENCES = 600, 200, 20
_SECTIONS = ("System", "Examples", "User")
_HEADING = re.compile(r"^# (\w+)[ \t]*$", re.MULTILINE)
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NEEDED = frozenset({"person", "candidates", "wanted"})


class PromptError(ValueError):
    """A prompt template cannot be used; the message says why."""


@dataclass(frozen=True)
class PromptTemplate:
    """The parts of a template; `examples` may be empty. `system` and `examples` are the same for every request."""

    system: str
    examples: str
    user: str


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """What is sent: `stable` blocks first, then what differs per request.

    `n` candidates were shown, numbered from 1. `query` and `documents` say the same to a model that takes no prompt.
    """

    stable: tuple[str, ...]
    user: str
    n: int
    explain: bool
    query: str = ""
    documents: tuple[str, ...] = ()


def parse_template(text: str) -> PromptTemplate:
    """The template in `text`: Markdown with the headings System, Examples (optional) and User.

    Raises:
        PromptError: a heading is missing, unknown or there twice, or User lacks one of its places.
    """
    first, *rest = _HEADING.split(text.replace("\r\n", "\n"))
    names, bodies = rest[::2], [body.strip() for body in rest[1::2]]
    if first.strip() or sorted(set(names)) != sorted(names) or not {"System", "User"} <= set(names) <= set(_SECTIONS):
        raise PromptError("a prompt has the headings '# System', '# Examples' (optional) and '# User', each once")
    parts = dict(zip(names, bodies, strict=True))
    found = set(_PLACE.findall(parts["User"]))
    if found != _NEEDED:
        wrong = sorted(found ^ _NEEDED)
        raise PromptError(f"'# User' needs the places {{{{person}}}}, {{{{candidates}}}}, {{{{wanted}}}}; see {wrong}")
    if any(_PLACE.search(parts.get(name, "")) for name in ("System", "Examples")):
        raise PromptError("only '# User' may have places to fill in: the rest is the same for every request")
    return PromptTemplate(parts["System"], parts.get("Examples", ""), parts["User"])


def render(template: PromptTemplate, task: RerankTask, order: Sequence[int]) -> RenderedPrompt:
    """The prompt that shows the candidates at `order` (positions in the task), numbered from 1 in that order."""
    documents = tuple(_item(task.candidates[place]) for place in order)
    lines = [f"{number}|{document}" for number, document in enumerate(documents, start=1)]
    wanted = f"Give the numbers of the best {min(task.k, len(order))}, best first, as `order`"
    wanted += ", and for each of them, in the same order, a reason as `reasons`." if task.explain else "."
    person = _person(task)
    filled = {"person": person, "candidates": "\n".join(lines), "wanted": wanted}
    user = _PLACE.sub(lambda match: filled[match[1]], template.user)
    stable = tuple(part for part in (template.system, template.examples) if part)
    return RenderedPrompt(stable, user, len(order), task.explain, person, documents)


def _item(item: ItemText) -> str:
    parts = [clean(item.title, TITLE_LIMIT), clean(item.category, CATEGORY_LIMIT), clean(item.text, TEXT_LIMIT)]
    for name, text, limit in (("about", item.about, ABOUT_LIMIT), ("why", item.why, WHY_LIMIT)):
        if cleaned := clean(text, limit):
            parts.append(f"{name}: {cleaned}")
    return "|".join(parts).rstrip("|")


def _person(task: RerankTask) -> str:
    lines = []
    if task.profile:
        lines.append(f"says: {clean(task.profile, PROFILE_LIMIT)}")
    strongest = sorted(task.preferences.items(), key=lambda pair: -abs(pair[1]))[:MAX_PREFERENCES]
    for name, wanted in (("likes", True), ("avoids", False)):
        labels = [clean(label, CATEGORY_LIMIT) for label, weight in strongest if (weight > 0) == wanted and weight]
        if labels:
            lines.append(f"{name}: {', '.join(labels)}")
    lines += [f"{name}: {clean(value, CONTEXT_LIMIT)}" for name, value in task.context.items() if value.strip()]
    if task.recent:
        lines.append("met lately, oldest first (+ liked, - not):")
        for item in task.recent:
            sign, title = "+" if item.liked else "-", clean(item.title, TITLE_LIMIT)
            lines.append(f"{sign} {title}|{clean(item.category, CATEGORY_LIMIT)}")
    if task.diversity > 0:
        lines.append(f"wants variety: {task.diversity:.1f} of 1")
    return "\n".join(lines) or "nothing is known"
