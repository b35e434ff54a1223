"""Every published row can be read, says where it is from, and stands beside ours by quality."""

from __future__ import annotations

from benchmarks.published_tables import TABLES, beside, published
from cli.benchmark import PROTOCOLS


def test_every_row_names_a_protocol_that_is_known_and_its_source() -> None:
    rows = published(TABLES)
    assert len(rows) >= 8
    assert {row.protocol for row in rows} <= set(PROTOCOLS)
    assert all(row.source and row.date and 0 < row.ndcg_at_10 < 1 for row in rows)


def test_ours_stand_among_theirs() -> None:
    rows = [row for row in published(TABLES) if row.data == "Beauty.txt"]
    ours = {"rows": [{"model": "x", "ndcg_at_10": 0.05, "ndcg_at_10_low": 0.04, "ndcg_at_10_high": 0.06}]}
    names = [line.split("|")[1].strip() for line in beside(rows, ours)]
    assert names[-2] == "ours: x"
    assert len(names) == len(rows) + 1
