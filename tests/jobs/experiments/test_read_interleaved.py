"""An interleaved experiment is read from what services logged: by who placed what people clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from components.adapters.files.params_file import read_params
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.declared import PlannedSize, SqlExperiments
from components.adapters.store.experiments.interleaved_log import read_interleaved_log
from components.config.settings import Settings
from components.experiments.draft import coin_of, draft_list
from components.experiments.placement import INTERLEAVED, Placement
from jobs.experiments.read import Reading, find_experiment, read_stored
from jobs.wiring.workbench import Workbench
from monitoring.reading_page import markdown_of
from tests.experiment_worlds import DAY, ITEMS, START, declaration, event_row, exposure_row, request_row, write

PARAMS = read_params(Settings().project / "params.yaml")
NAMES = ("control", "varied")
LIKED = {"i0", "i1", "i2"}
"""What everybody clicks more; the one variant shows it first, the other last."""
ORDERS = (ITEMS[::-1], ITEMS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    migrate(settings.store_url)
    experiments = SqlExperiments(open_engine(settings.store_url), lambda: START)
    experiments.declare(declaration(design="interleaved"), PlannedSize(300, 7), "test")
    experiments.serve("exp-1")
    return settings


def drafted_row(request_id: str, user_id: str, at: float, **changes: Any) -> dict[str, Any]:
    drafted = draft_list(*ORDERS, 5, coin_of("exp-1", request_id))
    placement = Placement(NAMES, drafted.placed_by, (2.0, 3.0), (0.0, 0.0), (False, False))
    logged = {"exp-1": changes.pop("placement", placement).as_json()}
    row = request_row(request_id, user_id, at, INTERLEAVED, experiments=logged, items=list(drafted.items), k=5)
    return {**row, **changes}


def fill(engine: Engine, users: int = 300, swapped: bool = False, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    asked, did, exposed = [], [], []
    for user in range(users):
        at = START + float(rng.random()) * DAY
        exposed.append(exposure_row(f"u{user}", INTERLEAVED, at))
        for turn in range(3):
            request_id = f"r{user}-{turn}"
            row = drafted_row(request_id, f"u{user}", at + turn)
            if swapped:
                logged = row["experiments"]["exp-1"]
                row["experiments"] = {
                    "exp-1": {
                        **logged,
                        "variants": NAMES[::-1],
                        "placed_by": [1 - team for team in logged["placed_by"]],
                        "latency_ms": logged["latency_ms"][::-1],
                    }
                }
            asked.append(row)
            for item in row["items"]:
                if rng.random() < (0.5 if item in LIKED else 0.1):
                    did.append(event_row(f"u{user}", item, at + turn + 5, request_id))
    write(engine, asked, did, exposed)


def read(settings: Settings) -> Reading:
    experiment = find_experiment(SqlExperiments(open_engine(settings.store_url)), None)
    return read_stored(Workbench(settings, PARAMS), experiment, START + 8 * DAY)


def test_the_variant_that_placed_what_people_like_wins_and_the_page_says_how(settings: Settings) -> None:
    fill(open_engine(settings.store_url))
    reading = read(settings)
    view = reading.view
    assert (view.verdict, view.winner, view.design) == ("winner", "varied", "interleaved")
    assert (view.users, view.lists) == ((300, 300), 900)
    (latency,) = (line for line in view.lines if line.metric == "latency_ms")
    assert (latency.control, latency.treatment, latency.verdict) == (2.0, 3.0, "unharmed")
    assert "Each list is drafted from both" in reading.page
    assert "per variant" not in reading.page
    assert "| primary | share of the credited clicks | varied |" in markdown_of(view)


def test_two_variants_in_the_other_order_are_read_by_their_names(settings: Settings) -> None:
    fill(open_engine(settings.store_url))
    usual = read_interleaved_log(open_engine(settings.store_url), "exp-1", NAMES, START + 8 * DAY)
    other = Settings(home=settings.root / "other")
    migrate(other.store_url)
    fill(open_engine(other.store_url), swapped=True)
    swapped = read_interleaved_log(open_engine(other.store_url), "exp-1", NAMES, START + 8 * DAY)
    for name in ("began", "clicks", "latency_ms"):
        assert np.array_equal(getattr(usual, name), getattr(swapped, name)), name


def test_only_lists_and_clicks_of_the_experiment_count_each_once(settings: Settings) -> None:
    engine = open_engine(settings.store_url)
    rows = [
        drafted_row("mine", "a", START + 1),
        drafted_row("trial", "a", START + 2, canary=True),
        drafted_row("before", "a", START - 5),
        request_row("lone", "a", START + 3, "control", experiments=None),
        request_row("assigned", "a", START + 3, "control"),
        drafted_row("late", "a", START + 99 * DAY),
    ]
    placement = Placement(("else", "where"), (0, 1, 0, 1, 0), (1.0, 1.0), (0.0, 0.0), (False, False))
    rows.append(drafted_row("others", "a", START + 4, placement=placement))
    first = rows[0]["items"][0]
    clicks = [event_row("a", first, START + 9 + n, "mine") for n in range(2)]
    clicks += [event_row("a", "elsewhere", START + 9, "mine"), event_row("a", first, START + 9, None)]
    clicks += [event_row("a", item, START + 9, each["request_id"]) for each in rows[1:] for item in each["items"]]
    clicks += [event_row("b", rows[0]["items"][1], START + 9, "mine")]
    clicks += [event_row("a", rows[0]["items"][2], START + 9, "mine", type="purchase")]
    write(engine, rows, clicks, [exposure_row(user, INTERLEAVED, START) for user in "ab"])
    log = read_interleaved_log(engine, "exp-1", NAMES, START + 8 * DAY)
    assert len(log.user) == 1
    assert log.clicks.sum() == 1
    assert log.clicks[0, log.began[0]] == 1


def test_nobody_yet_is_undecided(settings: Settings) -> None:
    view = read(settings).view
    assert (view.verdict, view.users, view.users_needed) == ("undecided", (0, 0), 300)
