"""What a day of requests costs with the default policy, from the tokens of real prompts.

Run it with `python -m benchmarks.llm_day [--full] [--json]`: 100,000 requests, or 4,000 without `--full`. LightFM is
trained on the demo's MovieLens; each request goes through the request path with policy, cascade, SDK, HTTP, the budget
in the event store and the log of calls. The model behind it is scripted: it answers at once, with the output that the
prompt asks for (ten numbers and ten reasons of ten words), and counts a token for every three characters and 150 for
the schema, which is more than English has. What a real model thinks at low effort is not in it.

Who asks, in per cent: warm users whom the policy is sure of 80, new users 8 (half of them say what they like), queries
4, moods 3, premium users 2, warm users whom it is not sure of 3. The time budget is a minute, so that a busy machine
does not turn calls into timeouts.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from benchmarks.report import Report, Row, report_main
from bentos.language_model import LanguageModels
from bentos.served_release import ServedVariant
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.llm.budget import LlmBudget
from components.adapters.store.tables import llm_calls
from components.config.settings import Settings
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.params.params import Params
from components.recommenders.content import ContentConfig
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.popularity import Popularity
from components.recommenders.training_data import training_data
from components.reranking.cost import TokenUsage, cost_usd
from components.routing.confidence import calibration_error, cross_fitted, features_of, fit_confidence
from components.serving.bundle import Bundle, BundleManifest
from components.serving.request_path import RequestPath
from components.serving.requests import Profile, RecommendRequest, RequestContext
from components.splitting.temporal import split_per_user
from monitoring.llm_metrics import LlmMetrics
from stages.bundle import catalogue, recent_items
from tests.messages_server import Says, messages_server

ROOT = Path(__file__).parents[1]
MIX = {"sure": 80, "new": 8, "query": 4, "mood": 3, "premium": 2, "unsure": 3}
CLIENTS = 12
HYBRID_PUBLISHED, LLM_ONLY_PUBLISHED = 3.00, 20.00


def run(full: bool) -> Report:
    """The day, per tier and in all."""
    params = read_params(ROOT / "params.yaml")
    bundle, sure, unsure, notes = _world(params)
    with tempfile.TemporaryDirectory() as scratch, messages_server(lambda _body, _n: Says()) as server:
        settings = Settings(home=Path(scratch))
        migrate(settings.store_url)
        tiers = [tier.model_copy(update={"base_url": server.url, "timeout_ms": 60_000}) for tier in params.llm.tiers]
        llm = params.llm.model_copy(update={"tiers": tiers, "daily_budget_usd": 1_000.0})
        registry = CollectorRegistry()
        models = LanguageModels(
            settings,
            lambda names: LlmMetrics(registry, names),
            lambda: LlmBudget(open_engine(settings.store_url), time.time),
            b"a salt",
        )
        variant = ServedVariant(
            routing=params.routing,
            llm=llm,
            prompt_version=1,
            prompt=(ROOT / "prompts" / "recops-rerank.md").read_text(),
        )
        hybrid = models.hybrid_of("release-1", variant, bundle)
        path = RequestPath(bundle, params.routing, "release-1", "blue", "default", time.perf_counter, 1, 1, hybrid)
        requests = 100_000 if full else 4_000
        started = time.perf_counter()
        routes = asyncio.run(_day(path, models, requests, sure, unsure))
        seconds = time.perf_counter() - started
        models.close()
        rows = _rows(settings, params, requests)
    asked = {
        sample.labels["reason"]: int(sample.value)
        for metric in registry.collect()
        if metric.name == "recops_llm_asked"
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    share = 1 - asked["skipped"] / requests
    assert 0.19 <= share <= 0.21, f"the policy asks about {share:.1%}"
    fates = {
        sample.labels["fate"]: int(sample.value)
        for metric in registry.collect()
        if metric.name == "recops_llm_requests"
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert fates == {"reranked": requests - asked["skipped"]}, fates
    notes += [
        f"{requests:,} requests in {seconds:.0f} s, {share:.1%} asked about: {asked}; routes {dict(routes)}",
        f"published: hybrid ${HYBRID_PUBLISHED:.2f}, LLM only ${LLM_ONLY_PUBLISHED:.2f} per 1,000 requests",
    ]
    return Report("A day of requests at the default policy", rows, tuple(notes))


def _world(params: Params) -> tuple[Bundle, list[str], list[str], list[str]]:
    """The bundle, and the users whom the policy is and is not sure of, each as often as they interacted."""
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    parts = split_per_user(prepared.interactions, params.split.test_share)
    train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
    model = LightFMWarp(LightFMConfig()).fit(train, params.train.seed)
    users = np.flatnonzero(np.diff(test.positives.indptr))
    features, hit = [], []
    for user in users.tolist():
        seen = train.seen.indices[train.seen.indptr[user] : train.seen.indptr[user + 1]]
        liked = test.positives.indices[test.positives.indptr[user] : test.positives.indptr[user + 1]]
        ranking = model.top_k(user, params.routing.candidates, seen)
        features.append(features_of(ranking.scores, len(seen)))
        hit.append(bool(np.isin(ranking.items[:10], liked).any()))
    curve = fit_confidence(np.array(features), np.array(hit))
    chances = cross_fitted(np.array(features), np.array(hit), 0)
    assert curve is not None and chances is not None
    bundle = Bundle(
        BundleManifest("data-v1", "lightfm", "0" * 64),
        catalogue(prepared.items),
        train.user_ids,
        train.seen,
        {"lightfm": model, "popularity": Popularity().fit(train, 0), "content": ContentConfig().build().fit(train, 0)},
        recent=recent_items(train),
        confidence=curve,
    )
    sure, unsure, below = [], [], 0
    for row, user_id in enumerate(train.user_ids):
        seen = bundle.seen(row)
        if len(seen) < params.routing.cold_start_threshold:
            continue
        ranking = model.top_k(row, params.routing.candidates, seen)
        low = curve.of(features_of(ranking.scores, len(seen))) < params.llm.confidence_threshold
        below += low
        (unsure if low else sure).extend([user_id] * len(seen))
    error = calibration_error(chances, np.array(hit))
    low_share = len(unsure) / (len(sure) + len(unsure))
    notes = [
        f"confidence: {np.mean(hit):.1%} of {len(hit)} users have a hit; calibration error {error:.3f} (cross-fitted);"
        f" {below} of {len(set(sure)) + len(set(unsure))} warm users lie below {params.llm.confidence_threshold},"
        f" with {low_share:.1%} of the interactions"
    ]
    return bundle, sure, unsure, notes


async def _day(
    path: RequestPath, models: LanguageModels, requests: int, sure: list[str], unsure: list[str]
) -> Counter[str]:
    chance = random.Random(0)  # noqa: S311 - no secret
    kinds = chance.choices(list(MIX), list(MIX.values()), k=requests)
    routes: Counter[str] = Counter()
    numbers = iter(range(requests))
    makers: dict[str, Callable[[int], RecommendRequest]] = {
        "sure": lambda _: RecommendRequest(user_id=chance.choice(sure)),
        "unsure": lambda _: RecommendRequest(user_id=chance.choice(unsure)),
        "new": lambda n: RecommendRequest(
            user_id=f"new-{n}",
            profile=Profile(text="I love clever science fiction and old comedies, but no horror please")
            if n % 2
            else None,
        ),
        "query": lambda _: RecommendRequest(
            user_id=chance.choice(sure),
            context=RequestContext(query="a tense heist with a twist", time_of_day="evening"),
        ),
        "mood": lambda _: RecommendRequest(
            user_id=chance.choice(sure), context=RequestContext(mood="tired", time_of_day="late evening", device="tv")
        ),
        "premium": lambda _: RecommendRequest(user_id=chance.choice(sure), profile=Profile(tier="premium")),
    }

    async def client() -> None:
        for n in numbers:
            answer = await path.answer(makers[kinds[n]](n), f"request-{n}")
            routes[answer.route] += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await models.aclose()
    return routes


def _rows(settings: Settings, params: Params, requests: int) -> list[Row]:
    """From the logged calls; "all haiku" is the same tokens at the first tier's price."""
    columns = (llm_calls.c.input_tokens, llm_calls.c.output_tokens, llm_calls.c.cache_read_tokens)
    totals = [func.sum(column) for column in (*columns, llm_calls.c.cost_usd)]
    engine = open_engine(settings.store_url)
    with reading(engine) as connection:
        by_tier: dict[str, Any] = {
            row[0]: row[1:]
            for row in connection.execute(
                select(llm_calls.c.tier, func.count(), *totals)
                .where(llm_calls.c.outcome == "ok")
                .group_by(llm_calls.c.tier)
            )
        }
        failed = connection.execute(select(func.count()).where(llm_calls.c.outcome != "ok")).scalar_one()
    engine.dispose()
    assert failed == 0
    calls = sum(values[0] for values in by_tier.values())
    rows: list[Row] = [
        _row(tier.name, tier.model, *by_tier[tier.name], calls, requests)
        for tier in params.llm.tiers
        if tier.name in by_tier
    ]
    whole = [sum(values[place] for values in by_tier.values()) for place in range(5)]
    rows.append(_row("all", "80/15/5", *whole, calls, requests))
    first = params.llm.tiers[0]
    cheap = cost_usd(TokenUsage(whole[1], whole[2], whole[3]), params.llm.price_of(first))
    rows.append(_row("all", f"{first.model} alone", *whole[:4], cheap, calls, requests))
    return rows


def _row(
    tier: str, model: str, n: int, inputs: int, outputs: int, cached: int, cost: float, calls: int, requests: int
) -> Row:
    return {
        "tier": tier,
        "model": model,
        "calls": n,
        "share": n / calls,
        "input_per_call": inputs / n,
        "output_per_call": outputs / n,
        "cached_per_call": cached / n,
        "usd_per_1000_calls": 1_000 * cost / n,
        "usd_per_1000_requests": 1_000 * cost / requests,
    }


if __name__ == "__main__":
    report_main(__doc__, run)
