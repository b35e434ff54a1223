"""How surely and how soon a canary shows harm: `python -m benchmarks.canary_detection [runs]`."""

from __future__ import annotations

import sys

from benchmarks.canary_trials import TRUTHS, Traffic, tally
from components.adapters.files.params_file import read_params
from components.config.settings import Settings

RUNS = 1000


def main(runs: int = RUNS) -> None:
    """A row per truth; a look is a quarter of a step, so that 4 looks are the step at 5 %, 8 the one at 25 %."""
    plan = read_params(Settings().project / "params.yaml").promotion.canary
    traffic = Traffic()
    print(
        f"{runs} canaries each, {traffic.users} users, {traffic.requests:g} requests per user and step, "
        f"steps {plan.steps}, {plan.looks_per_step} looks a step, alpha {plan.alpha}"
    )
    print("| release | sent back | by the end of 25 % | median look | 95 % by look |\n|---|---:|---:|---:|---:|")
    for name, truth in TRUTHS.items():
        found = tally(7, runs, truth, traffic, plan)
        cells = (name, found.sent_back, found.by_second_step, f"{found.median_looks:g}", f"{found.latest_looks:g}")
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
