"""What a user says through one slot changes the next answer of the other, by the very ranking that was trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.ranking.fitted_pipeline import FittedPipeline
from components.recommenders.history import History
from components.serving.bundle import Bundle, read_bundle
from tests.asgi_client import call
from tests.pipeline_worlds import write_pipeline_bundle


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Even users like even items and odd users odd ones; 12 of 40 items each."""
    folder = tmp_path_factory.mktemp("release")
    write_pipeline_bundle(folder / BUNDLE, n_users=60, n_items=40, n_each=12)
    routing = RoutingConfig(cold_start_threshold=2, candidates=100)
    ServedRelease(release_id="release-1", variants=(ServedVariant(routing=routing),)).write(folder)
    return folder


@pytest.fixture
def slots(release: Path, tmp_path: Path) -> Iterator[tuple[RecopsApp, RecopsApp]]:
    """Blue and green over one store."""
    migrate(Settings(home=tmp_path).store_url)
    apps = [build_app(Settings(home=tmp_path, slot=name), release, read_seconds=10.0) for name in ("blue", "green")]
    yield apps[0], apps[1]
    for app in apps:
        app.close()


@pytest.fixture(scope="module")
def bundle(release: Path) -> Bundle:
    return read_bundle(release / BUNDLE)


def tell(app: RecopsApp, user: str, kind: str, *items: str, value: float | None = None) -> None:
    rows = [{"user_id": user, "item_id": item, "type": kind, "value": value} for item in items]
    assert call(app, "POST", "/feedback", rows).json == {"accepted": len(items), "duplicates": 0}


def ask(app: RecopsApp, user: str, k: int = 8) -> dict[str, Any]:
    answer: dict[str, Any] = call(app, "POST", "/recommend", {"user_id": user, "k": k}).json
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def odd(answer: dict[str, Any]) -> int:
    return sum(int(item[1:]) % 2 for item in ids(answer))


def test_three_ratings_through_blue_turn_the_next_answer_of_green_and_are_its_reasons(
    slots: tuple[RecopsApp, RecopsApp],
) -> None:
    blue, green = slots
    before = ask(green, "newcomer")
    assert before["route"] == "popularity"
    tell(blue, "newcomer", "rating", "i03", "i07", "i11", value=5.0)
    after = ask(green, "newcomer")
    assert (after["route"], after["degraded"], after["slot"]) == ("fold_in", False, "green")
    assert odd(after) > odd(before)
    told = ("Film 3", "Film 7", "Film 11")
    first = [item["explanation"] for item in after["items"][:3]]
    assert all(text.startswith(tuple(f"Because you liked {title}: " for title in told)) for text in first)


def test_a_dislike_through_blue_turns_the_next_answer_of_green_and_a_rating_turns_it_back(
    slots: tuple[RecopsApp, RecopsApp],
) -> None:
    blue, green = slots
    tell(blue, "wavering", "rating", "i03", "i07", "i08", value=5.0)
    before = ask(green, "wavering")
    tell(blue, "wavering", "dislike", "i03", "i07")
    after = ask(green, "wavering")
    assert odd(after) < odd(before)
    assert not {"i03", "i07"} & set(ids(after))
    tell(blue, "wavering", "rating", "i03", "i07", value=5.0)
    assert odd(ask(green, "wavering")) > odd(after)


def test_a_dislike_of_what_training_knows_as_liked_counts_at_once_as_after_a_training(
    slots: tuple[RecopsApp, RecopsApp], bundle: Bundle
) -> None:
    blue, green = slots
    pipeline = bundle.primary
    assert isinstance(pipeline, FittedPipeline)
    user, row = "u02", bundle.user_row["u02"]
    known = pipeline.histories.of(row)
    liked = int(known.items[known.liked][0])
    unchanged = ask(green, user)
    assert ids(unchanged) == [bundle.items.ids[each] for each in pipeline.kept(row).ranking.items[:8].tolist()]
    tell(blue, user, "dislike", bundle.items.ids[liked])
    rest = known.without(liked)
    disliked = History(
        np.append(rest.items, np.int32(liked)),
        np.append(rest.values, np.float32(bundle.manifest.dislike_value)),
        np.append(rest.liked, np.False_),
        np.append(rest.seconds, 1 << 40),
    )
    expected = pipeline.rank(disliked, np.empty(0, np.int32)).ranking
    after = ask(green, user)
    assert ids(after) == [bundle.items.ids[each] for each in expected.items[:8].tolist()]
    assert [item["score"] for item in after["items"]] == pytest.approx(expected.scores[:8].tolist())
    assert after["items"] != unchanged["items"]
