from __future__ import annotations

import pandas as pd

from benchmarks.stated_params import stated
from components.config.ingest import IngestConfig
from components.interactions.refusal import find_refusal
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceTables

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
ORIGINS = {"interactions": "/in/interactions.csv", "users": "/in/users.csv"}


def world(bad: int, bad_users: int = 0) -> Screened:
    """200 interactions of which `bad` are out of range, and 100 users of which `bad_users` have no id."""
    raw = pd.DataFrame({"user_id": "u", "item_id": [f"i{n}" for n in range(200)], "value": 4.0, "timestamp": 1})
    raw.loc[raw.index < bad, "value"] = 6.0
    users = pd.DataFrame({"user_id": [f"u{n}" for n in range(100)]}, dtype=object)
    users.loc[users.index < bad_users, "user_id"] = None
    return screen(SourceTables(raw, None, users, ORIGINS), CONFIG)


def test_a_share_of_bad_rows_at_the_limit_is_taken() -> None:
    assert find_refusal(world(bad=2), ORIGINS, CONFIG) is None


def test_past_the_limit_the_refusal_names_file_reasons_counts_and_remedy() -> None:
    refused = find_refusal(world(bad=3), ORIGINS, CONFIG)
    assert refused is not None
    assert "/in/interactions.csv: 3 of 200 rows (1.50%) are bad (3 × value out of range)" in refused.reason
    assert "ingest.max_bad_share in params.yaml" in refused.reason
    assert "users.csv" not in refused.reason


def test_damage_in_a_small_table_does_not_drown_in_a_large_one() -> None:
    refused = find_refusal(world(bad=0, bad_users=2), ORIGINS, CONFIG)
    assert refused is not None
    assert "/in/users.csv: 2 of 100 rows" in refused.reason


def test_a_source_without_interactions_is_refused() -> None:
    raw = pd.DataFrame({"user_id": [], "item_id": [], "value": [], "timestamp": []}, dtype=object)
    refused = find_refusal(screen(SourceTables(raw, None, None, ORIGINS), CONFIG), ORIGINS, CONFIG)
    assert refused is not None
    assert "/in/interactions.csv has no interactions" in refused.reason
