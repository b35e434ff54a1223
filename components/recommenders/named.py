"""The recommender that params ask for, by name."""

from __future__ import annotations

from components.params import Train
from components.recommenders.lightfm_warp import LightFMWarp
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Recommender


def recommender_named(train: Train) -> Recommender:
    """The recommender `train.recommender` with its parameters."""
    if train.recommender == Popularity.name:
        return Popularity()
    return LightFMWarp(train.lightfm)
