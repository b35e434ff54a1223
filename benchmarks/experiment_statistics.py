"""`python -m benchmarks.experiment_statistics`: how often the statistics of experiments tell the truth, as tables."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy

from benchmarks.counterfactual_trials import Counterfactual, estimate_other_policy
from benchmarks.experiment_trials import catch_uneven, cover, detect_planned, read_daily

SEED = 20_26
EFFECT = 0.05
EFFECT_OF_AA = 0.12
"""For which the A/A tests have about the users that a sequential test is planned with."""


def main() -> None:
    """Prints Markdown; `--scale 0.1` runs a tenth of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the runs to make")
    scale = parser.parse_args().scale
    print(f"{_machine()}; Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}.")
    for tell in (_without_effect, _with_effect, _coverage, _sample_ratio, _counterfactual):
        start = time.perf_counter()
        tell(scale)
        print(f"\n{time.perf_counter() - start:.0f} s.", flush=True)


def _without_effect(scale: float) -> None:
    runs = _runs(1_000, scale)
    found = read_daily(SEED, runs, 10_000, 28, 0.0, EFFECT_OF_AA)
    _table(
        f"A/A: {runs} runs of 28 days, {found.users_per_variant:.0f} active users per variant, level 5 %, "
        f"minimum effect {EFFECT_OF_AA:.0%}",
        ("reading", "called different"),
        [
            ("fixed test, once, on day 28", f"{found.fixed:.1%}"),
            ("always-valid test, every day", f"{found.sequential_daily:.1%}"),
            ("fixed test, every day (wrong)", f"{found.fixed_daily:.1%}"),
            ("test on impressions, once, on day 28 (wrong)", f"{found.request_level:.1%}"),
        ],
    )


def _with_effect(scale: float) -> None:
    rows = []
    for test, days, full in (("fixed", 14, 1_000), ("sequential", 28, 300)):
        runs = _runs(full, scale)
        found = detect_planned(SEED + 1, runs, days, EFFECT, "fixed" if test == "fixed" else "sequential")
        way = "once, on day 14" if test == "fixed" else "every day for 28 days"
        rows.append((f"{test}, read {way}", str(found.planned_users), str(runs), f"{found.detected:.1%}"))
    _table(
        f"Planned effect of {EFFECT:+.0%} on clicks per impression, at p < .05 and 80 % power",
        ("test", "planned users per variant", "runs", "detected"),
        rows,
    )


def _coverage(scale: float) -> None:
    runs = _runs(5_000, scale)
    found = cover(SEED + 2, runs, 10_000, 14, EFFECT)
    _table(
        f"95 % intervals: {runs} runs of 14 days, {EFFECT:+.0%}, 7,700 active users in both variants together",
        (
            "metric",
            "held the truth",
            "bias of the difference ± its error",
            "variance reduction reported",
            "seen over the runs",
        ),
        [
            (
                name,
                f"{one.covered:.1%}",
                f"{one.bias:+.1%} ± {one.bias_error:.1%}",
                f"{one.variance_reduction:.1%}",
                f"{one.narrowed:.1%}",
            )
            for name, one in found.items()
        ],
    )


def _sample_ratio(scale: float) -> None:
    runs = _runs(10_000, scale)
    _table(
        f"Sample ratio, declared 50/50, level .001: {runs} runs",
        ("users", "treatment's true share", "called a mismatch"),
        [
            (f"{users:,}", f"{share:.0%}", f"{catch_uneven(SEED + 3, runs, users, share):.2%}")
            for users, share in ((13_100, 0.5), (13_100, 0.52), (20_000, 0.52))
        ],
    )


def _counterfactual(scale: float) -> None:
    runs = _runs(1_000, scale)
    rows = []
    for users, share, clip in ((10_000, 0.02, None), (10_000, 0.1, None), (10_000, 0.3, None), (10_000, 0.3, 5.0)):
        found = estimate_other_policy(SEED + 4, runs, users, share, clip)
        name = f"{share:.0%}" + ("" if clip is None else f", weights clipped at {clip:.0f}")
        rows.append((name, *_told(found, runs)))
    for users in (2_000, 50_000):
        fewer = _runs(1_000 if users < 10_000 else 200, scale)
        found = estimate_other_policy(SEED + 4, fewer, users, 0.3)
        rows.append((f"30%, {users:,} users, {fewer} runs", *_told(found, fewer)))
    _table(
        f"Counterfactual: {runs} logs of 10,000 users and 14 days; the target earns "
        f"{1 / (1 + found.logged) - 1:+.1%} of the clicks of the policy that logged",
        (
            "share explored",
            "refused",
            "bias ± its error",
            "spread of the estimate",
            "interval held the truth",
            "effective users",
        ),
        rows,
    )


def _told(found: Counterfactual, runs: int) -> tuple[str, ...]:
    answered = runs * (1 - found.refused)
    if answered < 10:
        return (f"{found.refused:.1%}", *("-",) * 4)
    return (
        f"{found.refused:.1%}",
        f"{found.bias:+.1%} ± {found.std / answered**0.5:.1%}",
        f"{found.std:.1%}",
        f"{found.covered:.1%}",
        f"{found.effective_users:.0f}",
    )


def _runs(full: int, scale: float) -> int:
    return max(10, round(full * scale))


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def _machine() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    name = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    return f"{name}, {os.cpu_count()} cores, one process, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}"


if __name__ == "__main__":
    main()
