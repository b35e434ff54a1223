"""A tuning from files to a run in MLflow, on a tiny model; and what is wrong with what is handed over."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.adapters.hugging_face.base_model import EXTRA
from components.adapters.hugging_face.reranker import Adapters
from components.adapters.mlflow.registry import ModelRegistryError
from components.reranking.tuning.preferences import ItemPreference, LikedList, TuningError
from jobs.tuning.preference_files import read_lists, read_pairs
from jobs.tuning.tune import tune_reranker
from jobs.tuning.tuned import TuningRequest
from tests.tiny_language_model import planted_world, write_tiny_model

# MLflow and what it imports warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


def write_pairs(file: Path, pairs: Sequence[ItemPreference], without: str = "") -> Path:
    rows = [
        {
            "user": one.user,
            "request_id": one.request_id,
            "query": one.query,
            "preferred": one.items[0],
            "passed_over": one.items[1],
            "preferred_document": one.documents[0],
            "passed_over_document": one.documents[1],
        }
        for one in pairs
    ]
    pq.write_table(pa.Table.from_pylist([{k: v for k, v in row.items() if k != without} for row in rows]), file)
    return file


def write_lists(file: Path, lists: Sequence[LikedList]) -> Path:
    rows = [
        {
            "user": one.user,
            "query": one.query,
            "items": list(one.items),
            "documents": list(one.documents),
            "liked": list(one.liked),
        }
        for one in lists
    ]
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def request(folder: Path, pairs: Path, **changes: Any) -> TuningRequest:
    usual = TuningRequest(
        pairs=pairs,
        lists=None,
        base=folder / "base",
        out=folder / "tuned",
        loss="pairwise",
        epochs=3,
        batch=16,
        learning_rate=2e-2,
        warm_up=0.1,
        fall="linear",
        adapters=Adapters(rank=4, dropout=0.0, tokens=32),
        held_out=0.4,
        seeds=(1, 2),
        shuffle_titles="none",
        device="cpu",
    )
    return replace(usual, **changes)


def test_a_tuning_is_saved_judged_beside_the_ranker_and_logged(tmp_path: Path) -> None:
    for needed in EXTRA:
        pytest.importorskip(needed, reason="the extra `tune` is not installed")
    write_tiny_model(tmp_path / "base")
    pairs, lists = planted_world(50, seed=9)
    files = write_pairs(tmp_path / "pairs.parquet", pairs), write_lists(tmp_path / "lists.parquet", lists)
    url = f"sqlite:///{tmp_path / 'mlflow.db'}"
    told: list[str] = []
    with contextlib.chdir(tmp_path):  # with a database for address, MLflow writes artifacts to the working directory
        made = tune_reranker(request(tmp_path, files[0], lists=files[1], loss="listwise"), url, told.append)
    assert (
        made.sizes.items() >= {"users_learnt": 30, "users_apart": 20, "pairs_learnt": 120, "pairs_judged": 80}.items()
    )
    for one in made.seeds:
        assert one.after.low > max(0.9, one.before.mean)
        assert one.ranker is not None
        assert (one.ranker.n_users, one.ranker.difference.low > 0.2) == (20, True)
    assert (tmp_path / "tuned" / "model.safetensors").exists()
    kept = json.loads((tmp_path / "tuned" / "recops-tuning.json").read_text())
    assert [one["seed"] for one in kept["seeds"]] == [1, 2]
    import mlflow

    run = mlflow.MlflowClient(url, url).get_run(made.run_id).data
    assert run.params.items() >= {"loss": "listwise", "seeds": "(1, 2)", "lora.rank": "4", "users_apart": "20"}.items()
    assert run.tags["control"] == "none"
    mean = sum(one.after.mean for one in made.seeds) / 2
    assert run.metrics["pair_accuracy"] == pytest.approx(mean)
    assert run.metrics["ndcg_gain_low.seed_2"] == pytest.approx(made.seeds[1].ranker.difference.low)
    rates = [each.value for each in mlflow.MlflowClient(url, url).get_metric_history(made.run_id, "learning_rate")]
    assert len(rates) == len(made.seeds[0].losses) == 24
    assert rates[rates.index(max(rates)) :] == sorted(rates[rates.index(max(rates)) :], reverse=True)
    assert json.loads(json.dumps(made.as_json()))["seeds"][0]["pair_accuracy"] == made.seeds[0].after.mean
    lines = list(made.lines())
    assert "the ranker's order" in lines[1]
    assert made.run_id in lines[-1]
    with pytest.raises(TuningError, match=r"--out .*tuned: is there already"):
        tune_reranker(request(tmp_path, files[0]), url, told.append)


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(400)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


def test_a_tuning_ends_before_it_begins_where_mlflow_does_not_answer(tmp_path: Path) -> None:
    for needed in EXTRA:
        pytest.importorskip(needed, reason="the extra `tune` is not installed")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}")
    pairs = write_pairs(tmp_path / "pairs.parquet", planted_world(50, seed=9)[0])
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(ModelRegistryError, match=f"MLflow does not answer at {url}"):
            tune_reranker(request(tmp_path, pairs), url, lambda _: None)
        server.shutdown()


def test_too_few_pairs_and_lists_of_other_users_are_named(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    pairs, lists = planted_world(50, seed=9)
    few = write_pairs(tmp_path / "few.parquet", pairs[:40])
    with pytest.raises(TuningError, match=r"--base .*: not a model folder: no config.json"):
        tune_reranker(request(tmp_path, few), "sqlite://", lambda _: None)
    (tmp_path / "base" / "config.json").write_text("{}")
    with pytest.raises(TuningError, match=r"--pairs .*few.parquet: 40 pairs of 10 users are too few: 24 are left"):
        tune_reranker(request(tmp_path, few), "sqlite://", lambda _: None)
    strangers = [replace(one, user=f"other {one.user}") for one in lists]
    files = write_pairs(tmp_path / "pairs.parquet", pairs), write_lists(tmp_path / "lists.parquet", strangers)
    with pytest.raises(TuningError, match=r"shares no user with --pairs .*RECOPS_USER_SALT"):
        tune_reranker(request(tmp_path, files[0], lists=files[1]), "sqlite://", lambda _: None)


def test_a_file_without_a_column_and_one_that_is_no_parquet_are_named(tmp_path: Path) -> None:
    pairs, lists = planted_world(2, seed=9)
    old = write_pairs(tmp_path / "old.parquet", pairs, without="query")
    with pytest.raises(TuningError, match=r"--pairs .*old.parquet: no column query.*preference_pairs_days"):
        read_pairs(old)
    (tmp_path / "text.parquet").write_text("user,query\n")
    with pytest.raises(TuningError, match=r"--lists .*text.parquet: not a Parquet file"):
        read_lists(tmp_path / "text.parquet")
    empty = write_pairs(tmp_path / "empty.parquet", [pairs[0], replace(pairs[1], items=(pairs[1].items[0], None))])
    with pytest.raises(TuningError, match=r"row 2: passed_over is empty"):
        read_pairs(empty)
    short = write_lists(tmp_path / "short.parquet", [replace(lists[0], liked=(True,))])
    with pytest.raises(TuningError, match=r"row 1: items, documents and liked .* 6, 6, 1"):
        read_lists(short)


def test_what_people_say_is_redacted_whoever_made_the_file(tmp_path: Path) -> None:
    pairs, lists = planted_world(1, seed=9)
    said = "says: write to anna@example.org or +44 20 7946 0958"
    file = write_pairs(tmp_path / "pairs.parquet", [replace(pairs[0], query=said)])
    found = [read_pairs(file)[0].query]
    found += [read_lists(write_lists(tmp_path / "l.parquet", [replace(lists[0], query=said)]))[0].query]
    for query in found:
        assert query.startswith("says: write to")
        assert "anna" not in query
        assert "7946" not in query
