"""Imports heavy libraries while other processes work and this one waits, so that nobody waits for them afterwards."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

TO_REGISTER = ("mlflow", "pandas", "matplotlib.figure", "matplotlib.backends.backend_agg")
"""What registering a model imports."""


@contextmanager
def imported_meanwhile(*names: str) -> Iterator[None]:
    """These modules are imported once the block is left; one that cannot be is left to whoever needs it."""
    thread = threading.Thread(target=_import_all, args=(names,), name="imports", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _import_all(names: tuple[str, ...]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            logger.debug("%s is not imported ahead: %s", name, error)
