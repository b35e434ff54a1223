"""Says in an incident's thread what was done about it, and promotes a retrained model where that is allowed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from components.adapters.files.params_file import read_params
from components.adapters.prefect_api import PrefectApi, PrefectApiError
from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.engine import open_engine
from components.adapters.store.traffic.monitor_facts import MonitorFacts
from components.config.settings import Settings
from components.rollout.gate import Passed
from jobs.stack import existing_store_url
from jobs.training.retrain import JudgedModel

if TYPE_CHECKING:
    from jobs.training.retrain import NothingNew


def say_in_thread(settings: Settings, alert_id: int, text: str) -> None:
    """One line of the incident's thread."""
    engine = open_engine(existing_store_url(settings))
    try:
        AlertStore(engine).add_to_thread(alert_id, text, time.time())
    finally:
        engine.dispose()


def follow_up(settings: Settings, alert_id: int, outcome: JudgedModel | NothingNew) -> str:
    """What the retrain that an incident asked for came to, said in its thread; starts a promotion if that may be."""
    line = _outcome(outcome)
    if isinstance(outcome, JudgedModel) and isinstance(outcome.verdict, Passed):
        line += f"; {_promotion(settings, outcome.version.version)}"
    say_in_thread(settings, alert_id, line)
    return line


def _outcome(outcome: JudgedModel | NothingNew) -> str:
    version = outcome.version.version
    if not isinstance(outcome, JudgedModel):
        return f"retrain: neither data, code nor parameters changed since version {version}"
    if isinstance(outcome.verdict, Passed):
        return f"retrained: version {version} passed the gate and is challenger"
    return f"retrained: version {version} was refused: {outcome.verdict.reason}"


def _promotion(settings: Settings, version: int) -> str:
    if read_params(settings.project / "params.yaml").promotion.auto == "off":
        return "promotion.auto is off: promote it with `prefect deployment run promote/default`"
    engine = open_engine(existing_store_url(settings))
    rejected = MonitorFacts(engine).rejected_models()
    engine.dispose()
    if version in rejected:
        return f"not promoted: {rejected[version]} served version {version} and was rejected"
    try:
        PrefectApi(settings.prefect_api_url).run("promote/default", {"model_version": version})
    except PrefectApiError as error:
        return f"its promotion could not be started: {error}"
    return "its promotion was started (promotion.auto: gate)"
