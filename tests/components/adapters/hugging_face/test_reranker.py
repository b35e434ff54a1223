"""A tiny model learns a planted preference, its control without titles doesn't, and it is served as it was tuned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from components.adapters.hugging_face.base_model import open_base
from components.adapters.hugging_face.rerank_app import make_rerank_app
from components.adapters.hugging_face.reranker import Adapters, TunableReranker, n_steps
from components.adapters.llm.rerank_url import read_scores
from components.metrics.bootstrap import Interval
from components.reranking.calls import Reply
from components.reranking.prompt import RenderedPrompt
from components.reranking.tuning.judging import against_ranker, pair_accuracy
from components.reranking.tuning.preferences import (
    ItemPreference,
    ShuffledTitles,
    TitleShuffle,
    TuningError,
    keep_apart,
    titles_in,
)
from components.reranking.tuning.schedule import LearningRate
from tests.tiny_language_model import LOVED, UNLOVED, planted_world, write_tiny_model

for needed in ("torch", "transformers", "peft"):
    pytest.importorskip(needed, reason="the extra `tune` is not installed")

ADAPTERS = Adapters(rank=4, dropout=0.0, tokens=32)
EPOCHS, BATCH = 5, 8
DOCUMENTS = (f"{UNLOVED} river|drama", f"{LOVED} stone|comedy", f"{UNLOVED} night|comedy", f"{LOVED} winter|drama")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "base")


def tuned_on(base: Path, preferences: Sequence[ItemPreference], seed: int = 1) -> tuple[TunableReranker, list[float]]:
    model = TunableReranker(base, ADAPTERS, seed)
    heard: list[float] = []
    schedule = LearningRate(2e-2, n_steps(len(preferences), EPOCHS, BATCH), 0.1, "cosine")
    rates = []

    def tell(_: int, loss: float, rate: float) -> None:
        heard.append(loss)
        rates.append(rate)

    model.learn(preferences, schedule, EPOCHS, BATCH, tell)
    assert rates == [schedule.at(step) for step in range(schedule.steps)]
    return model, heard


def judged(base: Path, kind: ShuffledTitles, seed: int = 1) -> tuple[Interval, Interval, list[float]]:
    """Right pairs of users kept apart and the gain in NDCG over a random order, both after tuning; the losses."""
    pairs, lists = planted_world(80, seed=7, pairs_each=2)
    apart = keep_apart({one.user for one in pairs}, 0.5, 1)
    shuffle = TitleShuffle(kind, titles_in([*pairs, *lists]), 1)
    model, losses = tuned_on(base, [shuffle.preference(one) for one in pairs if one.user not in apart], seed)
    others = [shuffle.preference(one) for one in pairs if one.user in apart]
    theirs = [shuffle.liked_list(one) for one in lists if one.user in apart]
    right = pair_accuracy(others, [model.score(one.query, one.documents) for one in others], 1)
    scores = [model.score(one.query, one.documents) for one in theirs]
    return right, against_ranker(theirs, scores, 1).difference, losses


@pytest.mark.parametrize("seed", [1, 2])
def test_a_planted_preference_is_found_in_users_of_whom_nothing_was_learnt(base: Path, seed: int) -> None:
    right, gain, losses = judged(base, "none", seed)
    assert right.low > 0.9
    assert gain.low > 0.2
    assert np.mean(losses[-3:]) < 0.3 < np.mean(losses[:3])


@pytest.mark.parametrize("kind", ["items", "mentions"])
def test_with_shuffled_titles_it_stays_at_chance(base: Path, kind: ShuffledTitles) -> None:
    right, gain, _ = judged(base, kind)
    assert right.low < 0.5 < right.high
    assert gain.high < 0.2


def test_a_list_of_several_passed_over_is_learnt_from_as_a_whole(base: Path) -> None:
    _, lists = planted_world(20, seed=3)
    wholes = []
    for one in lists:
        best = one.liked.index(True)
        order = [best, *(place for place in range(6) if place != best)]
        documents = tuple(one.documents[place] for place in order)
        wholes.append(ItemPreference(one.user, "r", one.query, tuple(one.items[place] for place in order), documents))
    model, losses = tuned_on(base, wholes)
    assert losses[0] > 1  # chance is log 6
    scores = model.score("likes: drama", DOCUMENTS)
    assert min(scores[[1, 3]]) > max(scores[[0, 2]])


def test_the_same_seed_gives_the_same_scores_and_another_one_others(base: Path) -> None:
    pairs, _ = planted_world(10, seed=5)
    first, again, other = (tuned_on(base, pairs, seed)[0].score("likes: drama", DOCUMENTS) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_the_saved_folder_scores_as_the_tuned_model_and_is_served_to_a_tier(base: Path, tmp_path: Path) -> None:
    pairs, _ = planted_world(20, seed=5)
    model, _ = tuned_on(base, pairs)
    scores = model.score("likes: drama", DOCUMENTS)
    (tmp_path / "tuned").mkdir()
    model.save(tmp_path / "tuned")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tuned"]
    client = TestClient(make_rerank_app(tmp_path / "tuned", tokens=32))
    body = {"model": "tuned", "query": "likes: drama", "documents": DOCUMENTS, "top_n": 4, "return_documents": False}
    answer = client.post("/v1/rerank", json=body)
    given = {each["index"]: each["relevance_score"] for each in answer.json()["results"]}
    assert [given[place] for place in range(4)] == pytest.approx(scores.tolist(), abs=1e-4)
    prompt = RenderedPrompt((), "", 4, False, "likes: drama", DOCUMENTS)
    read = read_scores(answer.content, prompt)
    assert isinstance(read, Reply)
    assert set(read.structured.order[:2]) == {2, 4}
    assert read.usage.input == answer.json()["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("body", "field"),
    [({"query": "a"}, "documents"), ({"query": "a", "documents": []}, "documents"), ({"documents": ["a"]}, "query")],
)
def test_a_wrong_question_is_answered_with_the_field(base: Path, body: dict[str, object], field: str) -> None:
    answer = TestClient(make_rerank_app(base, tokens=32)).post("/v1/rerank", json=body)
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (422, field)


def test_a_long_pair_is_cut_and_read(base: Path) -> None:
    model = TunableReranker(base, ADAPTERS, 1)
    assert np.isfinite(model.score("river " * 500, ["stone " * 500, "night"])).all()


def test_a_folder_that_is_damaged_is_named(base: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(TuningError, match=f"--base {tmp_path}: transformers cannot read it"):
        open_base(tmp_path)
    with pytest.raises(TuningError, match="--device nowhere: torch cannot compute there"):
        TunableReranker(base, ADAPTERS, 1, "nowhere")
