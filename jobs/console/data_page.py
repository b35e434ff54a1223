"""Data versions, what changed between two of them, and what is in quarantine, by table and reason."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.adapters.dvc.data_registry import DataRegistryError, DataVersion
from jobs.console.kept import Kept
from jobs.wiring.workbench import Workbench

COUNTED = ("interactions", "items", "users", "quarantined", "events", "own_impressions")
REFUSED, SCREENED = "refused-ingest.csv", "quarantined-feedback.csv"


@dataclass(frozen=True)
class Version:
    """A data version; times are seconds since 1970."""

    tag: str
    made_at: float
    commit: str
    source: str
    until: str | None
    counts: Mapping[str, int]
    first: float | None
    last: float | None
    quarantine: Mapping[str, Mapping[str, int]]
    merged: Mapping[str, int]
    notes: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True)
class CountChange:
    """A count in two versions."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class VersionDiff:
    """From `before` to `after`: counts, reasons of quarantine by table, files whose bytes differ, and options."""

    before: str
    after: str
    counts: tuple[CountChange, ...]
    quarantine: tuple[CountChange, ...]
    files: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True)
class DataPage:
    """Versions, newest first, with the difference of two; `left_out` are rows kept aside outside a version, by file and
    reason."""

    versions: tuple[Version, ...]
    diff: VersionDiff | None
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fault: str | None = None


def read_data(bench: Workbench, kept: Kept, before: str, after: str) -> DataPage:
    """All versions; without two names the newest is held against the one before it."""
    found, fault = kept.get("data versions", 30.0, lambda: _versions(bench))
    by_tag = {version.tag: version for version in found}
    pair = by_tag.get(before), by_tag.get(after)
    if None in pair and len(found) > 1:
        pair = found[1], found[0]
    diff = None if pair[0] is None or pair[1] is None else difference(pair[0], pair[1])
    left_out = {name: counted for name in (REFUSED, SCREENED) if (counted := _reasons(bench, name))}
    return DataPage(found, diff, left_out, fault)


def difference(before: Version, after: Version) -> VersionDiff:
    """What changed; counts that are 0 in both are left out."""
    reasons = {
        f"{table}: {reason}": (before.quarantine.get(table, {}).get(reason, 0), count)
        for table, counted in after.quarantine.items()
        for reason, count in counted.items()
    }
    for table, counted in before.quarantine.items():
        for reason, count in counted.items():
            reasons.setdefault(f"{table}: {reason}", (count, 0))
    return VersionDiff(
        before.tag,
        after.tag,
        tuple(
            CountChange(name, before.counts[name], after.counts[name])
            for name in COUNTED
            if before.counts[name] or after.counts[name]
        ),
        tuple(CountChange(name, *reasons[name]) for name in sorted(reasons)),
        tuple(
            name for name in sorted({*before.files, *after.files}) if before.files.get(name) != after.files.get(name)
        ),
        tuple(
            f"{name}: {before.options.get(name, 'as params.yaml')} → {after.options.get(name, 'as params.yaml')}"
            for name in sorted({*before.options, *after.options})
            if before.options.get(name) != after.options.get(name)
        ),
    )


def _versions(bench: Workbench) -> tuple[tuple[Version, ...], str | None]:
    try:
        return tuple(_version(each) for each in reversed(bench.data.versions())), None
    except DataRegistryError as error:
        return (), str(error)


def _version(version: DataVersion) -> Version:
    manifest = version.manifest
    return Version(
        tag=version.tag,
        made_at=version.created.timestamp(),
        commit=version.commit[:8],
        source=manifest.source,
        until=manifest.until,
        counts={name: getattr(manifest, name) for name in COUNTED},
        first=manifest.first.timestamp() if manifest.timed else None,
        last=manifest.last.timestamp() if manifest.timed else None,
        quarantine=manifest.quarantine,
        merged=manifest.merged,
        notes=manifest.notes,
        options=manifest.options,
        files=manifest.files,
    )


def _reasons(bench: Workbench, name: str) -> dict[str, int]:
    """How many rows of a file of rows that were left out, by reason, the most frequent first; empty without it."""
    path = bench.settings.root / name
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return dict(Counter(row.get("reason") or "no reason given" for row in csv.DictReader(file)).most_common())
