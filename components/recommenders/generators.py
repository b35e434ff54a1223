"""The candidate generators of the pipeline, made from its parameters; one recipe may come in several settings."""

from __future__ import annotations

from components.config.params import Generators
from components.recommenders.ease import Ease
from components.recommenders.ease_valued import EaseValued
from components.recommenders.ials import Ials
from components.recommenders.item_to_item import ItemToItem
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.lightfm_warp import LightFMWarp
from components.recommenders.next_items import NextItems
from components.recommenders.protocol import Recommender
from components.recommenders.session import Session
from components.recommenders.spectral import Spectral
from components.recommenders.user_weights import UserEase, UserNeighbours


def generators(params: Generators) -> dict[str, Recommender]:
    """By the name of the setting, in a fixed order."""
    found: dict[str, Recommender] = {}
    found |= {f"ease {place}": Ease(setting) for place, setting in enumerate(params.ease, 1)}
    found |= {f"ease_valued {place}": EaseValued(setting) for place, setting in enumerate(params.ease_valued, 1)}
    found |= {f"user_ease {place}": UserEase(setting) for place, setting in enumerate(params.user_ease, 1)}
    found |= {f"item_to_item {place}": ItemToItem(setting) for place, setting in enumerate(params.item_to_item, 1)}
    found |= {f"user_neighbours {place}": UserNeighbours(one) for place, one in enumerate(params.user_neighbours, 1)}
    found |= {f"session {place}": Session(setting) for place, setting in enumerate(params.session, 1)}
    found |= {f"next_items {place}": NextItems(setting) for place, setting in enumerate(params.next_items, 1)}
    found |= {f"spectral {place}": Spectral(setting) for place, setting in enumerate(params.spectral, 1)}
    found |= {f"ials {place}": Ials(setting) for place, setting in enumerate(params.ials, 1)}
    found |= {f"lightfm {place}": LightFMWarp(setting) for place, setting in enumerate(params.lightfm, 1)}
    if params.item_vectors:
        found["item_vectors"] = ItemVectors()
    return found
