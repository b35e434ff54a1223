"""Decides which experiment the next release serves: one from a file, the one that runs, or none any more."""

from __future__ import annotations

from dataclasses import dataclass

from components.adapters.store.experiments.declared import ExperimentError, SqlExperiments, StoredExperiment
from components.experiments.declaration import DeclarationError
from components.params.params import Params
from components.rollout.outcomes import PromotionRefused
from jobs.experiments.file import params_of_variant, read_experiment_file
from jobs.experiments.plan import plan_declared
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class Chosen:
    """What the release serves.

    Attributes:
        live_model: the model version that the control keeps, so that starting or ending an experiment changes nothing
            else; None where the challenger is meant, as without an experiment.
    """

    experiment: StoredExperiment | None
    live_model: int | None


def choose_experiment(
    bench: Workbench, params: Params, file: str | None, end: bool, by: str
) -> Chosen | PromotionRefused:
    """The experiment of `file`, declared in the store if it was not; or the live one, unless it is to `end`."""
    store, experiments = bench.store.releases, bench.store.experiments
    live_id = store.routing().live_release
    live = None if live_id is None else store.release(live_id)
    running = None if live is None or live.experiment is None else live.experiment.experiment_id
    if file is None and not end:
        return Chosen(experiments.find(running) if running else None, None)
    live_model = None if live is None else live.model_version
    if file is None:
        if running is None:
            return PromotionRefused("there is no experiment to end: the live release serves none")
        return Chosen(None, live_model)
    if end:
        return PromotionRefused(
            "experiment and end_experiment exclude each other: a new experiment ends the former one"
        )
    try:
        declaration = read_experiment_file(bench.settings.project / file)
        for variant in declaration.variants:
            params_of_variant(params, variant.policy, variant.name)
        planned = plan_declared(bench, declaration)
        return Chosen(experiments.declare(declaration, planned.size, by), live_model)
    except (DeclarationError, ExperimentError) as error:
        return PromotionRefused(str(error))


def record_served(experiments: SqlExperiments, chosen: Chosen) -> None:
    """The release is live: its experiment runs, and any other has ended."""
    name = None if chosen.experiment is None else chosen.experiment.name
    experiments.serve(name)
