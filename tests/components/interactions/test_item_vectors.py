"""Embeddings that a source brings are checked as a whole, kept with the data version, and put in catalogue order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.adapters.dvc.version_files import content_digest, file_digests, write_version_files
from components.adapters.sources.dataset_files import DatasetError, read_item_vectors
from components.adapters.sources.files import FileSource
from components.interactions.item_vectors import check_item_vectors, vector_matrix
from components.interactions.prepared import prepare
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceError
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_vectors import ItemVectors, ItemVectorsConfig
from components.recommenders.training_data import training_data
from tests.components.adapters.sources.test_files import CONFIG
from tests.worlds import checkerboard

VECTORS = pd.DataFrame({"item_id": [20, 10], "vector": [[0.0, 1.0], [1.0, 0.0]]})


def source(folder: Path, vectors: pd.DataFrame | None) -> Screened:
    rows = [("a", 10, 5.0, 1_000_000), ("b", 20, 5.0, 1_000_001), ("b", 30, 5.0, 1_000_002)]
    folder.mkdir()
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "value", "timestamp"])
    table.to_csv(folder / "interactions.csv", index=False)
    if vectors is not None:
        vectors.to_parquet(folder / "item_vectors.parquet")
    return screen(FileSource(folder, {}).read(), CONFIG)


def test_vectors_of_a_source_reach_the_generator(tmp_path: Path) -> None:
    screened = source(tmp_path / "source", VECTORS)
    prepared = prepare(screened.interactions, screened.items, screened.users, 4.0)
    data = training_data(prepared.interactions, prepared.items, prepared.users, screened.item_vectors)
    np.testing.assert_array_equal(data.item_vectors, [[1, 0], [0, 1], [0, 0]])
    assert ItemVectors().fit(data, 0).scores(np.array([0]))[0].argmax() == 0


def test_vectors_are_part_of_what_makes_a_version_new(tmp_path: Path) -> None:
    digests = []
    for name, vectors in (("none", None), ("some", VECTORS), ("shuffled", VECTORS[::-1]), ("other", VECTORS[:1])):
        screened = source(tmp_path / name, vectors)
        folder = tmp_path / f"{name} version"
        folder.mkdir()
        write_version_files(folder, screened)
        digests.append(content_digest(file_digests(folder), screened.quarantine))
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_items_without_a_vector_are_zero_and_strangers_have_no_row() -> None:
    matrix = vector_matrix(check_item_vectors(VECTORS, "x"), ["7", "20"])
    np.testing.assert_array_equal(matrix, [[0, 0], [0, 1]])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"item_id": ["a"]}), "no column vector; its columns are item_id"),
        (pd.DataFrame({"item_id": ["a", "a"], "vector": [[1.0], [2.0]]}), "item a has two vectors"),
        (pd.DataFrame({"item_id": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}), "item b has 2 numbers and the first 1"),
        (pd.DataFrame({"item_id": ["a"], "vector": [[float("nan")]]}), "item a is empty or not finite"),
        (pd.DataFrame({"item_id": ["a"], "vector": [[]]}), "item a is empty or not finite"),
        (pd.DataFrame({"item_id": ["a"], "vector": ["words"]}), "item a is no list of numbers"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        check_item_vectors(frame, "v.parquet")


def test_a_file_for_a_comparison_is_read_and_refused_alike(tmp_path: Path) -> None:
    VECTORS.to_parquet(tmp_path / "v.parquet")
    assert read_item_vectors(tmp_path / "v.parquet")["item_id"].tolist() == ["10", "20"]
    with pytest.raises(DatasetError, match="is not a file"):
        read_item_vectors(tmp_path / "none.parquet")


def test_the_pipeline_takes_them_where_the_data_bring_them() -> None:
    config = PipelineConfig(generators=[ItemToItemConfig(), ItemVectorsConfig()])
    data = checkerboard()
    colours = np.eye(2, dtype=np.float32)[np.arange(len(data.item_ids)) % 2]
    for vectors, names in ((None, ["item_to_item 1"]), (colours, ["item_to_item 1", "item_vectors 1"])):
        choice = Pipeline(config).fit_reported(replace(data, item_vectors=vectors), 1).choice
        assert list(choice.generators) == names
