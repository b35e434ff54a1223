"""Decides whether a source has too many bad rows to be taken at all."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.config.ingest import IngestConfig
from components.interactions.columns import ITEM, TIMESTAMP, USER, VALUE
from components.interactions.ids import ROUNDED, SPREADSHEET
from components.interactions.row_checks import NULL_ITEM, NULL_USER, UNKNOWN_ITEM
from components.interactions.screening import FILTERED, REASON, ROW, TABLE, Screened
from components.interactions.source import INTERACTIONS
from components.interactions.time_numbers import YEAR_ALONE
from components.interactions.timestamps import AMBIGUOUS, OTHER_ZONE, ROUNDED_TIME, TIME_OF_DAY, UNREADABLE
from components.interactions.values import NOT_A_NUMBER, OUT_OF_RANGE

_DOUBTFUL = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
_SHARED_FAULT = 0.1
_MOST = 0.5


@dataclass(frozen=True)
class IngestRefused:
    """Nothing was ingested; `reason` names the files, what is wrong with them, and what to do."""

    reason: str


def find_refusal(screened: Screened, origins: Mapping[str, str], config: IngestConfig) -> IngestRefused | None:
    """Refused when a table has more than `config.max_bad_share` bad rows, or when no interaction is good.

    The reason shows the first bad row of each table, and ends with what would mend the commonest fault.
    """
    findings = [
        _finding(screened, table, origins[table])
        for table in sorted(screened.rows)
        if screened.bad_share_of(table) > config.max_bad_share
    ]
    if findings:
        remedies = suggest(screened, config)
        # Raising the share throws rows away, which is no remedy where most rows share a fault that can be mended.
        if not remedies or max(map(screened.bad_share_of, screened.rows)) < _SHARED_FAULT:
            remedies.append("correct the source, or raise ingest.max_bad_share in params.yaml")
        return IngestRefused(
            f"ingest refused: {'; '.join(findings)}. At most {config.max_bad_share:.2%} bad rows are taken: "
            f"{'; '.join(remedies)}"
        )
    if screened.interactions.empty:
        return IngestRefused(
            f"ingest refused: {origins[INTERACTIONS]} has no interactions; check the source and `until`"
        )
    return None


def suggest(screened: Screened, config: IngestConfig) -> list[str]:
    """What would mend the faults of `screened`, each as one line with the parameters to set; empty without faults."""
    reasons = screened.reasons_of(INTERACTIONS)
    lines = []
    if OUT_OF_RANGE in reasons and screened.value_range is not None:
        low, high = screened.value_range
        lines.append(
            f"values run from {low:g} to {high:g}, ingest.min_value and ingest.max_value take {config.min_value} to "
            f'{config.max_value}: set options={{"min_value": {low:g}, "max_value": {high:g}}} and '
            "prepare.positive_threshold, from which on a value is relevant, or stretch them with "
            f'options={{"values": "ratings", "source_range": [{low:g}, {high:g}]}}'
        )
        if low == 0:
            lines.append(
                'if a value of 0 says that there is none, leave it out with options={"filters": ["value > 0"]}'
            )
    if AMBIGUOUS in reasons:
        lines.append('say whether the day comes first: options={"day_first": true} or {"day_first": false}')
    if ROUNDED_TIME in reasons:
        lines.append("export the column of times as text: what is rounded away cannot be got back")
    if TIME_OF_DAY in reasons:
        lines.append('name the column with the day "date": it is then read together with the time')
    if YEAR_ALONE in reasons:
        lines.append('map another column to timestamp, or leave this one out with mapping={"...": ""}')
    if UNREADABLE in reasons:
        example = _example(screened, UNREADABLE, TIMESTAMP)
        none = reasons[UNREADABLE] == screened.rows[INTERACTIONS]
        lines.append(
            (
                f"the column timestamp is there, but none of its {reasons[UNREADABLE]} values could be read: "
                if none
                else ""
            )
            + (
                'leave rows without a time out with options={"filters": ["timestamp ~ ."]}'
                if not example.strip()
                else f"times such as {example!r} are none that are understood; write ISO 8601 or seconds since 1970"
            )
        )
    for table in screened.rows:
        for name, fault in ((USER, NULL_USER), (ITEM, NULL_ITEM)):
            if fault in screened.reasons_of(table):
                of_table = "" if table == INTERACTIONS else f"{table}."
                lines.append(f'leave rows without {name} out with options={{"filters": ["{of_table}{name} ~ ."]}}')
    if NOT_A_NUMBER in reasons:
        example = _example(screened, NOT_A_NUMBER, VALUE)
        if _DOUBTFUL.fullmatch(example.strip()):
            lines.append(
                f"nothing says whether {example.strip()} is one or a thousand; write values without thousands apart"
            )
        said = f"values such as {example!r} are no numbers" if example.strip() else "some interactions have no value"
        lines.append(
            f'{said}: leave these rows out with options={{"filters": ["value ~ ^[0-9.,+-]+$"]}}, or do without the '
            'column with mapping={"' + VALUE + '": ""}, by its name in the source'
        )
    if OTHER_ZONE in reasons:
        lines.append("write an offset such as +02:00 in the place of the name of the zone, or times of zone zero")
    if any(fault in reason for reason in reasons for fault in (f"_id {SPREADSHEET}", f"_id {ROUNDED}")):
        lines.append("export the ids as text: what is rounded away cannot be got back")
    if UNKNOWN_ITEM in reasons:
        example = _example(screened, UNKNOWN_ITEM, ITEM)
        lines.append(
            f"{reasons[UNKNOWN_ITEM]} interactions name items that the items table lacks, such as {example!r}: "
            + _mend_unknown(screened)
        )
    return lines


def _mend_unknown(screened: Screened) -> str:
    """What to do about interactions with unknown items: where most are, the two tables write ids differently."""
    share = math.ceil(100 * max(map(screened.bad_share_of, screened.rows))) / 100
    if share > _MOST and len(screened.items):
        return f"the items table has ids such as {screened.items[ITEM].iloc[0]!r}; map the column that both share"
    return f'add them, or do without these interactions with options={{"max_bad_share": {share:g}}}'


def _example(screened: Screened, reason: str, column: str) -> str:
    rows = screened.quarantine
    found = rows[(rows[TABLE] == INTERACTIONS) & (rows[REASON] == reason)]
    return str(found[column].iloc[0]) if len(found) and column in found else ""


def _finding(screened: Screened, table: str, origin: str) -> str:
    reasons = screened.reasons_of(table)
    bad = {reason: count for reason, count in reasons.items() if not reason.startswith(FILTERED)}
    counted = ", ".join(f"{count} × {reason}" for reason, count in bad.items())
    share, rows = screened.bad_share_of(table), screened.quarantine
    first = rows[(rows[TABLE] == table) & ~rows[REASON].str.startswith(FILTERED)].iloc[0]
    cells = ", ".join(f"{name}={cell!r}" for name, cell in first.items() if name not in (TABLE, ROW, REASON) and cell)
    wanted = screened.rows[table] - sum(reasons.values()) + sum(bad.values())
    return (
        f"{origin}: {sum(bad.values())} of {wanted} rows ({share:.2%}) are bad ({counted}), such as row {first[ROW]}: "
        f"{cells}"
    )
