"""A small bundle whose primary recommender is a pipeline, for tests of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.interactions.prepared import prepare
from components.ranking.pipeline import PipelineConfig
from components.recommenders.content import ContentConfig
from components.recommenders.popularity import Popularity
from components.recommenders.training_data import training_data
from components.serving.bundle import Bundle, BundleManifest, write_bundle
from stages.bundle import catalogue
from tests.worlds import make_tables

EASE_AND_NEIGHBOURS = ({"kind": "ease", "regularisation": 20}, {"kind": "item_to_item"})


def write_pipeline_bundle(
    folder: Path,
    n_users: int = 40,
    n_items: int = 24,
    n_each: int = 6,
    generators: Sequence[Mapping[str, Any]] = EASE_AND_NEIGHBOURS,
    **pipeline: Any,
) -> Path:
    """Users and items of `make_tables`, and a pipeline of these generators over them; returns `folder`."""
    prepared = prepare(*make_tables(n_users, n_items, n_each), 4.0)
    data = training_data(prepared.interactions, prepared.items, prepared.users)
    config = PipelineConfig.model_validate({"generators": list(generators), **pipeline})
    recommenders = {
        "pipeline": config.build().fit(data, 1),
        "popularity": Popularity().fit(data, 1),
        "content": ContentConfig().build().fit(data, 1),
    }
    manifest = BundleManifest(data_version="data-v1", recommender="pipeline", ingredients_digest="0" * 64)
    write_bundle(folder, Bundle(manifest, catalogue(prepared.items), data.user_ids, data.seen, recommenders))
    return folder
