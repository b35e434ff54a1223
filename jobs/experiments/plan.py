"""Plans a declared experiment: users per variant and days, from its stated baseline or from what the store has seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from components.adapters.store.experiments.declared import PlannedSize
from components.adapters.store.experiments.log import read_traffic_log
from components.experiments.declaration import RATES, Baseline, Declaration, DeclarationError
from components.experiments.interleaving_plan import plan_interleaving
from components.experiments.power import ExperimentPlan, plan_experiment, users_for_mean, users_for_rate
from components.experiments.read_log import baseline_of
from jobs.experiments.file import params_of_variant, read_experiment_file
from jobs.wiring.workbench import Workbench

WINDOW_DAYS = 14
DAY = 86_400.0


@dataclass(frozen=True)
class DeclaredPlan:
    """The plan, and what it rests on."""

    declaration: Declaration
    plan: ExperimentPlan
    baseline: Baseline
    source: str

    @property
    def size(self) -> PlannedSize:
        """What the store keeps of it."""
        return PlannedSize(self.plan.users_per_variant, self.plan.days)


def plan_file(bench: Workbench, file: Path) -> DeclaredPlan:
    """The plan of the experiment in a file, which is held against params.yaml as for a promotion; nothing is stored.

    Raises:
        DeclarationError: as `plan_declared`, or the file is wrong.
        NothingThereError: the file states no baseline, and there is no event store to take it from.
    """
    declaration = read_experiment_file(file)
    for variant in declaration.variants:
        params_of_variant(bench.params, variant.policy, variant.name)
    return plan_declared(bench, declaration)


def plan_declared(bench: Workbench, declaration: Declaration, now: float | None = None) -> DeclaredPlan:
    """How many users and days the declared test needs for the declared effect: per variant, or in all where each list
    is drafted from both.

    Raises:
        DeclarationError: nothing is known of the metric, in the file or in the store, or the effect cannot be.
    """
    baseline, source = declaration.baseline, "the file"
    if baseline is None:
        baseline = measure_baseline(bench, declaration, time.time() if now is None else now)
        source = f"the event store, last {WINDOW_DAYS} days"
    effect, test = declaration.effect, declaration.test
    level = declaration.level / (len(declaration.variants) - 1)
    try:
        if declaration.primary in RATES:
            users = users_for_rate(baseline.mean, effect, test, level, declaration.power)
        else:
            users = users_for_mean(baseline.mean, baseline.std, effect, test, level, declaration.power)
        if declaration.design == "interleaved":
            plan = plan_interleaving(users, baseline.users_per_day)
        else:
            plan = plan_experiment(users, baseline.users_per_day, min(declaration.split.shares))
    except ValueError as error:
        raise DeclarationError(f"experiment {declaration.name}: minimum_effect or baseline: {error}") from error
    return DeclaredPlan(declaration, plan, baseline, source)


def measure_baseline(bench: Workbench, declaration: Declaration, now: float) -> Baseline:
    """The primary metric in all traffic of the last days, and the different users a day.

    Raises:
        DeclarationError: there was too little traffic.
    """
    log = read_traffic_log(bench.store.engine, now - WINDOW_DAYS * DAY, now)
    found = baseline_of(declaration.primary, log)
    if found is None or found[1] <= 0:
        raise DeclarationError(
            f"experiment {declaration.name}: baseline: the store has seen {len(log.variant)} users in {WINDOW_DAYS} "
            f"days, too few to know {declaration.primary}; state it in the file, such as "
            "baseline: {mean: 0.02, std: 0.05, users_per_day: 1000}, or let traffic come first (`recops simulate`)"
        )
    first = log.first_at.min()
    days = max(1.0, (now - first) / DAY)
    return Baseline(mean=found[0], std=found[1], users_per_day=len(log.variant) / days)
