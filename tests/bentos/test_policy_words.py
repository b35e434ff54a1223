"""What a request may say of the items it wants, and what operators switch off, on the apps that the root makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.shelves import Shelves
from bentos.wiring import build_app
from components.adapters.store.catalogue.items_off import SqlItemsOff, SwitchedOff
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import shown_items
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.serving.bundle import read_bundle, write_bundle
from tests.asgi_client import call
from tests.worlds import make_bundle

N_ITEMS = 30
PROBE = {"x-recops-probe": "1"}


def write_release(folder: Path, **routing: Any) -> Settings:
    """`make_bundle`, in which item row r costs r and row 29 is not available."""
    bundle = read_bundle(make_bundle(folder / "plain"))
    attributes = tuple({"available": "no" if row == 29 else "yes"} for row in range(N_ITEMS))
    items = replace(bundle.items, prices=tuple(map(float, range(N_ITEMS))), attributes=attributes)
    write_bundle(folder / BUNDLE, replace(bundle, items=items))
    config = RoutingConfig(cold_start_threshold=5, candidates=200, **routing)
    ServedRelease(release_id="release-1", variants=(ServedVariant(routing=config),)).write(folder)
    settings = Settings(home=folder / "home", slot="blue")
    migrate(settings.store_url)
    return settings


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecopsApp]:
    folder = tmp_path_factory.mktemp("release")
    app = build_app(write_release(folder), folder, read_seconds=10.0)
    yield app
    app.close()


def ask(app: RecopsApp, user_id: str = "8", headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    reply = call(app, "POST", "/recommend", {"user_id": user_id, **more}, headers)
    assert reply.status == 200, reply.body
    answer: dict[str, Any] = reply.json
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


@pytest.mark.parametrize("user", ["8", "stranger"])
def test_nothing_is_shown_that_a_filter_leaves_out(app: RecopsApp, user: str) -> None:
    answer = ask(app, user, k=30, filters={"categories": ["comedy"], "price": {"min": 10, "max": 26}})
    assert sorted(ids(answer)) == [str(101 + row) for row in range(10, 27) if row % 3 == 1]
    assert ids(ask(app, user, k=30, filters={"price": {"min": 100}})) == []


def test_a_filter_says_the_same_in_a_search(app: RecopsApp) -> None:
    filters = {"categories": ["comedy"], "price": {"min": 10, "max": 26}, "available": True}
    found = call(app, "POST", "/search", {"k": 30, "filters": filters}).json
    assert sorted(ids(found)) == sorted(ids(ask(app, "stranger", k=30, filters=filters)))
    assert [wish["said"] for wish in found["understood"]] == ["categories", "price"]


@pytest.mark.parametrize("path", ["/recommend", "/search"])
@pytest.mark.parametrize(
    ("filters", "error", "says"),
    [
        ({"colour": ["red"]}, ("unknown_filter", "filters.colour"), "available, categories, labels, price"),
        ({"categories": ["Comdy"]}, ("unknown_value", "filters.categories"), "there are Comedy, Drama, Sci-Fi"),
        ({"price": ["10"]}, ("unknown_filter", "filters.price"), '{"min": 1, "max": 2}'),
        ({"available": False}, ("invalid_field", "filters.available"), "leave the filter out"),
    ],
)
def test_a_bad_filter_is_refused_with_what_there_is(
    app: RecopsApp, path: str, filters: Any, error: tuple[str, str], says: str
) -> None:
    reply = call(app, "POST", path, {"user_id": "8", "filters": filters})
    assert reply.error == (422, *error)
    assert says in reply.json["error"]["message"]


def test_a_prefetch_with_a_bad_filter_is_refused_and_names_the_request(app: RecopsApp) -> None:
    requests = [{"user_id": "8"}, {"user_id": "7", "filters": {"colour": ["red"]}}]
    reply = call(app, "POST", "/prefetch", {"requests": requests})
    assert reply.error == (422, "unknown_filter", "requests[1].filters.colour")


@pytest.mark.parametrize("user", ["8", "stranger"])
def test_a_given_list_is_ranked_and_nothing_else_shown(app: RecopsApp, user: str) -> None:
    whole = ids(ask(app, user, k=30))
    asked = ["109", "128", "120", "115", "no such item"]
    assert ids(ask(app, user, k=30, include=asked)) == [each for each in whole if each in asked]
    assert ids(ask(app, user, k=30, include=["no such item"])) == []
    assert ids(ask(app, user, k=30, include=asked, exclude=["128"])) == [
        each for each in whole if each in asked and each != "128"
    ]


def test_what_is_known_comes_again_where_that_is_allowed(app: RecopsApp) -> None:
    seen = {str(101 + row) for row in range(7)}
    assert not seen & set(ids(ask(app, k=30)))
    assert seen <= set(ids(ask(app, k=30, allow_seen=True)))
    assert ids(ask(app, k=30, include=["101", "120"])) == ["120"]
    assert set(ids(ask(app, k=30, include=["101", "120"], allow_seen=True))) == {"101", "120"}


@given(
    user=st.sampled_from(["1", "4", "8", "stranger"]),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    diversity=st.sampled_from([None, 0.5]),
    filters=st.sampled_from([{}, {"categories": ["Drama", "Comedy"]}]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_repeat_nothing_and_leave_nothing_out(
    app: RecopsApp, user: str, sizes: list[int], diversity: float | None, filters: dict[str, list[str]]
) -> None:
    more = {"filters": filters, "diversity": diversity}
    shown: list[str] = []
    cursor: str | None = None
    for size in sizes:
        answer = ask(app, user, k=size, cursor=cursor, **more)
        shown += ids(answer)
        cursor = answer["next"]
        assert (len(answer["items"]) == size) == (cursor is not None)
        assert [item["rank"] for item in answer["items"]] == list(range(1, len(answer["items"]) + 1))
        if cursor is None:
            break
    assert len(shown) == len(set(shown))
    whole = ids(ask(app, user, k=100, **more))
    assert set(shown) <= set(whole)
    if cursor is None:
        assert set(shown) == set(whole)
    if diversity is None:
        assert shown == whole[: len(shown)]


def test_a_page_of_another_user_state_repeats_nothing_either(app: RecopsApp) -> None:
    first = ask(app, "pager", k=5)
    call(app, "POST", "/feedback", [{"user_id": "pager", "item_id": "120", "type": "rating", "value": 5.0}])
    second = ask(app, "pager", k=30, cursor=first["next"])
    assert second["route"] == "fold_in"
    assert not set(ids(first)) & set(ids(second))


def test_a_cursor_of_somebody_else_is_refused(app: RecopsApp) -> None:
    reply = call(app, "POST", "/recommend", {"user_id": "8", "cursor": "page 2"})
    assert reply.error == (422, "invalid_field", "cursor")
    assert "`next`" in reply.json["error"]["message"]


def test_what_the_source_calls_unavailable_is_shown_by_no_way_of_answering(app: RecopsApp) -> None:
    assert "130" not in ids(ask(app, k=100)) + ids(ask(app, "stranger", k=100))
    assert "130" not in ids(ask(app, k=100, include=["130", "129"], allow_seen=True))
    assert "130" not in ids(call(app, "POST", "/search", {"query": "drama", "k": 100}).json)
    assert "130" not in ids(call(app, "POST", "/similar", {"item_id": "105", "k": 100}).json)
    assert "130" in ids(ask(app, k=100, headers=PROBE))


def test_an_item_that_is_switched_off_leaves_every_slot_and_kept_answers_too(tmp_path: Path) -> None:
    blue_settings = write_release(tmp_path)
    slots = [build_app(each, tmp_path) for each in (blue_settings, blue_settings.model_copy(update={"slot": "green"}))]
    engine = open_engine(blue_settings.store_url)
    try:
        before = [ids(ask(slot, k=5)) for slot in slots]
        first = before[0][0]
        SqlItemsOff(engine).switch_off([SwitchedOff(first, time.time(), None, "sold out", "test")])
        for slot in slots:
            slot._answers._shelves._read()
        after = [ids(ask(slot, k=5)) for slot in slots]
        assert after[0] == after[1]
        assert after[0][:4] == before[0][1:]
        assert SqlItemsOff(engine).switch_on([first, "never off"]) == 1
        for slot in slots:
            slot._answers._shelves._read()
        assert [ids(ask(slot, k=5)) for slot in slots] == before
    finally:
        engine.dispose()
        for slot in slots:
            slot.close()


def test_a_slot_sees_by_itself_what_is_switched_off_and_when_it_comes_back(tmp_path: Path) -> None:
    settings = write_release(tmp_path)
    app = build_app(settings, tmp_path)
    engine = open_engine(settings.store_url)
    clock = [1000.0]
    path = app._variants.control
    items_off = SqlItemsOff(engine)
    shelves = Shelves(
        [path],
        items_off,
        None,
        RoutingConfig(cold_start_threshold=5, candidates=200).new_items,
        engine.dispose,
        lambda: clock[0],
        refresh_seconds=0.005,
    )
    try:
        items_off.switch_off([SwitchedOff("108", 0, 2000.0, "", "test"), SwitchedOff("gone", 0, None, "", "test")])
        assert wait(lambda: shelves.of(path).off.tolist() == [7, 29])
        clock[0] = 2000.0
        assert wait(lambda: shelves.of(path).off.tolist() == [29])
    finally:
        shelves.close()
        app.close()


def wait(holds: Any, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(holds())


def test_places_that_new_items_get_are_logged_with_their_chance_and_not_kept(tmp_path: Path) -> None:
    settings = write_release(tmp_path, new_items={"share": 0.5, "max_interactions": 2, "depth": 5})
    app = build_app(settings, tmp_path)
    try:
        answers = [ask(app, "8", k=5) for _ in range(20)]
    finally:
        app.close()
    new = [item for answer in answers for item in answer["items"] if item["source"] == "new_items"]
    assert new
    assert {item["explanation"] for item in new} == {"New here, and fits the taste in your history"}
    assert all(int(item["item_id"]) >= 107 for item in new)
    assert len({tuple(ids(answer)) for answer in answers}) > 1
    engine = open_engine(settings.store_url)
    with reading(engine) as db:
        rows = db.execute(select(shown_items.c.source, shown_items.c.propensity)).all()
    engine.dispose()
    assert {row.propensity for row in rows if row.source == "new_items"} == {0.1}
    assert {row.propensity for row in rows if row.source != "new_items"} == {0.5}
