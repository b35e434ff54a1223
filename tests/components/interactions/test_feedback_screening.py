"""What looks made up enters no training, and what people do does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.stated_params import stated
from components.config.ingest import FeedbackScreening
from components.interactions.columns import EVENT, ITEM, ORIGIN, PROPENSITY, TIMESTAMP, TYPE, USER, VALUE
from components.interactions.feedback_screening import BURST, CROWD, REASON, TOO_MANY, screen_feedback

CONFIG = stated(FeedbackScreening)
START = pd.Timestamp("2026-01-01", tz="UTC")
DAY = 86_400.0


def rows(*cells: tuple[str, str, float] | tuple[str, str, float, float]) -> pd.DataFrame:
    """(user, item, seconds, propensity), the last left out for what came about without us."""
    made: list[dict[str, Any]] = [
        {
            USER: cell[0],
            ITEM: cell[1],
            VALUE: 5.0,
            TYPE: "click",
            TIMESTAMP: START + pd.Timedelta(seconds=cell[2]),
            ORIGIN: "events",
            EVENT: f"e{n}",
            PROPENSITY: cell[3] if len(cell) == 4 else np.nan,
        }
        for n, cell in enumerate(cells)
    ]
    frame = pd.DataFrame(made, columns=[USER, ITEM, VALUE, TYPE, TIMESTAMP, ORIGIN, EVENT, PROPENSITY])
    return frame.astype({TIMESTAMP: "datetime64[ns, UTC]", PROPENSITY: "float64"})


def base() -> pd.DataFrame:
    """100 users with 20 items each, of 500."""
    return rows(*((f"old{user}", f"i{(user * 7 + n) % 500}", -DAY) for user in range(100) for n in range(20)))


def crowd(*more: tuple[float]) -> pd.DataFrame:
    """2,000 made-up users of two posts: item i3, and one to hide behind."""
    posts = [(f"bot{n}", item, n * 60.0, *more) for n in range(2_000) for item in ("i3", f"i{n % 500}")]
    return rows(*dict.fromkeys(posts))  # type: ignore[arg-type]


def test_a_crowd_of_made_up_users_around_one_item_is_quarantined_with_all_it_did() -> None:
    found = screen_feedback(crowd(), base(), CONFIG)
    assert found.crowded == ("i3",)
    assert len(found.kept) == 0
    assert set(found.quarantined[REASON]) == {CROWD}


def test_whom_we_showed_the_item_is_no_crowd() -> None:
    assert screen_feedback(crowd(1.0), base(), CONFIG).crowded == ()


def test_an_item_that_is_advertised_may_be_crowded() -> None:
    found = screen_feedback(crowd(), base(), CONFIG.model_copy(update={"expected_items": ["i3"]}))
    assert len(found.quarantined) == 0


def test_a_crowd_costs_nobody_else_anything() -> None:
    honest = rows(*((f"old{n}", "i3", n) for n in range(100)), *((f"new{n}", f"i{n % 500}", n) for n in range(1_000)))
    events = pd.concat([crowd(), honest], ignore_index=True)
    found = screen_feedback(events.sample(frac=1, random_state=1), base(), CONFIG)
    assert set(found.kept[USER]) == set(honest[USER]) - {"new3", "new503"}
    assert set(found.quarantined[USER]) >= set(crowd()[USER])


def test_many_new_users_with_tastes_of_their_own_are_no_crowd() -> None:
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, 501) ** 0.8
    shares /= shares.sum()
    known = rows(*((f"old{n}", f"i{rng.choice(500, p=shares)}", -DAY) for n in range(5_000)))
    news = rows(*((f"new{n // 3}", f"i{rng.choice(500, p=shares)}", n * 10.0) for n in range(6_000)))
    assert screen_feedback(news, known, CONFIG).crowded == ()


def test_a_burst_is_quarantined_and_what_the_user_did_otherwise_is_not() -> None:
    events = rows(
        *(("bot", f"i{n}", n * 0.5) for n in range(101)),
        ("bot", "i400", DAY),
        *(("quick", f"i{n}", n * 0.6) for n in range(100)),
        *(("reader", f"i{n}", n * 61.0) for n in range(300)),
    )
    found = screen_feedback(events.sample(frac=1, random_state=2), base(), CONFIG)
    assert set(found.quarantined[REASON]) == {BURST}
    assert set(zip(found.quarantined[USER], found.quarantined[ITEM], strict=True)) == {
        ("bot", f"i{n}") for n in range(101)
    }


def test_the_weight_of_one_user_is_bounded_and_the_newest_count() -> None:
    events = rows(*(("fan", f"i{n}", n * DAY) for n in range(700)))
    found = screen_feedback(events.sample(frac=1, random_state=3), base(), CONFIG)
    assert set(found.kept[ITEM]) == {f"i{n}" for n in range(200, 700)}
    assert set(found.quarantined[REASON]) == {TOO_MANY}


def test_without_events_nothing_is_quarantined() -> None:
    found = screen_feedback(rows(), base(), CONFIG)
    assert (len(found.kept), len(found.quarantined), found.crowded) == (0, 0, ())
