"""How often a new prompt is promoted at no gain, at the minimum one, and at the planned one.

`python -m benchmarks.prompt_gate [evaluations]`, each with as many users as the policy plans for.
"""

from __future__ import annotations

import sys

from benchmarks.report import hardware
from tests.components.shadow.test_minimum_gain import POLICY, PROMOTED_WRONGLY, SPREAD, promoted


def main(runs: int = 300) -> None:
    """A row per gain, with what the policy promises of it."""
    gains = {
        "none": (0.0, f"at most {PROMOTED_WRONGLY:.1%}"),
        "the minimum": (POLICY.min_gain, f"at most {PROMOTED_WRONGLY:.1%}"),
        "the planned": (POLICY.planned_gain, f"at least {POLICY.power:.0%}"),
    }
    print(f"{runs} evaluations a row, users' mean differences spread by {SPREAD:g}; {hardware()}\n")
    print("| true gain, NDCG@10 | promised | promoted |\n|---|---:|---:|")
    for seed, (name, (gain, promise)) in enumerate(gains.items()):
        print(f"| {name}, {gain:g} | {promise} | {promoted(gain, runs, seed):.1%} |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
