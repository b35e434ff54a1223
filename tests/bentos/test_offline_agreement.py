"""What is evaluated offline is what a service answers: NDCG from its answers agrees with NDCG from the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.config.settings import Settings
from components.interactions.prepared import Prepared, prepare
from components.interactions.screening import screen
from components.metrics.evaluate import Evaluation, evaluate
from components.metrics.ranking import ndcg
from components.ranking.pipeline import PipelineConfig
from components.recommenders.content import ContentConfig
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import RecommenderConfig, TrainingData
from components.recommenders.training_data import training_data
from components.serving.bundle import Bundle, BundleManifest, write_bundle
from components.splitting.temporal import split
from jobs.training.steps import make_params
from jobs.wiring.workbench import Workbench
from stages.bundle import catalogue
from tests.free_ports import free_ports
from tests.slot_process import SlotProcess, build_release_of
from tests.worlds import make_tables

K = 10
PROJECT = Path(__file__).parents[2]
SMALL = PipelineConfig.model_validate(
    {
        "generators": [{"kind": "ease", "regularisation": 20}, {"kind": "session"}],
        "ranker": {"rounds": 10, "n_seeds": 1, "min_users": 10, "min_leaf_rows": 10},
    }
)


class Served:
    """A slot that serves the models which were trained on the train part alone, and their evaluation."""

    def __init__(self, home: Path, prepared: Prepared, pipeline: RecommenderConfig) -> None:
        parts = split(prepared.interactions, "per_user_temporal", 0.2)
        self.train = training_data(parts.train, prepared.items, prepared.users)
        self.test = training_data(parts.test, prepared.items, prepared.users)
        whole = pipeline.build().fit(self.train, 42)
        self.offline: Evaluation = evaluate(whole, self.train.seen, self.test.positives, K)
        recommenders = {
            "pipeline": whole,
            "popularity": Popularity().fit(self.train, 42),
            "content": ContentConfig().build().fit(self.train, 42),
        }
        manifest = BundleManifest(data_version="data-v1", recommender="pipeline", ingredients_digest="0" * 64)
        bundle = Bundle(manifest, catalogue(prepared.items), self.train.user_ids, self.train.seen, recommenders)
        write_bundle(home / "bundle", bundle)
        settings, _ = build_release_of(home, free_ports(1)[0], home / "bundle")
        self.slot = SlotProcess(settings)

    def online(self) -> np.ndarray:
        """NDCG of each user of the evaluation, from what the slot answers them."""
        row_of = {item: row for row, item in enumerate(self.train.item_ids)}
        targets = _targets(self.train, self.test)
        values = []
        for user in self.offline.users.tolist():
            answer = self.slot.ask("/recommend", {"user_id": self.train.user_ids[user], "k": K, "explain": False})
            items = [row_of[item["item_id"]] for item in answer["items"]]
            wanted = targets[user]
            hits = np.zeros((1, K), bool)
            hits[0, : len(items)] = np.isin(items, wanted)
            values.append(ndcg(hits, np.array([len(wanted)]))[0])
        return np.array(values)


def _targets(train: TrainingData, test: TrainingData) -> list[np.ndarray]:
    return [
        np.setdiff1d(test.positives[[user]].indices, train.seen[[user]].indices) for user in range(len(train.user_ids))
    ]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, prepare(*make_tables(n_users=40, n_items=40, n_each=30), 4.0), SMALL)
    yield served
    served.slot.stop()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Served]:
    params = read_params(PROJECT / "params.yaml")
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    served = Served(
        tmp_path, prepared, make_params(Workbench(Settings(project=PROJECT)), "data-v1", {}).train.recommender
    )
    yield served
    served.slot.stop()


def test_every_users_ndcg_from_the_service_is_that_of_the_evaluation(small: Served) -> None:
    small.slot.start()
    assert 0 < small.offline.ndcg.mean() < 1
    np.testing.assert_allclose(small.online(), small.offline.ndcg, atol=1e-9)


@pytest.mark.slow
def test_on_the_demo_both_agree_to_three_digits(demo: Served) -> None:
    demo.slot.start()
    online, offline = float(demo.online().mean()), float(demo.offline.ndcg.mean())
    print(f"{len(demo.offline.users)} users: offline {offline:.6f}, from the service's answers {online:.6f}")
    assert offline > 0.1
    assert online == pytest.approx(offline, abs=0.0005)
