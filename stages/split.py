"""Stage 2: cuts the prepared interactions into train and test."""

from __future__ import annotations

from components.params.params import Params
from components.splitting.at_random import split_at_random
from components.splitting.temporal import SplitError, split
from stages.stage import PREPARED, SPLIT, read_table, run_stage, write_table


def split_prepared(params: Params) -> str:
    """artifacts/split holds train and test."""
    interactions, config = read_table(PREPARED, "interactions"), params.split
    if config.protocol == "random":
        parts = split_at_random(interactions, config.test_share, config.random_seed)
    else:
        parts = split(interactions, config.protocol, config.test_share)
    write_table(SPLIT, "train", parts.train)
    write_table(SPLIT, "test", parts.test)
    return f"{params.split.protocol}: {len(parts.train)} train, {len(parts.test)} test"


if __name__ == "__main__":
    run_stage(split_prepared, SplitError)
