"""A bundle reads back what was written, or says which file is wrong."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.config.routing import RoutingConfig
from components.recommenders.array_folder import HEADER
from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import build_index
from components.retrieval.indexed_factors import IndexedFactors
from components.serving.bundle import (
    MANIFEST,
    BundleError,
    CandidateIndex,
    ExpectedAnswer,
    read_bundle,
    record_expected_answers,
    write_bundle,
)
from components.serving.expected_answers import UNKNOWN_USER, expected_answers, sample_users
from tests.worlds import make_bundle

ANSWER = ExpectedAnswer("1", 2, ("101", "102"), (0.5, 0.25))
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=100)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_reads_back_what_was_written(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "b", expected_answers=[ANSWER]))
    assert bundle.manifest.counts == {"users": 8, "items": 30, "interactions": 28}
    assert bundle.user_row["8"] == 7
    assert bundle.seen(3).tolist() == [0, 1, 2]
    assert bundle.seen(0).tolist() == []
    assert bundle.items.row_of["102"] == 1
    assert bundle.items.titles[1] == "Film 102"
    assert bundle.items.tags[1] == ("Comedy", "Tag 1")
    assert bundle.items.prices[1] is None
    assert set(bundle.recommenders) == {"lightfm", "popularity", "content"}
    assert bundle.expected_answers == (ANSWER,)


def test_the_bytes_depend_on_the_contents_alone(tmp_path: Path) -> None:
    first, second = (files_of(make_bundle(tmp_path / name)) for name in ("a", "b"))
    assert first == second
    assert files_of(make_bundle(tmp_path / "c", seed=1)) != first


def test_a_bundle_read_and_written_again_has_the_same_bytes(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "a", expected_answers=[ANSWER])
    write_bundle(tmp_path / "b", read_bundle(folder))
    assert files_of(tmp_path / "b") == files_of(folder)


def test_every_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    for name, content in files_of(folder).items():
        path = folder / name
        path.unlink()
        with pytest.raises(BundleError, match=f"{name} is missing"):
            read_bundle(folder)
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(BundleError, match=f"{name} is damaged"):
            read_bundle(folder)
        path.write_bytes(content)
    read_bundle(folder)


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(manifest | {"format": 2}))
    with pytest.raises(BundleError, match="format 2"):
        read_bundle(folder)


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    with pytest.raises(BundleError, match="not empty"):
        write_bundle(folder, read_bundle(folder))


def test_answers_can_be_recorded_in_a_written_bundle(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    record_expected_answers(folder, [ANSWER])
    assert read_bundle(folder).expected_answers == (ANSWER,)


def test_an_approximate_index_serves_the_primary_recommender(tmp_path: Path) -> None:
    exact = read_bundle(make_bundle(tmp_path / "exact"))
    assert isinstance(exact.primary, FittedFactors)
    build_index(tmp_path / "i.ann", exact.primary.item_factors, trees=5, seed=1)
    indexed = replace(exact, manifest=replace(exact.manifest, index=CandidateIndex("annoy", 5, 1000, 1.0)))
    with pytest.raises(BundleError, match=r"index\.ann"):
        write_bundle(tmp_path / "none", indexed)
    write_bundle(tmp_path / "annoy", indexed, tmp_path / "i.ann")
    bundle = read_bundle(tmp_path / "annoy")
    assert isinstance(bundle.primary, IndexedFactors)
    for user in range(8):
        expected = exact.primary.top_k(user, 7, exact.seen(user)).items
        np.testing.assert_array_equal(bundle.primary.top_k(user, 7, bundle.seen(user)).items, expected)
    np.testing.assert_array_equal(bundle.similar_items(3, 5)[0].items, exact.similar_items(3, 5)[0].items)
    (tmp_path / "annoy" / "index.ann").unlink()
    with pytest.raises(BundleError, match=r"index\.ann is missing"):
        read_bundle(tmp_path / "annoy")


def test_a_search_by_length_needs_no_file_and_answers_as_the_exact_one(tmp_path: Path) -> None:
    exact = read_bundle(make_bundle(tmp_path / "exact"))
    write_bundle(tmp_path / "b", replace(exact, manifest=replace(exact.manifest, index=CandidateIndex("length"))))
    bundle = read_bundle(tmp_path / "b")
    assert isinstance(bundle.primary, IndexedFactors)
    assert not (tmp_path / "b" / "index.ann").exists()
    for user in range(8):
        expected = exact.primary.top_k(user, 7, exact.seen(user)).items
        np.testing.assert_array_equal(bundle.primary.top_k(user, 7, bundle.seen(user)).items, expected)


def test_without_factors_similar_items_share_labels(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "b"))
    popular = replace(bundle, manifest=replace(bundle.manifest, recommender="popularity"))
    assert set(popular.similar_items(4, 5)[0].items.tolist()) <= {1, 7, 10, 13, 16, 19, 22, 25, 28, 9, 14, 24, 29}
    assert popular.similar_items(4, 1)[0].items.tolist() == [19]


def test_expected_answers_are_those_of_the_request_path(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "b"))
    answers = expected_answers(bundle, ROUTING, ["7", "nobody"], k=4)
    ranking = bundle.primary.top_k(6, 4, bundle.seen(6))
    assert answers[0].item_ids == tuple(bundle.items.ids[row] for row in ranking.items)
    assert answers[0].scores == pytest.approx(ranking.scores.tolist(), abs=1e-5)
    assert answers[1].item_ids == ("101", "102", "103", "104")


def test_the_sample_spreads_over_the_users_and_holds_one_stranger() -> None:
    users = [str(number) for number in range(100)]
    assert sample_users(users, 4) == ["0", "25", "50", "75", UNKNOWN_USER]
    assert sample_users(users[:2], 4) == ["0", "1", UNKNOWN_USER]
    assert len(set(sample_users([UNKNOWN_USER], 4))) == 2


def test_reading_needs_neither_pandas_nor_what_trains(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    code = (
        "import sys; from pathlib import Path; from components.serving.bundle import read_bundle; "
        f"read_bundle(Path({str(folder)!r})).primary; "
        "sys.exit(', '.join({'pandas', 'pyarrow', 'lightfm', 'sklearn', 'mlflow'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_recommender_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b")
    header = folder / "popularity" / HEADER
    header.write_text(json.dumps({"form": json.loads(header.read_text())["form"], "of": "another version"}))
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"][f"popularity/{HEADER}"] = hashlib.sha256(header.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"popularity has a form that this version cannot read; retrain"):
        read_bundle(folder)
