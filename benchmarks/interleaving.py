"""How few people an interleaved comparison needs beside an A/B test: `python -m benchmarks.interleaving [runs]`."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.interleaving_trials import NOISE, interleave_once, noise_for, relative_gain, users_of_ab
from benchmarks.report import hardware

GAIN = 0.05
SHARE = 20


def main(runs: int = 200) -> None:
    """Two rows: at the effect that the A/B test is planned for, and without one."""
    noise = noise_for(GAIN)
    planned = users_of_ab(GAIN)
    users = planned // SHARE
    print(
        f"An A/B test of +{GAIN:.0%} clicks a user takes {planned:,} users; interleaved are {users:,}. {hardware()}\n"
    )
    print("| true gain | preferred rightly | preferred wrongly | open |\n|---|---:|---:|---:|")
    for true in (noise, NOISE):
        found = [interleave_once(np.random.default_rng([5, run]), users, true) for run in range(runs)]
        better = true < NOISE
        right = sum(each == 1 for each in found) / runs if better else 0.0
        still = sum(each is None for each in found) / runs
        gain = relative_gain(true, seed=3)[0] if better else 0.0
        print(f"| {gain:+.1%} | {right:.1%} | {1 - right - still:.1%} | {still:.1%} |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
