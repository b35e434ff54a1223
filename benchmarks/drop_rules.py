"""Holds the rule for a fall of NDCG against plain ones on simulated histories: `python -m benchmarks.drop_rules`."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from benchmarks.drop_histories import World, draw_case, our_rule, plain_matched_rule, plain_rule, score, taste_levels
from benchmarks.report import hardware
from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.simulation.population import Shape
from monitoring.observe import limits_of

DROP = 0.08
SEED = 20_26


def main() -> None:
    """Prints Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500, help="half with a drop, half calm")
    histories = parser.parse_args().histories
    limits = limits_of(read_params(load_settings().project / "params.yaml").monitor.judging)
    shape = Shape()
    worlds = {
        "weekly rhythm, noisy days, more cold users from some day on": World(),
        "the same, without the change of the mix": replace(World(), cold_share_later=World().cold_share),
        "neither rhythm, noisy days nor change": replace(
            World(), cold_share_later=World().cold_share, weekend=0.0, day_noise=0.0
        ),
    }
    print(f"{histories} histories of {World().days} days of {World().requests:,} requests, half fall by {DROP:.0%}.")
    for name, world in worlds.items():
        began = time.perf_counter()
        levels, pool = taste_levels(shape, np.random.default_rng(SEED))
        cases = [
            draw_case(np.random.default_rng([SEED, run]), world, shape, levels, pool, DROP if run % 2 else 0.0)
            for run in range(histories)
        ]
        rules = {
            "the monitor's": our_rule(limits),
            "mean > 5 % under the week before": plain_rule(0.05),
            "mean > 5 % under the same weekday": plain_matched_rule(0.05),
        }
        print(f"\n**{name}**\n\n| rule | precision | recall | false alarms | missed | median windows to detection |")
        print("|---|---:|---:|---:|---:|---:|")
        for rule_name, rule in rules.items():
            found = score(cases, rule, world.first_day)
            print(
                f"| {rule_name} | {found.precision:.3f} | {found.recall(histories // 2):.3f} | {found.false_alarms}"
                f" | {found.missed} | {found.windows_to_alarm:g} |"
            )
        print(f"\n{time.perf_counter() - began:.0f} s.", flush=True)
    print(hardware())


if __name__ == "__main__":
    main()
