"""Stage 2: cuts the prepared interactions into train and test by time."""

from __future__ import annotations

from components.params.params import Params
from components.splitting.temporal import SplitError, split
from stages.stage import PREPARED, SPLIT, read_table, run_stage, write_table


def split_prepared(params: Params) -> str:
    """artifacts/split holds train and test."""
    parts = split(read_table(PREPARED, "interactions"), params.split.protocol, params.split.test_share)
    write_table(SPLIT, "train", parts.train)
    write_table(SPLIT, "test", parts.test)
    return f"{params.split.protocol}: {len(parts.train)} train, {len(parts.test)} test"


if __name__ == "__main__":
    run_stage(split_prepared, SplitError)
