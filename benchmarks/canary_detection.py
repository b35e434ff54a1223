"""How surely and how soon a canary shows harm: `python -m benchmarks.canary_detection [runs] [runs of each harm]`."""

from __future__ import annotations

import sys

from benchmarks.canary_trials import GOOD, TRUTHS, WEATHERS, Traffic, tally
from components.adapters.files.params_file import read_params
from components.config.settings import Settings

RUNS = 1000
GROSS = ("3 times slower", "empty for 2 % of users", "ranks at random")
"""Harms that have to be found by the end of the step at 25 %, whatever the weather."""


def main(runs: int = RUNS, harmful_runs: int = 200) -> None:
    """First a row per weather, then one per harm; a look is a quarter of a step, so 8 looks are the first two steps."""
    plan = read_params(Settings().project / "params.yaml").promotion.canary
    traffic = Traffic()
    print(
        f"{runs} good and {harmful_runs} harmful canaries each, {traffic.users} users, {traffic.requests:g} requests "
        f"per user and step, steps {plan.steps}, {plan.looks_per_step} looks a step, alpha {plan.alpha}\n"
    )
    print("| weather | good ones sent back | " + " | ".join(f"{harm}, by the end of 25 %" for harm in GROSS) + " |")
    print("|---|---:" + "|---:" * len(GROSS) + "|")
    for name, weather in WEATHERS.items():
        good = tally(7, runs, GOOD, traffic, plan, weather)
        harms = [tally(8, harmful_runs, TRUTHS[harm], traffic, plan, weather) for harm in GROSS]
        cells = [f"{good.sent_back / runs:.1%}", *(f"{each.by_second_step / harmful_runs:.1%}" for each in harms)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print("\n| release | sent back | by the end of 25 % | median look | 95 % by look |\n|---|---:|---:|---:|---:|")
    for name, truth in TRUTHS.items():
        found = tally(9, harmful_runs, truth, traffic, plan)
        cells = [name, found.sent_back, found.by_second_step, f"{found.median_looks:g}", f"{found.latest_looks:g}"]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
