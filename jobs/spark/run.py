"""From interactions in Parquet to an evaluated model and lists for everybody, each step by Spark."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow.parquet as pq

from components.adapters.spark.als import SparkAlsConfig, factors_of, fitted_factors
from components.adapters.spark.cells import matrix_of
from components.adapters.spark.evaluation import evaluate_lists, targets_of
from components.adapters.spark.item_to_item import weights_of
from components.adapters.spark.lists import Model, best_of, histories_of
from components.adapters.spark.row_numbers import number_ids
from components.adapters.spark.screening import CELLS, count_screened, screen_interactions
from components.adapters.spark.session import SparkPlace, open_spark
from components.adapters.spark.source import read_interactions
from components.adapters.spark.splitting import PART, ROW, TEST, TRAIN, mark_last_ones, mark_per_user
from components.config.ingest import IngestConfig
from components.interactions.arrow_frame import frame_of
from components.interactions.column_mapping import rename_columns
from components.interactions.columns import INTERACTION_COLUMNS, ITEM, USER, VALUE
from components.interactions.prepared import RELEVANT
from components.interactions.row_checks import GOOD, check_items
from components.interactions.screening import REASON
from components.interactions.source import ITEMS, SourceError
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_weights import FittedItemWeights

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Protocol = Literal["per-user-temporal", "leave-one-out"]
ROWS_A_PART = 500_000
"""Of a source, so that what a worker holds of it stays below 1 GB."""


@dataclass(frozen=True)
class SparkRun:
    """What is asked for.

    Attributes:
        source: Parquet of interactions, at any address that Spark reads.
        items: Parquet of the catalogue; None: the items of the interactions.
        out: folder for what comes of it, made when missing; an address that the executors reach on a cluster.
        threshold: values from here on are relevant.
        share: of each user's interactions that are the test part, with per-user-temporal.
    """

    source: str
    out: Path
    model: ItemToItemConfig | SparkAlsConfig
    config: IngestConfig
    threshold: float
    items: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    protocol: Protocol = "per-user-temporal"
    share: float = 0.2
    k: int = 10
    seed: int = 42
    answers: bool = True


def run_on_spark(asked: SparkRun, place: SparkPlace, say: Callable[[str, float], None]) -> dict[str, Any]:
    """Screens, splits, trains, evaluates, trains on everything and makes lists; `say` hears each step and its seconds.

    Below `out` are `interactions` and `quarantine`, `split`, `users` and `items` with their rows, `model` as every
    recommender is saved, `lists` (user_id, rank, item_id, score) and `report.json`.

    Raises:
        SparkMissing, SourceError, SplitError, RecommenderError, EvaluationError: the message says what to do.
    """
    asked.out.mkdir(parents=True, exist_ok=True)
    with open_spark(place, asked.out) as spark:
        report = StepsOnSpark(spark, asked, say).whole()
    (asked.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


class StepsOnSpark:
    """One run, whose steps read what those before have written."""

    def __init__(self, spark: SparkSession, asked: SparkRun, say: Callable[[str, float], None]) -> None:
        self._spark, self._asked, self._say = spark, asked, say
        self._seconds: dict[str, float] = {}

    def whole(self) -> dict[str, Any]:
        """All of it; counts, metrics and seconds by step."""
        report: dict[str, Any] = {"model": self._asked.model.model_dump()}
        with self._step("screen"):
            report["screened"] = self._screen()
        with self._step("split"):
            report |= self._split()
        n_users, n_items = report["users"], report["items"]
        cells = self._read("cells").cache()
        train = cells.filter(f"{PART} = '{TRAIN}'")
        with self._step("train"):
            model = self._fit(train, (n_users, n_items))
        with self._step("evaluate"):
            seen = train.select("user", "item").distinct()
            targets = targets_of(cells.filter(f"{PART} = '{TEST}' and {RELEVANT}"), seen).cache()
            judged = targets.select("user").distinct()
            histories = histories_of(seen, train.filter(RELEVANT)).join(judged, "user", "left_semi")
            lists = best_of(histories, model, self._asked.k)
            report["metrics"] = evaluate_lists(self._kept("evaluated", lists), targets, n_items, self._asked.k)
        with self._step("train on everything"):
            model = self._fit(cells, (n_users, n_items))
            model.save(self._asked.out / "model")
        if self._asked.answers:
            with self._step("answer everybody"):
                histories = histories_of(cells.select("user", "item"), cells.filter(RELEVANT))
                report["answered"] = self._answer(best_of(histories, model, self._asked.k))
        return {**report, "seconds": self._seconds}

    def _screen(self) -> dict[str, Any]:
        asked, spark = self._asked, self._spark
        raw = read_interactions(spark, asked.source, asked.mapping)
        parts = max(int(spark.conf.get("spark.sql.shuffle.partitions") or 1), raw.count() // ROWS_A_PART)
        spark.conf.set("spark.sql.shuffle.partitions", str(parts))
        known = None if asked.items is None else self._catalogue(asked.items)
        screened = self._kept("screened", screen_interactions(raw, known, asked.config))
        counted = count_screened(screened)
        if counted.bad_share > asked.config.max_bad_share or not counted.good:
            worst = ", ".join(f"{count:,} × {reason}" for reason, count in list(counted.reasons.items())[:3])
            raise SourceError(
                f"{asked.source}: {counted.bad_share:.2%} of {counted.rows:,} rows are bad ({worst}), and "
                f"{asked.config.max_bad_share:.2%} are taken: correct the source, or raise ingest.max_bad_share"
            )
        good = screened.filter(f"{REASON} = '{GOOD}'").select(*INTERACTION_COLUMNS, ROW)
        self._kept("interactions", good.withColumn(RELEVANT, good[VALUE] >= asked.threshold))
        bad = screened.filter(f"{CELLS} is not null").select(ROW, REASON, CELLS)
        self._kept("quarantine", bad)
        return {"rows": counted.rows, "good": counted.good, "merged": counted.merged, "bad": counted.reasons}

    def _catalogue(self, file: Path) -> list[str]:
        """The ids of the good items."""
        raw = rename_columns(frame_of(pq.read_table(file)), self._asked.mapping, ITEMS, str(file))
        return sorted(check_items(raw).rows[ITEM])

    def _split(self) -> dict[str, Any]:
        asked, rows = self._asked, self._read("interactions")
        last = asked.protocol == "leave-one-out"
        marked = self._kept("split", mark_last_ones(rows) if last else mark_per_user(rows, asked.share), PART)
        users = self._kept("users", number_ids(marked, USER, "user"))
        catalogue = (
            marked
            if asked.items is None
            else self._spark.createDataFrame([(each,) for each in self._catalogue(asked.items)], f"{ITEM} string")
        )
        items = self._kept("items", number_ids(catalogue, ITEM, "item"))
        numbered = marked.join(users, USER).join(items, ITEM).select("user", "item", RELEVANT, PART)
        self._kept("cells", numbered)
        sizes = {each[PART]: each["count"] for each in marked.groupBy(PART).count().collect()}
        return {"protocol": asked.protocol, "parts": sizes, "users": users.count(), "items": items.count()}

    def _fit(self, cells: DataFrame, shape: tuple[int, int]) -> Model:
        liked = cells.filter(RELEVANT).select("user", "item").distinct().cache()
        config = self._asked.model
        if isinstance(config, SparkAlsConfig):
            return fitted_factors(*factors_of(liked, shape, config, self._asked.seed), config)
        return FittedItemWeights(matrix_of(liked, shape), weights_of(liked, *shape, config))

    def _answer(self, lists: DataFrame) -> int:
        users, items = self._read("users"), self._read("items")
        named = lists.join(users, "user").join(items, "item").select(USER, "rank", ITEM, "score")
        return int(self._kept("lists", named).select(USER).distinct().count())

    def _kept(self, name: str, frame: DataFrame, by: str | None = None) -> DataFrame:
        writer = frame.write.mode("overwrite")
        (writer.partitionBy(by) if by else writer).parquet(str(self._asked.out / name))
        return self._read(name)

    def _read(self, name: str) -> DataFrame:
        return self._spark.read.parquet(str(self._asked.out / name))

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._seconds[name] = round(time.perf_counter() - began, 2)
        self._say(name, self._seconds[name])
