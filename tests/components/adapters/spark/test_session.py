"""Spark listens on loopback alone, says what is missing, and ends with its block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from components.adapters.spark.java import missing_for_spark
from components.adapters.spark.session import SparkPlace, SparkRefused


def test_nothing_listens_beyond_loopback(spark: Any) -> None:
    spark.range(10).repartition(3).count()
    listening = [
        connection.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_cluster_needs_an_address_that_its_executors_reach() -> None:
    with pytest.raises(SparkRefused, match="--driver-host"):
        SparkPlace(master="spark://somewhere:7077")
    assert not SparkPlace(master="spark://somewhere:7077", driver_host="10.0.0.2").is_local


@pytest.mark.parametrize("master", ["local", "local[2]", "local[*]", "local[4,2]"])
def test_a_local_master_is_known_by_its_name(master: str) -> None:
    assert SparkPlace(master=master).is_local


def test_memory_that_is_none_is_named() -> None:
    with pytest.raises(SparkRefused, match="driver memory '4 GB' is none; write it like 4g"):
        SparkPlace(driver_memory="4 GB")


def test_what_is_missing_is_said_with_how_to_install_it(tmp_path: Path) -> None:
    missing = missing_for_spark({"JAVA_HOME": str(tmp_path)})
    assert missing is not None
    assert "uv pip install 'recops[spark]'" in missing
