"""The flow that reads a source, screens it, and keeps it as a new data version if it changed anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from components.adapters.dvc.data_registry import DataRegistryError, NothingChanged, VersionAdded
from components.adapters.files.params_file import ParamsError
from components.config.settings import SettingsError

if TYPE_CHECKING:
    from components.interactions.refusal import IngestRefused
    from jobs.steps import Step


@flow(name="ingest")
def ingest(
    source: str = "movielens",
    until: str | None = None,
    mapping: dict[str, str] | None = None,
    table: str | None = None,
    items_table: str | None = None,
    users_table: str | None = None,
    options: dict[str, Any] | None = None,
    only_new: bool = False,
    watermark: str | None = None,
    catalogue: str | None = None,
) -> State[Any]:
    """Ingest `source` up to `until`.

    Args:
        source: "movielens" (the demo), "sql" (the database at RECOPS_SOURCE_SQL_URL), "events" (what the event store
            has, added to the latest version), or the path or URL (s3://...) of a file of any usual format, or of a
            folder or zip with interactions.*, and optionally items.* and users.*. A relative path is taken from the
            project. `recops data check` shows beforehand what an ingest would make of it.
        until: take the interactions before this ISO 8601 time (UTC), or this share of them in time order, such as
            "95%"; everything when left out.
        mapping: from the name of a column in the source to ours, such as {"userId": "user_id"}; for one table alone
            {"items.id": "item_id"}.
        table: for "sql", the table with the interactions.
        items_table: for "sql", the table with the items, if there is one.
        users_table: for "sql", the table with the users, if there is one.
        options: what this ingest takes in place of the section `ingest` of params.yaml, such as
            {"day_first": true, "filters": ["Quantity > 0"]}; later ingests of "events" keep to it.
        only_new: read only what is new since the newest version of this source: files that are new or have changed,
            rows of "sql" beyond `watermark`; what the version has stays.
        watermark: for "sql", a column of the interactions that only grows.
        catalogue: whose items these are, by default the source's. What people do belongs to the catalogue that is live;
            name it where a source moves to another path.

    Ends Completed when there is a new version, Completed as `NothingChanged` when it would equal the latest one, and
    Failed with one line that says why when the source was refused or could not be read. Secrets are no parameters.
    """
    from components.interactions.source import SourceError
    from components.interactions.withholding import UntilError
    from jobs.data.ingest import IngestRequest, run_ingest
    from jobs.wiring.workbench import open_workbench

    logger = get_run_logger()
    request = IngestRequest(
        source, until, mapping or {}, table, items_table, users_table, options or {}, only_new, watermark, catalogue
    )
    try:
        with open_workbench() as bench:
            return _end(run_ingest(bench, request, logger.info, as_task))
    except (SourceError, UntilError, DataRegistryError, ParamsError, SettingsError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))


def as_task(function: Step) -> Step:
    """The step as a Prefect task; a database or a remote that does not answer is asked again."""
    make_task: Any = task(
        name=function.__name__,
        cache_policy=NO_CACHE,
        retries=2,
        retry_delay_seconds=5,
        retry_condition_fn=_is_temporary,
    )
    made: Step = make_task(function)
    return made


def _is_temporary(_task: Any, _run: Any, state: State[Any]) -> bool:
    from components.interactions.source import SourceUnavailableError

    return isinstance(state.data, SourceUnavailableError | DataRegistryError)


def _end(outcome: VersionAdded | NothingChanged | IngestRefused) -> State[Any]:
    from jobs.data.report import page_of, tell

    line, page, logger = tell(outcome), page_of(outcome), get_run_logger()
    if page is not None:
        create_markdown_artifact(page, key="ingest")
    if isinstance(outcome, VersionAdded | NothingChanged):
        logger.info(line)
        name = "NothingChanged" if isinstance(outcome, NothingChanged) else None
        return Completed(name=name, message=line, data=outcome.version.tag)
    logger.error(line)
    return Failed(name="Refused", message=line)
