"""Opens the event store for a command, and says in one line why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from components.adapters.store.backup import BackupError
from jobs.wiring.workbench import Workbench, open_workbench


@contextmanager
def open_store() -> Iterator[Workbench]:
    """A workbench whose store has its newest schema; errors of the database and of backups become one line."""
    with one_line_errors(), open_workbench() as bench:
        bench.store.migrate()
        yield bench


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Errors of the database and of backups, for people."""
    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or type(error).__name__
        raise click.ClickException(f"the event store says: {said}") from error
