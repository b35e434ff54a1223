"""How few people an interleaved comparison needs beside an A/B test: `python -m benchmarks.interleaving [runs]`."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.interleaving_trials import NOISE, interleave_once, noise_for, relative_gain, users_of_ab
from benchmarks.report import hardware

GAIN = 0.05
SHARE = 20
WORLDS = {"versions of one model": 1.0, "half of the errors in common": 0.5, "nothing in common": 0.0}
"""What share of their errors the two rankings have in common; without a gain, two versions of one model are one."""


def main(runs: int = 200) -> None:
    """For each world two rows: at the effect that the A/B test is planned for, and without one."""
    planned = users_of_ab(GAIN)
    users = planned // SHARE
    print(
        f"An A/B test of +{GAIN:.0%} clicks a user takes {planned:,} users; interleaved are {users:,}, {runs} times."
        f" {hardware()}\n"
    )
    print("| the two rankings | true gain | preferred rightly | preferred wrongly | open |\n|---|---:|---:|---:|---:|")
    for world, shared in WORLDS.items():
        better = noise_for(GAIN, shared)
        for true, common in ((better, shared), (NOISE, min(shared, 0.9))):
            found = [interleave_once(np.random.default_rng([5, run]), users, true, common) for run in range(runs)]
            right = sum(each == 1 for each in found) / runs if true < NOISE else 0.0
            still = sum(each is None for each in found) / runs
            gain = relative_gain(true, common, seed=3)[0] if true < NOISE else 0.0
            cells = f"{gain:+.1%} | {right:.1%} | {1 - right - still:.1%} | {still:.1%}"
            print(f"| {world} | {cells} |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
