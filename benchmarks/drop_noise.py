"""How often the rule for a fall of NDCG is right when days differ more, in runs, or with heavy tails.

`python -m benchmarks.drop_noise [--histories 500] [--seed 1] [--unseen]`. Half of the histories fall by 8 %. Before
each fall the rule states the smallest fall that it could see; where that is more than 8 %, the same history is drawn
once more with a fall of the stated size. `--unseen` draws worlds that played no part when the rule was made.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.drop_histories import (
    World,
    assumed_noise_rule,
    draw_case,
    first_alarm,
    our_rule,
    score,
    taste_levels,
    visible_before,
)
from benchmarks.report import hardware
from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.simulation.population import Shape
from monitoring.observe import limits_of

DROP = 0.08
NOISES = (0.005, 0.01, 0.02, 0.03, 0.05)
KINDS = ("independent", "runs", "heavy")
UNSEEN = {
    f"{sd:.1%}, Laplace's tails in runs, a holiday a week, drift": replace(
        World(), day_noise=sd, noise="laplace in runs", holidays=1 / 7, drift=0.002
    )
    for sd in (0.01, 0.02)
}


def main() -> None:
    """Prints Markdown, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--only", default="", help="worlds whose name holds this")
    asked = parser.parse_args()
    worlds = {
        f"{sd:.1%}, {kind}": replace(World(), day_noise=sd, noise=kind)  # type: ignore[arg-type]
        for kind in KINDS
        for sd in NOISES
    }
    print(f"{asked.histories} histories a row, seed {asked.seed}, half fall by {DROP:.0%}; {hardware()}\n")
    print(
        "| day noise | precision, recall: learnt noise | assumed 1 % | visible at 8 % | found of these"
        " | stated, median | found at the stated size |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    chosen = UNSEEN if asked.unseen else worlds
    for name, world in ((name, world) for name, world in chosen.items() if asked.only in name):
        print(f"| {name} | {_row(world, asked.histories, asked.seed)} |", flush=True)


def _row(world: World, histories: int, seed: int) -> str:
    limits = limits_of(read_params(load_settings().project / "params.yaml").monitor.judging)
    shape = Shape()
    levels, pool = taste_levels(shape, np.random.default_rng(seed))
    rule = our_rule(limits)
    cases, visible, at_stated = [], [], []
    for run in range(histories):
        case = draw_case(np.random.default_rng([seed, run]), world, shape, levels, pool, DROP if run % 2 else 0.0)
        cases.append(case)
        if case.onset is None:
            continue
        visible.append(visible_before(case, limits))
        if DROP < visible[-1] < 1:
            again = draw_case(np.random.default_rng([seed, run]), world, shape, levels, pool, visible[-1])
            day = first_alarm(again, rule, world.first_day)
            at_stated.append(day is not None and day >= case.onset)
    ours, before = score(cases, rule, world.first_day), score(cases, assumed_noise_rule(limits), world.first_day)
    allowed = np.array(visible) <= DROP
    found = []
    for case, sees in zip([case for case in cases if case.onset is not None], allowed, strict=True):
        if sees:
            day = first_alarm(case, rule, world.first_day)
            found.append(day is not None and case.onset is not None and day >= case.onset)
    drops = histories // 2
    cells = [
        f"{ours.precision:.3f}, {ours.recall(drops):.3f}",
        f"{before.precision:.3f}, {before.recall(drops):.3f}",
        f"{allowed.mean():.0%}",
        f"{np.mean(found):.0%}" if found else "-",
        f"{np.median(visible):.1%}",
        f"{np.mean(at_stated):.0%} of {len(at_stated)}" if at_stated else "-",
    ]
    return " | ".join(cells)


if __name__ == "__main__":
    main()
