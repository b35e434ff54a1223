"""A pipeline that is broken for short histories alone is as good as before for everybody tested, and is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.adapters.files.params_file import read_params
from components.config.routing import RoutingConfig
from components.interactions.prepared import prepare
from components.metrics.evaluate import evaluate
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.history_ranker import HistoryRanker
from components.ranking.pipeline import PipelineConfig
from components.recommenders.answers_history import AnswersHistory, Asked
from components.recommenders.content import ContentConfig
from components.recommenders.history import History
from components.recommenders.popularity import Popularity
from components.recommenders.training_data import training_data
from components.rollout.gate import GateRefused, Passed, UserScores, judge_model
from components.serving.bundle import Bundle, BundleManifest
from components.serving.replay_histories import replay, sample_users
from components.serving.request_path import RequestPath
from components.splitting.temporal import split
from stages.bundle import catalogue
from tests.worlds import make_tables

PARAMS = read_params(Path(__file__).parents[3] / "params.yaml")
CONFIG = PipelineConfig.model_validate({"generators": [{"kind": "ease", "regularisation": 20}]})


@dataclass(frozen=True)
class BrokenForFew:
    """Ranks the wrong way round for somebody of whom few interactions are known."""

    model: AnswersHistory

    def score_history(self, history: History) -> tuple[NDArray[np.floating], Asked | None]:
        scores, _ = self.model.score_history(history)
        return (-scores if len(history) < 5 else scores), None

    def for_histories(self) -> BrokenForFew:
        return self

    def save(self, folder: Path) -> None:
        raise NotImplementedError


def test_a_model_that_is_broken_for_cold_users_alone_is_refused_by_what_the_replay_measures() -> None:
    prepared = prepare(*make_tables(n_users=60, n_items=40, n_each=20), 4.0)
    parts = split(prepared.interactions, "per_user_temporal", 0.2)
    train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
    sound = CONFIG.build().fit(train, 1)
    assert isinstance(sound, FittedPipeline)
    generators = {name: BrokenForFew(model) for name, model in sound.ranker.generators.items()}
    ranker = HistoryRanker(generators, sound.ranker._maker, sound.n_candidates, sound.choice)
    popularity = Popularity().fit(train, 1)
    content = ContentConfig().build().fit(train, 1)
    users = sample_users(train, test, 60, 1).tolist()

    def measured(model: FittedPipeline) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        recommenders = {"pipeline": model, "popularity": popularity, "content": content}
        manifest = BundleManifest(data_version="", recommender="pipeline", ingredients_digest="")
        bundle = Bundle(manifest, catalogue(prepared.items), train.user_ids, train.seen, recommenders)
        path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "", "", "")
        strangers = [each.ndcg for each in replay(path, train, test, users, 10) if each.group == "stranger"]
        return evaluate(model, train.seen, test.positives, 10).ndcg, np.array(strangers)

    whole, strangers = measured(sound)
    broken_whole, broken_strangers = measured(replace(sound, ranker=ranker))
    np.testing.assert_array_equal(broken_whole, whole)
    assert len(strangers) >= PARAMS.gate.min_cold_users

    def judged(mine: NDArray[np.float64]) -> Passed | GateRefused:
        scores = UserScores(whole, np.zeros(len(whole)), whole, replayed=(mine, strangers))
        return judge_model(scores, 1.0, 0.9, PARAMS.gate, PARAMS.evaluate)

    assert isinstance(judged(strangers), Passed)
    refused = judged(broken_strangers)
    assert isinstance(refused, GateRefused)
    assert [check.name for check in refused.checks if not check.passed] == ["cold_users"]
