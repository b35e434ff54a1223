"""Draws histories in which what somebody takes depends on what they took last, with the skew of shops and film sites.

`python -m benchmarks.ordered_interactions FILE [--users 5400] [--items 3900] [--interactions 519000]` writes a CSV that
`recops benchmark --interactions FILE` reads.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.skewed_interactions import ACTIVITY_SPREAD, TASTES, ZIPF_OFFSET, ZIPF_POWER

FOLLOWS, OWN_TASTE = 0.35, 0.6
"""Shares of interactions with what follows one of the last few, and of the others with the user's own taste."""
BACK, AHEAD = 5, 3
"""How many of the last interactions are followed, and how far along the order of items."""
FEWEST = 20
"""Interactions of a user; the busiest have at most a third of the catalogue."""


def draw_ordered(n_users: int, n_items: int, n: int, seed: int = 0) -> pd.DataFrame:
    """About `n` interactions: user_id, item_id, and timestamp in seconds, which grows along each user's history.

    Items stand in a hidden order, in which neighbours follow each other, whatever their popularity and taste.
    """
    rng = np.random.default_rng(seed)
    weights = (np.arange(n_items) + ZIPF_OFFSET) ** -ZIPF_POWER
    ranks, tastes = rng.permutation(n_items), rng.integers(0, TASTES, n_items)
    popularity = np.cumsum(weights[ranks] / weights.sum())
    of_taste = [np.flatnonzero(tastes == taste) for taste in range(TASTES)]
    taste_popularity = [np.cumsum(weights[ranks[items]] / weights[ranks[items]].sum()) for items in of_taste]
    activity = rng.lognormal(0, ACTIVITY_SPREAD, n_users)
    lengths = np.clip(activity / activity.sum() * n, FEWEST, n_items // 3)
    lengths = np.clip(lengths * n / lengths.sum(), FEWEST, n_items // 3).astype(int)
    histories = []
    for length in lengths.tolist():
        taste = int(rng.integers(0, TASTES))
        histories.append(_history(rng, length, popularity, of_taste[taste], taste_popularity[taste]))
    users = np.repeat(np.arange(n_users), [len(items) for items in histories])
    starts = rng.uniform(1.2e9, 1.5e9, n_users)
    gaps = rng.exponential(3_600, len(users))
    first = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    since = np.cumsum(gaps) - np.repeat(np.cumsum(gaps)[first], np.diff(np.r_[first, len(users)]))
    return pd.DataFrame(
        {
            "user_id": users,
            "item_id": np.concatenate(histories),
            "timestamp": (starts[users] + since).astype(np.int64),
        }
    )


def _history(
    rng: np.random.Generator,
    length: int,
    popularity: NDArray[np.float64],
    own: NDArray[np.int64],
    own_popularity: NDArray[np.float64],
) -> list[int]:
    n_items, met, history = len(popularity), set[int](), list[int]()
    turns, draws = rng.random((length * 4, 2)), rng.random(length * 4)
    backs, aheads = rng.integers(1, BACK + 1, length * 4), rng.integers(1, AHEAD + 1, length * 4)
    for (follows, own_taste), draw, back, ahead in zip(turns.tolist(), draws.tolist(), backs, aheads, strict=True):
        if history and follows < FOLLOWS:
            item = (history[-min(int(back), len(history))] + int(ahead)) % n_items
        elif own_taste < OWN_TASTE:
            item = int(own[min(int(np.searchsorted(own_popularity, draw)), len(own) - 1)])
        else:
            item = min(int(np.searchsorted(popularity, draw)), n_items - 1)
        if item not in met:
            met.add(item)
            history.append(item)
        if len(history) == length:
            break
    return history


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--users", default=5_400, show_default=True)
@click.option("--items", default=3_900, show_default=True)
@click.option("--interactions", default=519_000, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(file: Path, users: int, items: int, interactions: int, seed: int) -> None:
    """Writes the histories."""
    table = draw_ordered(users, items, interactions, seed)
    table.to_csv(file, index=False)
    click.echo(f"{len(table):,} interactions of {users:,} users and {table['item_id'].nunique():,} items in {file}")


if __name__ == "__main__":
    main()
