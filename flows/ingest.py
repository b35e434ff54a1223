"""The flow that reads a source, screens it, and keeps it as a new data version if it changed anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from components.adapters.dvc.data_registry import DataRegistryError, DataVersion, NothingChanged, VersionAdded
from components.adapters.files.params_file import ParamsError, read_params
from components.config.settings import SettingsError, load_settings

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
) -> State[Any]:
    """Ingest `source` up to `until`.

    Args:
        source: "movielens" (the demo), "sql" (the database at RECOPS_SOURCE_SQL_URL), "events" (what the event store
            has, added to the latest version), or the path of a CSV, TSV or Parquet file, or of a folder with
            interactions.*, and optionally items.* and users.*. A relative path is taken from the project.
        until: take the interactions before this ISO 8601 time (UTC), or this share of them in time order, such as
            "95%"; everything when left out.
        mapping: from the name of a column in the source to ours, such as {"userId": "user_id"}.
        table: for "sql", the table with the interactions.
        items_table: for "sql", the table with the items, if there is one.
        users_table: for "sql", the table with the users, if there is one.

    Ends Completed when there is a new version, Completed as `NothingChanged` when it would equal the latest one, and
    Failed with one line that says why when the source was refused or could not be read. Secrets are no parameters.
    """
    from components.interactions.source import SourceError
    from components.interactions.withholding import UntilError
    from jobs.data.ingest import IngestRequest, run_ingest

    logger = get_run_logger()
    request = IngestRequest(source, until, mapping or {}, table, items_table, users_table)
    try:
        settings = load_settings()
        config = read_params(settings.project / "params.yaml").ingest
        return _end(run_ingest(settings, config, request, logger.info, as_task))
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
    if isinstance(outcome, VersionAdded):
        create_markdown_artifact(describe(outcome.version), key="ingest")
        manifest = outcome.version.manifest
        line = f"{manifest.version}: {manifest.interactions} interactions, {manifest.quarantined} rows in quarantine"
        get_run_logger().info(line)
        return Completed(message=line, data=outcome.version.tag)
    if isinstance(outcome, NothingChanged):
        line = f"the data is that of {outcome.version.tag}; no new version"
        get_run_logger().info(line)
        return Completed(name="NothingChanged", message=line, data=outcome.version.tag)
    create_markdown_artifact(f"# Ingest refused\n\n{outcome.reason}\n", key="ingest")
    get_run_logger().error(outcome.reason)
    return Failed(name="Refused", message=outcome.reason)


def describe(version: DataVersion) -> str:
    """The data version as Markdown."""
    manifest = version.manifest
    rows = {
        "source": manifest.source,
        "until": manifest.until or "all",
        "interactions": manifest.interactions,
        "items": manifest.items,
        "users": manifest.users,
        "first": f"{manifest.first:%Y-%m-%d}",
        "last": f"{manifest.last:%Y-%m-%d}",
        "values": f"{manifest.min_value:g} to {manifest.max_value:g}",
        "rows in quarantine": manifest.quarantined,
        "of our own feedback": manifest.events,
        "of our own impressions": f"{manifest.own_impressions} ({manifest.own_share:.2%})",
        "DVC md5": version.md5,
        "to use it by hand": f"`recops data use {version.tag}`",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    bad = [
        f"| {table} | {reason} | {count} |"
        for table, reasons in manifest.quarantine.items()
        for reason, count in reasons.items()
    ]
    quarantine = ["", "| table | reason | rows |", "|---|---|---|", *bad] if bad else []
    return "\n".join([f"# {version.tag}", "", "| | |", "|---|---|", *lines, *quarantine, ""])
