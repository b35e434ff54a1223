"""Says in an incident's thread what was done about it, and promotes a retrained model where that is allowed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from components.adapters.prefect_api import PrefectApiError
from components.rollout.gate import Passed
from jobs.steps import AsStep, Log, plainly
from jobs.training.failures import RETRAIN_FAILURES
from jobs.training.retrain import JudgedModel, RetrainRequest, retrain
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from jobs.training.retrain import NothingNew


def say_in_thread(bench: Workbench, alert_id: int, text: str) -> None:
    """One line of the incident's thread."""
    bench.store.alerts.add_to_thread(alert_id, text, time.time())


def retrain_for_alert(
    bench: Workbench, request: RetrainRequest, alert_id: int, log: Log, as_step: AsStep = plainly
) -> JudgedModel | NothingNew:
    """A retraining that an incident asked for; its thread learns what came of it, also when it fails.

    Raises:
        as jobs.training.retrain.retrain does.
    """
    try:
        outcome = retrain(bench, request, log, as_step)
    except RETRAIN_FAILURES as error:
        say_in_thread(bench, alert_id, f"retrain failed: {error}")
        raise
    log(follow_up(bench, alert_id, outcome))
    return outcome


def follow_up(bench: Workbench, alert_id: int, outcome: JudgedModel | NothingNew) -> str:
    """What the retrain that an incident asked for came to, said in its thread; starts a promotion if that may be."""
    line = _outcome(outcome)
    if isinstance(outcome, JudgedModel) and isinstance(outcome.verdict, Passed):
        line += f"; {_promotion(bench, outcome.version.version)}"
    say_in_thread(bench, alert_id, line)
    return line


def _outcome(outcome: JudgedModel | NothingNew) -> str:
    version = outcome.version.version
    if not isinstance(outcome, JudgedModel):
        return f"retrain: neither data, code nor parameters changed since version {version}"
    if isinstance(outcome.verdict, Passed):
        return f"retrained: version {version} passed the gate and is challenger"
    return f"retrained: version {version} was refused: {outcome.verdict.reason}"


def _promotion(bench: Workbench, version: int) -> str:
    if bench.params.promotion.auto == "off":
        return "promotion.auto is off: promote it with `prefect deployment run promote/default`"
    rejected = bench.store.facts.rejected_models()
    if version in rejected:
        return f"not promoted: {rejected[version]} served version {version} and was rejected"
    try:
        bench.prefect.run("promote/default", {"model_version": version})
    except PrefectApiError as error:
        return f"its promotion could not be started: {error}"
    return "its promotion was started (promotion.auto: gate)"
