"""Runs `recops benchmark --llm`: a sample of warm and cold users of any data set, one reranking each, within a cap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from components.access.tenants import DEFAULT
from components.benchmarking.llm_rows import AskedUser, measure_llm
from components.config.llm import LlmConfig
from components.interactions.columns import CATEGORY, ITEM, TAG_SEPARATOR, TAGS, TIMESTAMP, TITLE, USER
from components.interactions.prepared import RELEVANT, prepare
from components.recommenders.ease import Ease, EaseConfig
from components.recommenders.protocol import TrainingData
from components.recommenders.training_data import training_data
from components.reranking.calls import BudgetSpent, CallRecord, Reservation
from components.reranking.cascade import Cascade, NotReranked, Reranked
from components.reranking.metered import Asking, MeteredCalls
from components.reranking.prompt import parse_template
from components.routing.ask_policy import Signals, reason_to_ask, tiers_for
from components.serving.catalogue import Catalogue
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, task_of
from jobs.batch.models import AlwaysClosed, Unobserved
from jobs.wiring.workbench import Workbench

COLD_THRESHOLD = 5
KEPT_OF_COLD = 3
CANDIDATES = 200
RECENT = 10


class CappedBudget:
    """`components.reranking.calls.Budget` of one run: what is spent and what is under way never passes the cap."""

    def __init__(self, usd: float) -> None:
        self._left = usd
        self.spent_usd = 0.0

    async def reserve(
        self,
        usd: float,
        seconds: float,  # noqa: ARG002
        tenant: str = DEFAULT,  # noqa: ARG002
    ) -> Reservation | BudgetSpent:
        """Sets `usd` aside, if so much is left."""
        if usd > self._left:
            return BudgetSpent()
        self._left -= usd
        return Reservation("", usd)

    def settle(self, reservation: Reservation, usd: float, record: CallRecord | None) -> None:  # noqa: ARG002
        """Gives back what was not spent."""
        self._left += reservation.usd - usd
        self.spent_usd += usd


def run_llm_benchmark(
    bench: Workbench,
    llm: LlmConfig,
    parts: tuple[pd.DataFrame, pd.DataFrame],
    items: pd.DataFrame,
    threshold: float,
    k: int,
    n_users: int,
    cap_usd: float,
    timeout_seconds: float,
    seed: int,
) -> dict[str, Any]:
    """Rows of `components.benchmarking.llm_rows`, with what was spent.

    Half of the `n_users` are warm. The others are cold: of their training interactions only the latest three are kept.
    CF is EASE, trained on what is left. The rest of the training part that cold users lost may be recommended to them.

    Args:
        parts: interactions for training and for testing.
        threshold: values from here on are relevant.

    Raises:
        ValueError: no title says what an item is, or nobody can be sampled.
    """
    train_rows, test_rows = parts
    nobody = pd.DataFrame({USER: pd.Series(dtype=object)})
    everything = prepare(pd.concat([train_rows, test_rows]), items, nobody, threshold)
    if not everything.items[TITLE].str.len().gt(0).any():
        raise ValueError("a language model needs titles: give them with --items")
    tests = prepare(test_rows, everything.items, nobody, threshold)
    warm_users, cold_users = _sample(train_rows, tests.interactions, n_users, seed)
    kept = _cut_down(train_rows, set(cold_users))
    prepared = prepare(kept, everything.items, nobody, threshold)
    train = training_data(prepared.interactions, everything.items, everything.users)
    test = training_data(tests.interactions, everything.items, everything.users)
    world = _World(train, test, _catalogue(everything.items), _recent(prepared.interactions, train))
    budget = CappedBudget(cap_usd)
    template = parse_template(bench.project_prompt())
    fitted = Ease(EaseConfig()).fit(train, seed)

    async def measured() -> list[dict[str, Any]]:
        claude = bench.llm_client(llm)
        calls = MeteredCalls(llm, budget, AlwaysClosed(), Unobserved(), time.perf_counter)
        cascade = Cascade(llm, template, claude, calls, Unobserved(), time.perf_counter)
        users = {id(user): (name, user) for name, user in world.users(fitted, llm, warm_users, cold_users)}

        async def ask(user: AskedUser) -> Reranked | NotReranked:
            name = users[id(user)][0]
            request = RecommendRequest(user_id=name, k=k, explain=False)
            task = task_of(request, user.candidates.items[:50], world.recent.get(name, []), world.items, 0.0)
            deadline = time.perf_counter() + timeout_seconds
            return await cascade.rerank(task, Asking(name, "", tiers_for(name, False, llm), deadline))

        try:
            each = (user for _, user in users.values())
            return await measure_llm(each, ask, k, llm.fusion_weight, seed, time.perf_counter)
        finally:
            await claude.close()

    rows = asyncio.run(measured())
    tiers = [{"name": tier.name, "model": tier.model, "share": tier.share} for tier in llm.tiers]
    return {"rows": rows, "tiers": tiers, "spent_usd": budget.spent_usd, "cap_usd": cap_usd, "k": k}


class _World:
    def __init__(
        self, train: TrainingData, test: TrainingData, items: Catalogue, recent: Mapping[str, list[Met]]
    ) -> None:
        self._train = train
        self._test = test
        self._row = {user: row for row, user in enumerate(train.user_ids)}
        self.items = items
        self.recent = recent

    def users(self, fitted: Any, llm: LlmConfig, warm: list[str], cold: list[str]) -> Iterator[tuple[str, AskedUser]]:
        for group, names in (("warm", warm), ("cold", cold)):
            for name in names:
                row = self._row[name]
                seen = _columns(self._train.seen, row)
                wanted = frozenset(_columns(self._test.positives, row).tolist()) - frozenset(seen.tolist())
                if not wanted:
                    continue
                start = time.perf_counter()
                candidates = fitted.top_k(row, CANDIDATES, seen)
                seconds = time.perf_counter() - start
                signals = Signals(len(seen), None, False, False, None)
                routed = reason_to_ask(signals, llm, COLD_THRESHOLD) is not None
                yield name, AskedUser(group, candidates, wanted, routed, seconds)


def _sample(train: pd.DataFrame, test: pd.DataFrame, n_users: int, seed: int) -> tuple[list[str], list[str]]:
    """Warm and cold users, drawn from those with enough of a history and something to find."""
    counts = train[USER].value_counts()
    able = sorted(set(counts[counts > COLD_THRESHOLD].index) & set(test[test[RELEVANT]][USER]))
    if len(able) < 2:
        raise ValueError(f"nobody has more than {COLD_THRESHOLD} training interactions and a relevant test one")
    drawn = np.random.default_rng(seed).permutation(able)[:n_users].tolist()
    half = (len(drawn) + 1) // 2
    return drawn[:half], drawn[half:]


def _cut_down(train: pd.DataFrame, cold: set[str]) -> pd.DataFrame:
    """Without all but the latest interactions of cold users; the last ones in the file where there are no times."""
    ordered = train.sort_values(TIMESTAMP, kind="stable") if TIMESTAMP in train else train
    of_cold = ordered[USER].isin(cold)
    latest = ordered[of_cold].groupby(USER).tail(KEPT_OF_COLD)
    return pd.concat([ordered[~of_cold], latest])


def _recent(interactions: pd.DataFrame, train: TrainingData) -> dict[str, list[Met]]:
    row_of = {item: row for row, item in enumerate(train.item_ids)}
    ordered = interactions.sort_values(TIMESTAMP, kind="stable")
    return {
        str(user): [Met(row_of[item], bool(liked)) for item, liked in zip(rows[ITEM], rows[RELEVANT], strict=True)]
        for user, rows in ordered.groupby(USER).tail(RECENT).groupby(USER)
    }


def _catalogue(items: pd.DataFrame) -> Catalogue:
    tags = tuple(tuple(tag for tag in text.split(TAG_SEPARATOR) if tag) for text in items[TAGS])
    return Catalogue(
        ids=tuple(items[ITEM]),
        titles=tuple(items[TITLE]),
        categories=tuple(items[CATEGORY]),
        tags=tags,
        prices=(None,) * len(items),
    )


def _columns(matrix: Any, row: int) -> Any:
    return matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
