"""The recommender that params ask for, by name."""

from __future__ import annotations

from components.config.params import Train
from components.ranking.pipeline import Pipeline
from components.recommenders.ease import Ease
from components.recommenders.ease_valued import EaseValued
from components.recommenders.ials import Ials
from components.recommenders.item_to_item import ItemToItem
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.lightfm_warp import LightFMWarp
from components.recommenders.next_items import NextItems
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Recommender
from components.recommenders.session import Session


def recommender_named(train: Train) -> Recommender:
    """The recommender `train.recommender` with its parameters."""
    return recommenders_of(train)[train.recommender]


def recommenders_of(train: Train) -> dict[str, Recommender]:
    """By name, those that can answer route `cf` or fold in what is new, with their parameters."""
    found: list[Recommender] = [
        Popularity(),
        LightFMWarp(train.lightfm),
        Ease(train.ease),
        EaseValued(train.ease_valued),
        Ials(train.ials),
        ItemToItem(train.item_to_item),
        NextItems(train.next_items),
        Session(train.session),
        ItemVectors(),
        Pipeline(train.pipeline),
    ]
    return {recommender.name: recommender for recommender in found}
