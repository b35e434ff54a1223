"""A pipeline that is trained on several processors at once is, to the last bit, the one that one processor trains."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from components.adapters.machine.side_by_side import side_by_side
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.lightfm_warp import LightFMConfig
from tests.components.ranking.test_pipeline_laws import world

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="works are forked on Linux alone")
CONFIG = PipelineConfig(
    n_splits=3,
    generators=[
        LightFMConfig(dimensions=4, epochs=1),
        LightFMConfig(dimensions=2, epochs=1),
    ],  # so weak that trees gain
    ranker=RankerConfig(rounds=20, n_seeds=2, min_leaf_rows=20, min_users=50),
)


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("refuses", [False, True])
def test_what_is_trained_at_once_is_the_same_bytes(refuses: bool, tmp_path: Path) -> None:
    data = world("taste")
    config = CONFIG
    if refuses:
        config = config.model_copy(update={"generators": [*config.generators, ItemToItemConfig(max_items=5)]})
    alone = Pipeline(config)
    at_once = replace(alone, run=side_by_side(2))
    first, second = alone.fit_reported(data, 1), at_once.fit_reported(data, 1)
    assert first.left_out == second.left_out
    assert first.choice.measured == second.choice.measured
    refit = at_once.fit_reported(data, 1, first.choice)
    for name, fitted in (("alone", first), ("at once", second), ("again", refit)):
        fitted.served.save(tmp_path / name)
    written = bytes_below(tmp_path / "alone")
    assert written == bytes_below(tmp_path / "at once") == bytes_below(tmp_path / "again")
    assert any(name.startswith("choice/trees") for name in written)
