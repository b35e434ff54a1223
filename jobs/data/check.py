"""Looks at a source as an ingest would, and keeps nothing."""

from __future__ import annotations

from components.interactions.data_check import DataCheck, describe_data, unreadable
from components.interactions.screening import screen
from components.interactions.source import SourceError
from components.interactions.withholding import UntilError
from jobs.data.ingest import IngestRequest, choose_source, read_slice, with_options
from jobs.wiring.workbench import Workbench


def check_source(bench: Workbench, request: IngestRequest) -> DataCheck:
    """What `run_ingest` would keep and refuse of the source that `request` names."""
    try:
        config = with_options(bench.params.ingest, request.options)
        tables = read_slice(choose_source(bench, request), request.until, config.day_first)
        return describe_data(tables, screen(tables, config), config)
    except (SourceError, UntilError) as error:
        _, found, mapping = str(error).rpartition("for example mapping=")
        return unreadable(str(error), [f"mapping={mapping}"] if found else [])
