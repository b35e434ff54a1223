"""How few people an interleaved comparison needs beside an A/B test: `python -m benchmarks.interleaving [runs]`."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.interleaving_trials import (
    NOISE,
    interleave_once,
    noise_for,
    relative_gain,
    users_of_ab,
    users_of_ab_by_item,
)
from benchmarks.report import hardware

GAIN = 0.05
SHARES = (20, 10, 5, 3)
"""Of the A/B test's users: one in so many is interleaved."""
ENOUGH = 0.9
WORLDS = {"versions of one model": 1.0, "half of the errors in common": 0.5, "nothing in common": 0.0}
"""What share of their errors the two rankings have in common; without a gain, two versions of one model are one."""


def main(runs: int = 200) -> None:
    """For each world, at the effect that the A/B test is planned for, a row for more and more users until `ENOUGH` are
    right, and one without an effect.
    """
    planned = users_of_ab(GAIN)
    print(
        f"An A/B test of +{GAIN:.0%} takes {planned:,} users on clicks a user, {users_of_ab_by_item(GAIN):,} on clicks "
        f"per item shown; {runs} times each. {hardware()}\n"
    )
    print("| the two rankings | users | true gain | preferred rightly | preferred wrongly | open |")
    print("|---|---:|---:|---:|---:|---:|")
    for world, shared in WORLDS.items():
        better = noise_for(GAIN, shared)
        gain = relative_gain(better, shared, seed=3)[0]
        for users in (planned // share for share in SHARES):
            if _row(f"{world} | {users:,} | {gain:+.1%}", users, better, shared, runs) >= ENOUGH:
                break
        _row(f"{world} | {planned // SHARES[0]:,} | +0.0%", planned // SHARES[0], NOISE, min(shared, 0.9), runs)


def _row(begins: str, users: int, noise: float, shared: float, runs: int) -> float:
    """Prints how the runs ended; returns the share of those that preferred the better one, 0 if none is better."""
    found = [interleave_once(np.random.default_rng([5, run]), users, noise, shared) for run in range(runs)]
    right = sum(each == 1 for each in found) / runs if noise < NOISE else 0.0
    still = found.count(None) / runs
    wrong = sum(each == 0 or (each == 1 and noise >= NOISE) for each in found) / runs
    print(f"| {begins} | {right:.1%} | {wrong:.1%} | {still:.1%} |", flush=True)
    return right


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
