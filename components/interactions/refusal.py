"""Decides whether a source has too many bad rows to be taken at all."""

from __future__ import annotations

from dataclasses import dataclass

from components.config.ingest import IngestConfig
from components.interactions.screening import Screened
from components.interactions.source import INTERACTIONS


@dataclass(frozen=True)
class IngestRefused:
    """Nothing was ingested; `reason` names the files, what is wrong with them, and what to do."""

    reason: str


def find_refusal(screened: Screened, origins: dict[str, str], config: IngestConfig) -> IngestRefused | None:
    """Refused when a table has more than `config.max_bad_share` bad rows, or when no interaction is good."""
    findings = [
        _finding(screened, table, origins[table])
        for table in sorted(screened.rows)
        if screened.bad_share_of(table) > config.max_bad_share
    ]
    if findings:
        return IngestRefused(
            f"ingest refused: {'; '.join(findings)}. At most {config.max_bad_share:.2%} bad rows are taken: correct "
            "the source, or raise ingest.max_bad_share in params.yaml"
        )
    if screened.interactions.empty:
        return IngestRefused(
            f"ingest refused: {origins[INTERACTIONS]} has no interactions; check the source and `until`"
        )
    return None


def _finding(screened: Screened, table: str, origin: str) -> str:
    reasons = screened.reasons_of(table)
    counted = ", ".join(f"{count} × {reason}" for reason, count in reasons.items())
    share = screened.bad_share_of(table)
    return f"{origin}: {sum(reasons.values())} of {screened.rows[table]} rows ({share:.2%}) are bad ({counted})"
