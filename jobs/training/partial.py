"""What a partial retraining keeps of the last full one: a pipeline's choice and its ranker, where they still hold."""

from __future__ import annotations

import shutil

from components.adapters.dvc.pipeline_repository import PipelineError, PipelineRun
from components.params.params import Params
from jobs.steps import Log
from jobs.wiring.workbench import Workbench

CHOICE = "artifacts/choice"


def keep_choice(bench: Workbench, params: Params, log: Log) -> Params:
    """`params` with the run whose choice is kept; as they are, which trains in full, where none suits.

    Raises:
        PipelineError: the bytes of that run are gone.
    """
    try:
        last = bench.pipeline.last()
    except PipelineError as error:
        log(f"a full training, as the last run cannot be read: {error}")
        return params
    if reason := _unfit(last, params):
        log(f"a full training, as {reason}")
        return params
    assert last is not None  # noqa: S101 asked before
    if last.params.data.version == params.data.version:
        tag = last.params.data.choice_of  # nothing new: the run stands as it is
    else:
        tag = last.params.data.choice_of or last.tag
    if tag is None:
        return params
    folder = bench.settings.choices_folder / tag
    if not folder.is_dir():
        # Only the last choice is ever asked for again.
        shutil.rmtree(folder.parent, ignore_errors=True)
        bench.pipeline.export(last, CHOICE, folder)
    log(f"a partial training: what {tag} chose and learnt is kept")
    return params.model_copy(update={"data": params.data.model_copy(update={"choice_of": tag})})


def _unfit(last: PipelineRun | None, params: Params) -> str | None:
    """Why nothing of `last` may be kept, None where all may.

    Cuts by time only move on, so that the ranker has learnt from nothing that its successor is judged by; a cut at
    random is drawn anew from other data.
    """
    if last is None:
        return "there is no run yet"
    if last.params.train.recommender.kind != "pipeline":
        return f"a {last.params.train.recommender.kind} has nothing that could be kept"
    if params.split.protocol == "random":
        return "the split is drawn at random, and the ranker may have learnt from what is now the test part"
    for name in ("code", "train", "split", "prepare", "routing"):
        if getattr(last.params, name) != getattr(params, name):
            return f"the section `{name}` is not that of {last.tag}"
    return None
