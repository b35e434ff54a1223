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
    """Find items that fit the wishes so far and those of the query."""

    query: Annotated[Words, Field(min_length=1, description="What the user wishes, in plain English.")]
    instead: Annotated[bool, Field(description="Whether it takes the place of the subject wished before.")] = False


class Recommend(Arguments):
    """What suits the user best by their history, within the wishes so far."""


class Similar(Arguments):
    """Find items that resemble one; the query says how they should differ, such as: shorter, no horror."""

    item_id: ItemId
    query: Words = ""


class Explain(Arguments):
    """What is known of an item, which wishes it fulfils, and what of the user's history speaks for it."""

    item_id: ItemId


class SetPreference(Arguments):
    """Keep what holds from now on: a wish in plain English, a wish to forget, items never to show."""

    wish: Words = ""
    forget: Annotated[Words, Field(description="What no longer matters, such as: the country.")] = ""
    never_show: Annotated[list[ItemId], Field(max_length=20)] = []


class EndTurn(Arguments):
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
    ANSWER: EndTurn,
}


def described() -> list[dict[str, Any]]:
    """The tools as the Messages API takes them."""
    return [
        {
            "name": name,
            "description": " ".join((kind.__doc__ or "").split()),
            "input_schema": plain_schema(kind),
        }
        for name, kind in TOOLS.items()
    ]


def plain_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model without what repeats the names of fields and of classes, and without references."""
    schema = kind.model_json_schema()
    return dict(_plain(schema, schema.get("$defs", {})))


def _plain(schema: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_plain(each, known) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(known[schema["$ref"].rpartition("/")[2]], known)
    named = "properties" in schema or "items" in schema or "type" in schema or "anyOf" in schema
    left = {key: each for key, each in schema.items() if key != "$defs" and not (named and key == "title")}
    return {key: _plain(each, known) for key, each in left.items()}


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
