"""A world of `benchmarks.shadow_world` as the service would have logged it, and a server that speaks for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from benchmarks.shadow_world import (
    CHAMPION,
    HORIZON,
    ITEMS,
    PRICE,
    TIER,
    TITLES,
    Habits,
    Skill,
    World,
    draw_world,
    scripted_order,
)
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from components.adapters.files.params_file import read_params
from components.adapters.llm.claude import Claude
from components.adapters.mlflow.prompts import PromptVersion
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.llm.evaluations import EvaluationStore
from components.adapters.store.tables import feedback, requests
from components.config.llm import LlmConfig
from components.params.params import Params
from components.serving.bundle import ITEMS as ITEMS_FILE
from components.serving.catalogue import Catalogue, write_catalogue
from jobs.live_release import ReleaseFiles
from jobs.prompts.evaluation import ComparedPrompts
from jobs.prompts.evaluator import Evaluator
from jobs.prompts.shadow_model import make_terms, warm_up
from tests.messages_server import Says, Script

PROJECT = Path(__file__).parents[1]
RELEASE = "release-1"
PATIENT = TIER.model_copy(update={"timeout_ms": 20_000})
"""On a busy machine a scripted reply may take longer than a user would wait, and that is not what is tested."""
LLM = LlmConfig(tiers=[PATIENT], prices=[PRICE], fusion_weight=1.0)
Missing = dict[str, NDArray[np.bool_]]


def prompt_text(version: str, extra: str = "") -> str:
    return f"# System\n\nScript {version}\n{extra}\n# User\n\n{{{{person}}}}\n{{{{candidates}}}}\n{{{{wanted}}}}\n"


def pair(challenger_text: str | None = None) -> ComparedPrompts:
    return ComparedPrompts(
        PromptVersion(1, prompt_text("1"), "the first", ("champion",), 0.0),
        PromptVersion(2, challenger_text or prompt_text("2"), "the second", (), 0.0),
    )


@dataclass
class Logged:
    """The world in an event store, and what an evaluation of it needs."""

    store: EvaluationStore
    world: World
    missing: Missing
    params: Params
    live: ReleaseFiles
    now: float

    def evaluator(self, base_url: str, report: Callable[[str], None] = lambda _: None) -> Evaluator:
        params = self.params.shadow

        async def open_client() -> Claude:
            await warm_up(LLM)
            return Claude(LLM, base_url, None)

        return Evaluator(
            self.store,
            open_client,
            make_terms(LLM, PATIENT, self.live.items, params),
            self.params,
            self.live,
            lambda _: self.live,
            report,
            lambda: self.now,
        )

    def script(self) -> Script:
        """What the scripted model says, over HTTP."""

        def answer(body: dict[str, Any], n: int) -> Says:
            system = body["system"][0]["text"]
            order = scripted_order(self.world, self.missing, system, body["messages"][0]["content"])
            return Says(json.dumps({"order": order}))

        return answer


def log_world(folder: Path, n: int, challenger: Skill, habits: Habits, seed: int = 0, **changes: Any) -> Logged:
    """`n` requests with what their users did, in a new event store; `changes` are parameters of `shadow`."""
    url = f"sqlite:///{folder / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    world, missing, done = draw_world(np.random.default_rng(seed), n, Skill(1.0), challenger, habits)
    with engine.begin() as db:
        db.execute(insert(requests), [_row(world, row) for row in range(n)])
        db.execute(
            insert(feedback),
            [
                {
                    "event_id": f"e{number}",
                    "request_id": one.request_id,
                    "user_id": one.user_id,
                    "item_id": one.item_id,
                    "type": "click",
                    "occurred_at": one.at,
                    "received_at": one.at,
                }
                for number, one in enumerate(done)
            ],
        )
    (folder / BUNDLE).mkdir()
    genres = tuple(item.category for item in ITEMS)
    write_catalogue(
        folder / BUNDLE / ITEMS_FILE, Catalogue(TITLES, TITLES, genres, ((),) * len(TITLES), (None,) * len(TITLES))
    )
    params = read_params(PROJECT / "params.yaml")
    shadow = params.shadow.model_copy(update={"lookback_hours": 1e7, "timeout_ms": 20_000, **changes})
    params = params.model_copy(update={"shadow": shadow})
    variant = ServedVariant(routing=params.routing, llm=LLM, prompt_version=1)
    now = (n + 1) * (HORIZON + 1)
    live = ReleaseFiles(ServedRelease(release_id=RELEASE, variants=(variant,)), folder)
    return Logged(EvaluationStore(engine, lambda: now), world, missing, params, live, now)


def _row(world: World, row: int) -> dict[str, Any]:
    request = world.replays[row].request
    order = [int(film) for film in world.orders[CHAMPION][row]]
    return {
        "request_id": request.request_id,
        "received_at": request.received_at,
        "user_id": request.user_id,
        "k": 10,
        "context": {"context": {"query": f"r{row}"}, "explain": False},
        "route": "hybrid",
        "release_id": RELEASE,
        "slot": "blue",
        "variant": "default",
        "degraded": False,
        "cached": False,
        "candidates": list(request.candidates),
        "scores": list(request.scores),
        "items": list(request.shown),
        "timings_ms": {"llm": 100.0},
        "cost_usd": 9e-5,
        "model_version": 1,
        "prompt_version": "1",
        "n_known": request.n_known,
        "llm": {"tier": "scripted", "outcome": "ok", "order": order, "recent": []},
    }
