"""Says in one line and in Markdown what came of an ingest."""

from __future__ import annotations

from components.adapters.dvc.data_registry import DataVersion, NothingChanged, VersionAdded
from components.interactions.refusal import IngestRefused


def tell(outcome: VersionAdded | NothingChanged | IngestRefused) -> str:
    """One line for the log and the state of the run."""
    if isinstance(outcome, IngestRefused):
        return outcome.reason
    if isinstance(outcome, NothingChanged):
        return f"the data is that of {outcome.version.tag}; no new version"
    manifest = outcome.version.manifest
    return f"{manifest.version}: {manifest.interactions} interactions, {manifest.quarantined} rows in quarantine"


def page_of(outcome: VersionAdded | NothingChanged | IngestRefused) -> str | None:
    """The page about the outcome, None where there is nothing to show."""
    if isinstance(outcome, NothingChanged):
        return None
    if isinstance(outcome, IngestRefused):
        return f"# Ingest refused\n\n{outcome.reason}\n"
    return describe(outcome.version)


def describe(version: DataVersion) -> str:
    """The data version as Markdown."""
    manifest = version.manifest
    rows = {
        "source": manifest.source,
        "until": manifest.until or "all",
        "interactions": manifest.interactions,
        "items": manifest.items,
        "users": manifest.users,
        "first": f"{manifest.first:%Y-%m-%d}" if manifest.timed else "no times",
        "last": f"{manifest.last:%Y-%m-%d}" if manifest.timed else "no times",
        "values": f"{manifest.min_value:g} to {manifest.max_value:g}",
        "rows merged": sum(manifest.merged.values()),
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
