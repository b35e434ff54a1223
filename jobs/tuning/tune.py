"""Tunes a model once for each seed, judges it on users kept apart, saves the first seed's, and logs a run in MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.adapters.hugging_face.base_model import check_base, check_installed
from components.adapters.hugging_face.reranker import TunableReranker, n_steps
from components.adapters.mlflow.tunings import check_tracking, log_tuning
from components.metrics.bootstrap import Interval
from components.reranking.tuning.judging import against_ranker, pair_accuracy
from components.reranking.tuning.preferences import (
    ItemPreference,
    LikedList,
    TitleShuffle,
    TuningError,
    joined,
    keep_apart,
    titles_in,
)
from components.reranking.tuning.schedule import LearningRate
from jobs.tuning.preference_files import EXPORT, read_lists, read_pairs
from jobs.tuning.tuned import JudgedSeed, TunedReranker, TuningRequest, record_of, shown

REPORT = "recops-tuning.json"
LEAST_PAIRS, LEAST_APART = 50, 5


@dataclass(frozen=True)
class _Material:
    learnt: Sequence[ItemPreference]
    judged: Sequence[ItemPreference]
    lists: Sequence[LikedList]
    users_learnt: int
    users_apart: int

    def sizes(self) -> dict[str, int]:
        return {
            "pairs_learnt": len(self.learnt),
            "pairs_judged": len(self.judged),
            "lists_judged": len(self.lists),
            "users_learnt": self.users_learnt,
            "users_apart": self.users_apart,
        }


def tune_reranker(asked: TuningRequest, mlflow_url: str, tell: Callable[[str], None]) -> TunedReranker:
    """See the module. Users kept apart are those of the first seed for all of them, so that seeds differ in luck alone.

    Raises:
        TuningError: the extra, a file, the base or the folder cannot be used, or there is too little to learn from.
        ModelRegistryError: MLflow does not answer; nothing was tuned then, or the model is in its folder with REPORT.
    """
    if asked.out.exists() and (not asked.out.is_dir() or any(asked.out.iterdir())):
        raise TuningError(f"--out {asked.out}: is there already; name another folder")
    check_base(asked.base)
    material = _material(asked)
    check_installed()
    check_tracking(mlflow_url)
    learnt = joined(material.learnt) if asked.loss == "listwise" else list(material.learnt)
    steps = n_steps(len(learnt), asked.epochs, asked.batch)
    schedule = LearningRate(asked.learning_rate, steps, asked.warm_up, asked.fall)
    tell(
        f"{len(material.learnt):,} pairs of {material.users_learnt:,} users to learn from, {len(material.judged):,} "
        f"pairs and {len(material.lists):,} lists of {material.users_apart:,} users kept apart; {steps:,} steps a seed"
    )
    judged: list[JudgedSeed] = []
    sizes: dict[str, int] = {}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(asked.seeds):
        model = TunableReranker(asked.base, asked.adapters, seed, asked.device)
        sizes = {**model.n_weights, **material.sizes()}
        judged.append(_one_seed(model, asked, material, learnt, schedule, seed, tell))
        if place == 0:
            model.save(asked.out)
    rates = [schedule.at(step) for step in range(steps)]
    record = record_of(asked, sizes, judged, rates)
    (asked.out / REPORT).write_text(json.dumps(record.report, indent=2) + "\n")
    run_id = log_tuning(mlflow_url, record)
    return TunedReranker(asked.out, run_id, sizes, tuple(judged))


def _one_seed(
    model: TunableReranker,
    asked: TuningRequest,
    material: _Material,
    learnt: Sequence[ItemPreference],
    schedule: LearningRate,
    seed: int,
    tell: Callable[[str], None],
) -> JudgedSeed:
    losses: list[float] = []
    every = max(schedule.steps // 10, 1)

    def heard(step: int, loss: float, rate: float) -> None:
        losses.append(loss)
        if step % every == 0 or step == schedule.steps - 1:
            tell(f"seed {seed}, step {step + 1:,} of {schedule.steps:,}: loss {loss:.4f}, rate {rate:.2e}")

    def accuracy() -> Interval:
        return pair_accuracy(material.judged, [model.score(one.query, one.documents) for one in material.judged], seed)

    before = accuracy()
    model.learn(learnt, schedule, asked.epochs, asked.batch, heard)
    after = accuracy()
    scores = [model.score(one.query, one.documents) for one in material.lists]
    ranker = against_ranker(material.lists, scores, seed) if material.lists else None
    tell(f"seed {seed}: right pairs {shown(before)} before, {shown(after)} after")
    return JudgedSeed(seed, before, after, ranker, tuple(losses))


def _material(asked: TuningRequest) -> _Material:
    """What is learnt from and judged by, titles shuffled where that is asked for."""
    pairs = read_pairs(asked.pairs)
    lists = read_lists(asked.lists) if asked.lists else []
    users = {one.user for one in pairs}
    if lists and users.isdisjoint(one.user for one in lists):
        raise TuningError(
            f"--lists {asked.lists}: shares no user with --pairs {asked.pairs}; take both files of one export "
            "(pseudonyms differ between exports unless RECOPS_USER_SALT is set)"
        )
    apart = keep_apart(users | {one.user for one in lists}, asked.held_out, asked.seeds[0])
    learnt = [one for one in pairs if one.user not in apart]
    judged = [one for one in pairs if one.user in apart]
    n_apart = len({one.user for one in judged})
    if len(learnt) < LEAST_PAIRS or n_apart < LEAST_APART:
        raise TuningError(
            f"--pairs {asked.pairs}: {len(pairs)} pairs of {len(users)} users are too few: {len(learnt)} are left to "
            f"learn from (at least {LEAST_PAIRS}), and {n_apart} users with pairs are kept apart (at least "
            f"{LEAST_APART}); export more days, or change --held-out. {EXPORT}"
        )
    kept_lists = [one for one in lists if one.user in apart]
    shuffle = TitleShuffle(asked.shuffle_titles, titles_in([*pairs, *lists]), asked.seeds[0])
    return _Material(
        [shuffle.preference(one) for one in learnt],
        [shuffle.preference(one) for one in judged],
        [shuffle.liked_list(one) for one in kept_lists],
        len({one.user for one in learnt}),
        len(apart),
    )
