"""The tools of a model that leads a conversation, and what they take; whatever else it sends is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Words = Annotated[str, Field(max_length=512)]
ItemId = Annotated[
    str, Field(min_length=1, max_length=256, description="An item_id that a tool returned or the list shows.")
]


class Arguments(BaseModel):
    """What a tool takes; a model's numbers and texts are not converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SearchCatalogue(Arguments):
    """Find items by wishes in plain English: genres, refusals, people, years, lengths, countries, moods, likeness.

    They are added to the wishes so far, the newer one winning; with `instead` they take the place of the subject.
    """

    query: Annotated[Words, Field(min_length=1, description="Such as: comedies from the 90s, under two hours, no war.")]
    instead: bool = False


class Recommend(Arguments):
    """What suits the user best by their history, within the wishes so far."""


class Similar(Arguments):
    """Items that resemble one, with further wishes in plain English such as: shorter, newer, no horror."""

    item_id: ItemId
    query: Words = ""


class Explain(Arguments):
    """What is known of an item, which wishes it fulfils, and what of the user's history speaks for it."""

    item_id: ItemId


class SetPreference(Arguments):
    """Keep for this conversation: wishes in plain English that hold from now on, wishes to forget, items to hide."""

    wish: Words = ""
    forget: Annotated[Words, Field(description="What no longer matters, such as: the country.")] = ""
    never_show: Annotated[list[ItemId], Field(max_length=20)] = []


class Answer(Arguments):
    """End the turn: what is said to the user, in one to three plain sentences, and the items shown, best first."""

    reply: Annotated[str, Field(max_length=2000)]
    item_ids: Annotated[
        list[ItemId], Field(max_length=20, description="Empty: what was found last, or the list as it is.")
    ] = []


ANSWER = "answer"
TOOLS: Mapping[str, type[Arguments]] = {
    "search_catalogue": SearchCatalogue,
    "recommend": Recommend,
    "similar": Similar,
    "explain": Explain,
    "set_preference": SetPreference,
    ANSWER: Answer,
}


def described() -> list[dict[str, Any]]:
    """The tools as the Messages API takes them."""
    return [
        {
            "name": name,
            "description": " ".join((kind.__doc__ or "").split()),
            "input_schema": kind.model_json_schema(),
        }
        for name, kind in TOOLS.items()
    ]


def read_arguments(name: str, given: Mapping[str, Any]) -> Arguments | str:
    """What a call asks for, or what is wrong with it, in words for the model."""
    kind = TOOLS.get(name)
    if kind is None:
        return f"there is no such tool; the tools are {', '.join(TOOLS)}"
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc']) or name}: {first['msg']}"
