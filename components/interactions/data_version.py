"""Says what a data version holds and where it came from: the manifest beside its files, written and read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from components.interactions import columns

if TYPE_CHECKING:
    from components.interactions.screening import Screened

TAG_PREFIX = "data-v"
DATA_FOLDER = "data"
INTERACTIONS_FILE = "interactions.parquet"
ITEMS_FILE = "items.parquet"
USERS_FILE = "users.parquet"
ITEM_VECTORS_FILE = "item_vectors.parquet"
"""Only where the source brings embeddings."""
QUARANTINE_FILE = "quarantine.csv"
MANIFEST_FILE = "manifest.json"


class ManifestError(Exception):
    """A manifest cannot be read."""


class DataManifest(BaseModel):
    """What `manifest.json` of a data version says.

    first, last: times of the first and the last interaction. quarantine: bad rows by table and reason. files: sha256
    of each file of the version. digest: sha256 of what makes a version new; see components.adapters.dvc.version_files.
    events: interactions that are feedback of ours. own_impressions: those of them that answer to something we had
    shown. events_read_until: arrival of the newest feedback that was read for it, seconds since 1970.

    catalogue: whose items and users these are; feedback belongs to the catalogue that was live. merged: rows that say
    what another one says, by table. notes: how the source was read, by table. timed: whether the source has times;
    where it has none, all interactions happen at the start of 1970. catalogued: whether the source has a table of
    items. feed: how far the source was read, for an ingest of what is new. options: how this ingest differs from
    params.yaml.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    version: str
    source: str
    until: str | None
    interactions: int
    items: int
    users: int
    quarantined: int
    quarantine: dict[str, dict[str, int]]
    first: datetime
    last: datetime
    min_value: float
    max_value: float
    files: dict[str, str]
    digest: str
    events: int = 0
    own_impressions: int = 0
    events_read_until: float | None = None
    catalogue: str | None = None
    merged: dict[str, int] = {}
    notes: dict[str, tuple[str, ...]] = {}
    timed: bool = True
    catalogued: bool = True
    feed: dict[str, str] = {}
    options: dict[str, Any] = {}

    @property
    def own_share(self) -> float:
        """The share of the interactions that answer to our own impressions: a guard against feedback loops."""
        return self.own_impressions / self.interactions

    def to_json(self) -> str:
        """The text of manifest.json."""
        return self.model_dump_json(indent=2) + "\n"

    @staticmethod
    def from_json(text: str) -> DataManifest:
        """The manifest in `text`.

        Raises:
            ManifestError: `text` is not a manifest of a format this code knows.
        """
        try:
            return DataManifest.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise ManifestError(f"{MANIFEST_FILE}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@dataclass(frozen=True)
class Provenance:
    """Where a version is from; see DataManifest."""

    source: str
    until: str | None = None
    events_read_until: float | None = None
    catalogue: str | None = None
    feed: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The catalogue, which is the source where it was given no name."""
        return self.catalogue or self.source


def provenance_of(manifest: DataManifest) -> Provenance:
    """Where the version of `manifest` is from."""
    return Provenance(
        source=manifest.source,
        until=manifest.until,
        events_read_until=manifest.events_read_until,
        catalogue=manifest.catalogue,
        feed=manifest.feed,
        options=manifest.options,
    )


def describe_version(
    screened: Screened, tag: str, provenance: Provenance, files: dict[str, str], digest: str
) -> DataManifest:
    """The manifest of the version `tag` with the data `screened`, which has at least one interaction."""
    rows = screened.interactions
    times, values = rows[columns.TIMESTAMP], rows[columns.VALUE]
    return DataManifest(
        version=tag,
        source=provenance.source,
        until=provenance.until,
        interactions=len(screened.interactions),
        items=len(screened.items),
        users=len(screened.users),
        quarantined=len(screened.quarantine),
        quarantine={table: reasons for table in sorted(screened.rows) if (reasons := screened.reasons_of(table))},
        first=times.iloc[0].to_pydatetime(),
        last=times.iloc[-1].to_pydatetime(),
        min_value=float(values.min()),
        max_value=float(values.max()),
        files=files,
        digest=digest,
        events=int((rows[columns.EVENT] != "").sum()) if columns.EVENT in rows else 0,
        own_impressions=int(rows[columns.PROPENSITY].notna().sum()) if columns.PROPENSITY in rows else 0,
        events_read_until=provenance.events_read_until,
        catalogue=provenance.catalogue,
        merged=dict(screened.merged),
        notes=dict(screened.notes),
        timed=screened.timed,
        catalogued=screened.catalogued,
        feed=dict(provenance.feed),
        options=dict(provenance.options),
    )
