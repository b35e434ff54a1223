"""Reads interactions from Parquet with Spark, under our names of columns, each row with its place in the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.adapters.spark.splitting import ROW
from components.interactions.column_mapping import check_mapping, find_names, mapping_of_table
from components.interactions.columns import INTERACTION_COLUMNS, ITEM, TIMESTAMP, USER, VALUE
from components.interactions.source import INTERACTIONS, SourceError
from components.interactions.time_numbers import Floats, read_time_numbers

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

HEAD = 1_000
"""Rows by which columns are recognised."""
SAMPLE = 100_000
"""Times, drawn by their hash, that say what a column of numbers counts."""
_SINCE = " since 1970"
_MICROSECONDS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0))
"""Below which number how many microseconds one stands for; above are nanoseconds. As `time_numbers` has it."""
_FIRST_OF_TODAY = 631_152_000_000_000
_LATEST = 4_102_444_800_000_000
_DAY = 86_400_000_000


def read_interactions(spark: SparkSession, source: str, mapping: Mapping[str, str]) -> DataFrame:
    """The rows of a Parquet file, or of a folder of them, with `ROW`; columns that are none of ours are left out.

    Times that are numbers are read here, since all of them together say what they count.

    Raises:
        SourceError: there is no Parquet, a column is missing, or one of values or times holds text.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as f

    try:
        found = spark.read.parquet(source)
        head = found.limit(HEAD).toPandas()
    except (PySparkException, Py4JJavaError) as error:
        said = str(getattr(error, "java_exception", error)).splitlines()[0]
        raise SourceError(f"{source} is not read as Parquet, which is all that Spark takes here: {said}") from error
    check_mapping(mapping, {INTERACTIONS: found.columns}, source)
    names = find_names(head, mapping_of_table(mapping, INTERACTIONS), INTERACTIONS, source)
    ours = {mine: theirs for theirs, mine in names.items() if mine in INTERACTION_COLUMNS}
    placed = found.select(
        *(f.col(f"`{theirs}`").alias(mine) for mine, theirs in ours.items()),
        f.col("_metadata.file_path").alias("_file"),
        f.col("_metadata.row_index").alias("_at"),
    )
    kinds = dict(placed.dtypes)
    for name in (VALUE, TIMESTAMP):
        if kinds.get(name) == "string":
            raise SourceError(
                f"{source}: the column {ours[name]} holds text, which is read by rules that look at a whole column; "
                "write it as numbers or times, or have an ingest read the source"
            )
    for name in (USER, ITEM):
        if kinds[name] == "string":
            _check_texts(placed, name, ours[name], source)
    if TIMESTAMP in kinds and not kinds[TIMESTAMP].startswith(("timestamp", "date")):
        placed = placed.withColumn(TIMESTAMP, _times(placed, source))
    return _numbered(placed)


def _check_texts(placed: DataFrame, name: str, theirs: str, source: str) -> None:
    """Refuses ids that an ingest would read as numbers, as all of them look like that."""
    from pyspark.sql import functions as f

    text = f.trim(name)
    filled = placed.filter(text != "")
    for sign, form in ((",", r"^-?\d{1,3}(,\d{3})*$"), (".", r"^-?\d+(\.0+)?$")):
        all_are, some_have = filled.agg(f.every(text.rlike(form)), f.some(f.contains(text, f.lit(sign)))).first()
        if all_are and some_have:
            raise SourceError(
                f"{source}: the column {theirs} holds numbers as text with {sign!r}; write them as integers"
            )


def _times(placed: DataFrame, source: str) -> Column:
    from pyspark.sql import functions as f

    number = f.col(TIMESTAMP).cast("double")
    drawn = placed.select(number.alias("t")).filter("t is not null and not isnan(t) and abs(t) < double('infinity')")
    sample: Floats = drawn.orderBy(f.xxhash64("t")).limit(SAMPLE).toPandas()["t"].to_numpy()
    how, fault = read_time_numbers(sample)[1:] if len(sample) else (_SINCE, "")
    if fault or not how.endswith(_SINCE):
        raise SourceError(f"{source}: the times look like {how}; write them as times, or as seconds since 1970")
    scale = f.when(f.abs(number) >= _MICROSECONDS[-1][0], 1e-3)
    for bound, each in reversed(_MICROSECONDS):
        scale = f.when(f.abs(number) < bound, each).otherwise(scale)
    whole = f.rint(number * scale).cast("long")
    moment = f.when((whole >= 0) & (whole < _LATEST), whole)
    said = placed.agg(f.count(moment), f.count_if(moment >= _FIRST_OF_TODAY)).first()
    of_today = 2 * said[1] >= said[0]
    return f.timestamp_micros(f.when(moment >= _DAY, moment) if of_today else moment)


def _numbered(placed: DataFrame) -> DataFrame:
    """With `ROW`, which counts on from file to file in the order of their names."""
    from pyspark.sql import functions as f

    sizes = sorted((each["_file"], each["count"]) for each in placed.groupBy("_file").count().collect())
    starts, so_far = {}, 0
    for file, size in sizes:
        starts[file], so_far = so_far, so_far + size
    start = f.create_map(*(f.lit(part) for pair in starts.items() for part in pair))[f.col("_file")]
    return placed.withColumn(ROW, start + f.col("_at")).drop("_file", "_at")
