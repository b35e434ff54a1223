"""How often adaptive allocation errs, and what it loses: `python -m benchmarks.adaptive_experiments [runs]`."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.adaptive_trials import run_adaptive
from benchmarks.report import hardware

WORLDS = {
    "four, one better by a fifth": (0.10, 0.10, 0.10, 0.12),
    "four in steps": (0.08, 0.09, 0.10, 0.12),
    "eight, one better by a fifth": (0.10,) * 7 + (0.12,),
    "two nearly alike, two worse": (0.12, 0.118, 0.10, 0.10),
}
USERS_PER_LOOK, MOST_USERS, ERROR = 500, 60_000, 0.05


def main(runs: int = 500) -> None:
    """A row per world and way of sharing users out."""
    print(f"{runs} runs each, a look every {USERS_PER_LOOK} users, at most {MOST_USERS:,}; {hardware()}\n")
    print(
        "| world | shares | named right | named wrong | open | median users | rewards lost |\n"
        "|---|---|---:|---:|---:|---:|---:|"
    )
    for name, rates in WORLDS.items():
        for uniform in (False, True):
            ends = [
                run_adaptive(np.random.default_rng([11, run]), rates, USERS_PER_LOOK, MOST_USERS, ERROR, uniform)
                for run in range(runs)
            ]
            right = sum(end.named == int(np.argmax(rates)) for end in ends) / runs
            still = sum(end.named is None for end in ends) / runs
            cells = [
                name,
                "equal" if uniform else "top-two",
                f"{right:.1%}",
                f"{1 - right - still:.1%}",
                f"{still:.1%}",
                f"{np.median([end.users for end in ends]):,.0f}",
                f"{np.mean([end.lost for end in ends]):.0f}",
            ]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
