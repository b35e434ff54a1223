"""Starts Spark for one piece of work and stops it: on this machine's loopback, or as the driver of a cluster."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.adapters.spark.java import java_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"
_LOCAL = re.compile(r"local(\[[^\]]+\])?")
_MEMORY = re.compile(r"\d+[mg]")
DEEP_STACK = "-Xss16m"
"""Ten rounds of ALS between two checkpoints overflow a stack of the usual size where code is not yet compiled."""
ARROW_ROWS = 100_000
"""Of a batch that goes from the JVM to Python."""


class SparkRefused(ValueError):
    """What Spark is asked for cannot be; the message says what to change."""


@dataclass(frozen=True)
class SparkPlace:
    """Where Spark computes, and with how much.

    Attributes:
        master: as Spark names it: local[2], spark://host:7077, yarn, k8s://…
        driver_memory: of the JVM that this process starts, such as 4g; with a local master all of the JVM's work.
        executor_memory: of each executor of a cluster.
        driver_host: the address under which the executors of a cluster reach this process.
        partitions: parts that rows are spread over where they change places.
        java_options: of that JVM, such as -Xss8m.
    """

    master: str = "local[2]"
    driver_memory: str = "4g"
    executor_memory: str = "4g"
    driver_host: str = LOOPBACK
    partitions: int = 8
    java_options: str = ""

    def __post_init__(self) -> None:
        for name in ("driver_memory", "executor_memory"):
            if not _MEMORY.fullmatch(getattr(self, name)):
                raise SparkRefused(
                    f"{name.replace('_', ' ')} {getattr(self, name)!r} is none; write it like 4g or 900m"
                )
        if not self.is_local and self.driver_host == LOOPBACK:
            raise SparkRefused(
                f"the executors of {self.master} cannot reach this process at {LOOPBACK}; name its address in their "
                "network with --driver-host"
            )

    @property
    def is_local(self) -> bool:
        """Whether all of it runs on this machine."""
        return _LOCAL.fullmatch(self.master) is not None

    def options(self, scratch: Path) -> dict[str, str]:
        """Spark's own settings: nothing listens beyond `driver_host`, and there are no pages."""
        return {
            "spark.master": self.master,
            "spark.app.name": "recops",
            "spark.driver.memory": self.driver_memory,
            "spark.driver.extraJavaOptions": f"{DEEP_STACK} {self.java_options}".strip(),
            "spark.executor.extraJavaOptions": DEEP_STACK,
            "spark.executor.memory": self.executor_memory,
            "spark.driver.host": self.driver_host,
            "spark.driver.bindAddress": self.driver_host,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.local.dir": str(scratch),
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
            "spark.sql.shuffle.partitions": str(self.partitions),
            "spark.default.parallelism": str(self.partitions),
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.execution.arrow.pyspark.enabled": "true",
            "spark.sql.execution.arrow.maxRecordsPerBatch": str(ARROW_ROWS),
            "spark.log.level": "ERROR",
        }


@contextmanager
def open_spark(place: SparkPlace, scratch_below: Path | None = None) -> Iterator[SparkSession]:
    """A session, which ends with the block and leaves no file; shuffled rows lie in a folder below `scratch_below`.

    Workers run this Python with a local master, and `PYSPARK_PYTHON` on a cluster, where recops must be installed.

    Raises:
        SparkMissing: pyspark or Java is not there.
    """
    with tempfile.TemporaryDirectory(prefix="recops-spark-", dir=scratch_below) as folder:
        scratch = Path(folder)
        given = {"JAVA_HOME": str(java_home(scratch)), "SPARK_LOCAL_IP": place.driver_host}
        if place.is_local:
            given |= {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
        with _environment(given):
            from pyspark import SparkConf, SparkContext
            from pyspark.sql import SparkSession

            # The options of one that has ended must not hold for the next.
            SparkContext._gateway, SparkContext._jvm = None, None
            conf = SparkConf(loadDefaults=False).setAll(list(place.options(scratch).items()))
            context = SparkContext(conf=conf)
            # Where rounds of ALS forget how they came about: after some thirty their story overflows the stack.
            context.setCheckpointDir(str(scratch / "checkpoints"))
        gateway = context._gateway
        try:
            yield SparkSession(context)
        finally:
            context.stop()
            SparkSession._instantiatedSession = None
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(30)
            SparkContext._gateway, SparkContext._jvm = None, None


@contextmanager
def _environment(given: dict[str, str]) -> Iterator[None]:
    """With these variables, which Spark's start script reads; as before afterwards."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
