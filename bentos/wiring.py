"""The composition root of the service: makes every object that a serving process needs, from settings and a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from bentos.allocated_users import AllocatedUsers
from bentos.answers import Answers
from bentos.asgi_app import RecopsApp
from bentos.conversations import Conversations
from bentos.door import Door, RequestLimits
from bentos.feedback_intake import FeedbackIntake, FeedbackLimits
from bentos.key_ring import KeyRing
from bentos.language_model import LanguageModels
from bentos.newcomers import Newcomers
from bentos.prefetch import Prefetch
from bentos.ranking_processes import RankingProcesses
from bentos.ranking_threads import RankingThreads
from bentos.served_release import ServedRelease, ServedVariant
from bentos.shelves import Shelves
from components.access.user_token import signing_secret
from components.adapters.files.stack_secret import read_secret, user_salt
from components.adapters.slots.demo_faults import DemoFaults, fault_file
from components.adapters.slots.redis_cache import RedisAnswers
from components.adapters.slots.redis_takings import RedisTakings
from components.adapters.store.access.keys import SqlKeys
from components.adapters.store.catalogue.items_off import SqlItemsOff
from components.adapters.store.conversations.kept import SqlConversations
from components.adapters.store.engine import open_engine
from components.adapters.store.experiments.allocated import SqlAllocated
from components.adapters.store.llm.budget import LlmBudget
from components.adapters.store.traffic.local_user_events import user_events
from components.adapters.store.traffic.shown_items import ShownItems
from components.adapters.store.traffic.user_events import BUDGET_SECONDS, UserEventReader
from components.adapters.store.write_queue import WriteQueue
from components.config.routing import NewItemShare
from components.config.settings import Settings
from components.experiments.assignment import VariantShares
from components.ranking.fitted_pipeline import FittedPipeline
from components.serving.allowance import Allowance, MakeAllowance, own_purses
from components.serving.answer_cache import AnswerCache
from components.serving.bundle import Bundle, read_bundle, read_manifest
from components.serving.hybrid import Hybrid
from components.serving.request_path import Aside, RanksElsewhere, RequestPath
from components.serving.requests import RecommendRequest, SearchRequest, SimilarRequest
from components.serving.shared_allowance import SharedAllowance, Takings
from components.serving.variants import Experiment, Variants
from monitoring.cache_metrics import CacheMetrics
from monitoring.llm_metrics import LlmMetrics
from monitoring.request_metrics import RequestMetrics

BUSY_SECONDS = 10.0
"""How long a write waits for another process before its feedback is refused with 503."""

BUDGET_LOCK_SECONDS = 1.0
"""How long a reservation waits for another process's write; the request waits less, and goes on without."""

RANKING_THREADS = 2
"""For each process that ranks, so that one question is at hand while another is answered."""
DAY = 86_400.0
OPEN_SECONDS = 2.0
"""How long a starting service waits for the store before it goes on without."""


def build_app(
    settings: Settings, folder: Path, busy_seconds: float = BUSY_SECONDS, read_seconds: float = BUDGET_SECONDS
) -> RecopsApp:
    """The app for the release in `folder`, which holds its bundles and release.json.

    The event store's schema must be there already; without it feedback is refused, and recommendations go on.

    Raises:
        BundleError: the bundle is incomplete or damaged.
    """
    release = ServedRelease.read(folder)
    slot = settings.slot or "none"
    registry = CollectorRegistry()
    models = LanguageModels(
        settings,
        lambda tiers: LlmMetrics(registry, tiers),
        lambda: LlmBudget(open_engine(settings.store_url, BUDGET_LOCK_SECONDS), time.time),
        user_salt(settings),
    )
    bundles = sorted({variant.bundle for variant in release.variants})
    pipelines = [name for name in bundles if read_manifest(folder / name).recommender == FittedPipeline.form]
    n_processes = settings.ranking_processes if pipelines else 0
    processes = RankingProcesses(folder, pipelines, n_processes)
    ranking = RankingThreads(RANKING_THREADS * max(n_processes, 1), processes)
    elsewhere = partial(partial, processes.rank) if n_processes else None
    allocated = make_allocated(release, settings)
    assigned = None if allocated is None else allocated.variant_of
    variants = make_variants(release, folder, slot, models.hybrid_of, ranking.run, assigned, elsewhere)
    for path in variants.all_paths():
        warm_up(path)
    queue = WriteQueue(open_engine(settings.store_url, busy_seconds))
    reader = UserEventReader(open_engine(settings.store_url, read_seconds), read_seconds)
    events = user_events(settings.store_url, reader, time.perf_counter)
    events.open(OPEN_SECONDS)
    shared = RedisAnswers(settings.cache_url.get_secret_value(), time.monotonic) if settings.cache_url else None
    takings = RedisTakings(settings.cache_url.get_secret_value()) if settings.cache_url else None
    purses = own_purses if takings is None else partial(_shared_purses, takings)
    cache = AnswerCache(release.control.routing.cache, shared, time.monotonic)
    shelves = make_shelves(variants, release.control.routing.new_items, settings)
    answers = Answers(events, cache, time.perf_counter, shelves, ranking, shared, allocated, models.reading_of)

    async def make_ahead(request: RecommendRequest, request_id: str, payer: str) -> None:
        for path in variants.paths_of(request.user_id):
            await answers.recommend(path, request, request_id, False, payer)

    prefetch = Prefetch(make_ahead, release.control.routing.cache.prefetch_concurrency)
    metrics = RequestMetrics(
        release.release_id, slot, release.control.name, log_counts=lambda: queue.counts, registry=registry
    )
    control = variants.control.bundle
    intake = FeedbackIntake(
        queue,
        metrics,
        control.items.row_of,
        (control.manifest.lowest_rating, control.manifest.highest_rating),
        FeedbackLimits(settings.feedback_per_user_minute, settings.feedback_per_address_minute),
        now=time.time,
        purses=purses,
    )
    cache_metrics = CacheMetrics(
        registry,
        kept=lambda: answers.kept,
        failed=lambda: shared.counts.failed if shared else 0,
        left_out=lambda: shared.counts.left_out if shared else 0,
        waiting=lambda: prefetch.waiting,
    )
    conversations = Conversations(
        SqlConversations(open_engine(settings.store_url, OPEN_SECONDS)),
        events.read,
        shelves,
        settings.conversation_hours * 3600,
        now=time.time,
        perf_counter=time.perf_counter,
        leading_of=models.leading_of,
        reading_of=models.reading_of,
    )
    description = {
        "release": release.release_id,
        "slot": slot,
        "variant": release.control.name,
        "variants": {variant.name: variant.share for variant in release.variants},
        "experiment": release.experiment and release.experiment.experiment_id,
        **release.details,
        "started_at": time.time(),
    }
    faults = DemoFaults(fault_file(settings, slot)) if settings.demo and settings.slot is not None else None
    return RecopsApp(
        variants,
        queue,
        answers,
        prefetch,
        intake,
        make_door(settings, purses),
        metrics,
        cache_metrics,
        conversations,
        Newcomers(intake, events.read, shelves, time.perf_counter),
        description,
        now=time.time,
        perf_counter=time.perf_counter,
        faults=faults,
        log_impressions=settings.log_impressions,
        models=models,
        takings=takings,
    )


def _shared_purses(takings: Takings, limit: str, per_second: float, burst: float) -> Allowance:
    return SharedAllowance(limit, takings, per_second, burst)


def make_door(settings: Settings, purses: MakeAllowance = own_purses) -> Door:
    """The door, with the keys where they are on."""
    ring = None
    if settings.keys_on:
        engine = open_engine(settings.store_url, OPEN_SECONDS)
        ring = KeyRing(SqlKeys(engine), engine.dispose, time.time)
    limits = RequestLimits(
        settings.requests_per_user_minute,
        settings.requests_per_key_minute,
        settings.requests_per_address_minute,
        settings.prefetched_per_minute,
    )

    def secret_of(key_id: str) -> str:
        return signing_secret(read_secret(settings.root) or os.urandom(32), key_id)

    return Door(ring, secret_of, limits, settings.processes == "containers", time.time, purses)


def make_shelves(variants: Variants, policy: NewItemShare, settings: Settings) -> Shelves:
    """What the slot knows of items beside their bundles; impressions are counted where the control asks for it."""
    engine = open_engine(settings.store_url, OPEN_SECONDS)
    shown = ShownItems(engine, policy.days * DAY) if policy.share else None
    return Shelves(variants.all_paths(), SqlItemsOff(engine), shown, policy, engine.dispose, time.time)


HybridOf = Callable[[str, ServedVariant, Bundle], Hybrid | None]
"""Makes what gives a variant's second opinions, from the release's id, the variant and its bundle."""


def no_model(_release_id: str, _variant: ServedVariant, _bundle: Bundle) -> Hybrid | None:
    """No second opinion for any variant."""
    return None


def make_variants(
    release: ServedRelease,
    folder: Path,
    slot: str,
    hybrid_of: HybridOf = no_model,
    aside: Aside | None = None,
    assigned: Callable[[str], str] | None = None,
    elsewhere_of: Callable[[str], RanksElsewhere] | None = None,
) -> Variants:
    """A request path for each variant; those of one model share its bundle. See `RequestPath` for `aside`, and for what
    `elsewhere_of` gives for a bundle.

    Where two variants draft each list, the draft is the only chance in it.
    """
    bundles = {name: read_bundle(folder / name) for name in {variant.bundle for variant in release.variants}}
    interleaved = release.experiment is not None and release.experiment.design == "interleaved"
    paths = [
        RequestPath(
            bundles[variant.bundle],
            variant.routing.without_chance() if interleaved else variant.routing,
            release.release_id,
            slot,
            variant.name,
            time.perf_counter,
            variant.model_version,
            variant.prompt_version,
            hybrid_of(release.release_id, variant, bundles[variant.bundle]),
            aside,
            elsewhere_of and elsewhere_of(variant.bundle),
        )
        for variant in release.variants
    ]
    if release.experiment is None:
        return Variants(paths)
    experiment = Experiment(release.experiment.experiment_id, release.experiment.salt, split_of(release), interleaved)
    return Variants(paths, experiment, assigned)


def split_of(release: ServedRelease) -> VariantShares:
    """The declared shares of the variants."""
    return VariantShares(tuple(each.name for each in release.variants), tuple(each.share for each in release.variants))


def make_allocated(release: ServedRelease, settings: Settings) -> AllocatedUsers | None:
    """Who has which variant of an adaptive experiment; None without one."""
    experiment = release.experiment
    if experiment is None or experiment.allocation == "fixed":
        return None
    engine = open_engine(settings.store_url, OPEN_SECONDS)
    rows = SqlAllocated(engine, experiment.experiment_id)
    return AllocatedUsers(split_of(release), experiment.salt, rows, engine.dispose)


def warm_up(path: RequestPath) -> None:
    """Asks once in each way, so that no client waits for what is computed at first use."""
    items = path.bundle.items
    users = [*path.bundle.user_ids[-1:], "\N{REPLACEMENT CHARACTER}"]
    for user_id in users:
        path.recommend(RecommendRequest(user_id=user_id), "warm-up")
    path.search(SearchRequest(query="something like this, by somebody, under 2 hours"), "warm-up")
    path.onboarding.ask((), (), 1)
    if len(items):
        path.similar(SimilarRequest(item_id=items.ids[0]), "warm-up")
