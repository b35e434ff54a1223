"""Maps the kind of a recommender to its settings: each file of a package that holds some is found, none is named."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from components.recommenders.protocol import RecommenderConfig

RECOMMENDERS = "components.recommenders"


@cache
def kinds_in(*packages: str) -> Mapping[str, type[RecommenderConfig]]:
    """By kind, in alphabetical order, the settings of every recommender that stands in a file of `packages`.

    Raises:
        ValueError: two of them have the same kind.
    """
    found: dict[str, type[RecommenderConfig]] = {}
    for package in packages:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            for value in vars(importlib.import_module(module.name)).values():
                own = isinstance(value, type) and value.__module__ == module.name
                if not own or not issubclass(value, RecommenderConfig) or value is RecommenderConfig:
                    continue
                kind = value.model_fields["kind"].default
                if kind in found:
                    raise ValueError(f"two recommenders are of kind {kind!r}: {found[kind].__module__}, {module.name}")
                found[kind] = value
    return dict(sorted(found.items()))


def entry_of(*packages: str) -> Any:
    """The type of an entry of params.yaml of any kind in `packages`, such as {"kind": "ease", "top": 100}."""
    return Annotated[reduce(or_, kinds_in(*packages).values()), Field(discriminator="kind")]


if TYPE_CHECKING:
    Entry = RecommenderConfig
else:
    Entry = entry_of(RECOMMENDERS)


def names_of(configs: Sequence[RecommenderConfig]) -> list[str]:
    """A name for each, by its kind and its place among those of its kind, such as "session 2"."""
    kinds = [config.kind for config in configs]
    return [f"{kind} {kinds[:place].count(kind) + 1}" for place, kind in enumerate(kinds)]
