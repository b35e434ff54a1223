"""With keys of two tenants: neither sees, changes, forgets, spends or speaks for what is the other's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bentos.asgi_app import RecopsApp
from bentos.key_ring import REFRESH_SECONDS
from bentos.openapi import BODIES as MODELS
from bentos.served_release import BUNDLE, ServedExperiment, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.access.tenants import SEPARATOR, own_id
from components.access.user_token import sign_token
from components.adapters.store.engine import migrate, reading
from components.adapters.store.forgetting import forget_user
from components.adapters.store.tables import api_keys, exposures, feedback, requests
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.serving.requests import RecommendRequest
from jobs.access.manage_keys import NewKey, TenantRefused, make, rotate
from jobs.wiring.workbench import Workbench
from tests.asgi_client import Reply, call
from tests.worlds import make_bundle

GATEWAY = {"x-forwarded-for": "203.0.113.7"}
USER = "8"
BODIES: dict[str, Any] = {
    "/recommend": {"user_id": USER},
    "/search": {"query": "drama", "user_id": USER},
    "/chat": {"message": "drama", "user_id": USER},
    "/explain": {"item_id": "105", "user_id": USER},
    "/onboarding": {"user_id": USER, "answers": [{"item_id": "120", "likes": True}]},
    "/similar": {"item_id": "105"},
    "/feedback": {"user_id": USER, "item_id": "101", "type": "click"},
    "/prefetch": {"user_ids": [USER], "requests": [{"user_id": USER, "k": 3}]},
}
RELEASE = ServedRelease(
    release_id="release-1",
    variants=(
        ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200), name="control", share=0.5),
        ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=100), name="other", share=0.5),
    ),
    experiment=ServedExperiment(experiment_id="trial", salt="s"),
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    bench = Workbench(Settings(home=tmp_path / "home", slot="blue", keys="on", requests_per_key_minute=600))
    migrate(bench.settings.store_url)
    yield bench
    bench.close()


@pytest.fixture
def made(bench: Workbench) -> dict[str, NewKey]:
    now = time.time()
    return {
        "own": make(bench, "own", "server", None, now, "test"),
        "shop": make(bench, "shop", "server", None, now, "test", tenant="shop"),
        "club": make(bench, "club", "server", None, now, "test", tenant="club"),
        "app": make(bench, "app", "client", None, now, "test", tenant="shop"),
    }


@pytest.fixture
def app(tmp_path: Path, bench: Workbench, made: dict[str, NewKey]) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE)
    RELEASE.write(tmp_path / "src")
    app = build_app(bench.settings, tmp_path / "src", busy_seconds=0.2)
    yield app
    app.close()


def ask(app: RecopsApp, key: NewKey, path: str, body: Any = None, user: str | None = None) -> Reply:
    headers = {**GATEWAY, "authorization": f"Bearer {key.text}", "x-request-id": "named-by-the-client"}
    if user is not None:
        assert key.signing_secret is not None
        headers["x-recops-user-token"] = sign_token(key.signing_secret, key.key.key_id, user, time.time() + 60)
    return call(app, "POST", path, BODIES[path] if body is None else body, headers)


def stored(bench: Workbench, column: Any) -> list[Any]:
    with reading(bench.store.engine) as db:
        return list(db.execute(select(column).order_by(column.table.primary_key.columns[0])).scalars())


def items(reply: Reply) -> list[str]:
    return [each["item_id"] for each in reply.json["items"]]


def test_a_user_that_training_knows_is_a_stranger_under_another_tenants_key(
    app: RecopsApp, made: dict[str, NewKey]
) -> None:
    assert ask(app, made["own"], "/recommend").json["route"] == "cf"
    stranger = ask(app, made["own"], "/recommend", {"user_id": "nobody"}).json
    guest = ask(app, made["shop"], "/recommend").json
    assert stranger["route"] == guest["route"] != "cf"
    assert guest["user_id"] == USER


@pytest.mark.parametrize("changed", ["own", "shop"])
def test_what_one_tenant_tells_of_a_user_changes_no_answer_of_anothers(
    app: RecopsApp, made: dict[str, NewKey], changed: str
) -> None:
    others = [name for name in ("own", "shop", "club") if name != changed]
    before = {name: items(ask(app, made[name], "/recommend")) for name in ("own", "shop", "club")}
    for item in before[changed][:5]:
        event = {"user_id": USER, "item_id": item, "type": "dislike", "event_id": item}
        assert ask(app, made[changed], "/feedback", event).status == 202
    assert set(items(ask(app, made[changed], "/recommend"))).isdisjoint(before[changed][:5])
    for name in others:
        assert items(ask(app, made[name], "/recommend")) == before[name]


@pytest.mark.parametrize("path", list(BODIES))
def test_nothing_that_is_stored_or_told_mixes_the_users_of_two_tenants(
    app: RecopsApp, bench: Workbench, made: dict[str, NewKey], path: str
) -> None:
    for name, user in (("own", None), ("shop", None), ("club", None), ("app", USER)):
        if path == "/prefetch" and name == "app":
            continue
        reply = ask(app, made[name], path, user=user)
        assert reply.status in (200, 202), reply.body
        assert SEPARATOR.encode() not in reply.body
        assert b"\\u001f" not in reply.body
    app.close()
    for table in (feedback, requests):
        pairs = zip(stored(bench, table.c.user_id), stored(bench, table.c.tenant), strict=True)
        assert all(own_id(tenant, USER) == user for user, tenant in pairs)
    expected = {"/recommend": 4, "/feedback": 0, "/onboarding": 0}
    if path in expected:
        assert len(stored(bench, requests.c.tenant)) == expected[path]
    if path in ("/feedback", "/onboarding"):
        assert sorted(stored(bench, feedback.c.tenant)) == ["club", "default", "shop", "shop"]


def test_every_body_that_names_a_user_names_one_of_the_tenants() -> None:
    for model in MODELS.values():
        for name in model.model_fields:
            if name == "user_id":
                rest = {"item_id": "1", "message": "m", "query": "q", "type": "click"}
                body = {field: rest[field] for field in model.model_fields if field in rest} | {"user_id": USER}
                assert model.model_validate(body, context={"tenant": "shop"}).user_id == own_id("shop", USER)  # type: ignore[attr-defined]
    batch = MODELS["/prefetch"].model_validate(BODIES["/prefetch"], context={"tenant": "shop"})
    made: list[RecommendRequest] = batch.all_requests()  # type: ignore[attr-defined]
    assert [each.user_id for each in made] == [own_id("shop", USER)] * 2


def test_nobody_names_a_user_of_another_tenant(app: RecopsApp, made: dict[str, NewKey]) -> None:
    theirs = own_id("shop", USER)
    for path, body in BODIES.items():
        if "user_id" in body:
            for key in (made["own"], made["club"], made["shop"]):
                assert ask(app, key, path, {**body, "user_id": theirs}).status == 422
    assert ask(app, made["own"], "/prefetch", {"user_ids": [theirs]}).status == 422
    assert ask(app, made["app"], "/recommend", {"user_id": USER}, user=theirs).status == 401


def test_a_guests_id_leaves_room_for_its_tenant(app: RecopsApp, made: dict[str, NewKey]) -> None:
    longest = 256 - len("shop") - 1
    assert ask(app, made["shop"], "/recommend", {"user_id": "u" * longest}).status == 200
    assert ask(app, made["shop"], "/recommend", {"user_id": "u" * (longest + 1)}).error[0] == 422
    assert ask(app, made["own"], "/recommend", {"user_id": "u" * 256}).status == 200


def test_a_conversation_goes_on_for_its_own_tenant_alone(app: RecopsApp, made: dict[str, NewKey]) -> None:
    begun = ask(app, made["shop"], "/chat").json["conversation_id"]
    for other in ("own", "club"):
        reply = ask(app, made[other], "/chat", {"message": "and", "conversation_id": begun})
        assert reply.error == (404, "unknown_conversation", "conversation_id")


def test_a_guests_request_id_keeps_nobody_elses_row_from_the_log(
    app: RecopsApp, bench: Workbench, made: dict[str, NewKey]
) -> None:
    ask(app, made["shop"], "/recommend")
    ask(app, made["own"], "/recommend")
    app.close()
    by_id = dict(zip(stored(bench, requests.c.request_id), stored(bench, requests.c.tenant), strict=True))
    assert by_id["named-by-the-client"] == "default"
    assert sorted(by_id.values()) == ["default", "shop"]


def test_guests_take_part_in_no_experiment(app: RecopsApp, bench: Workbench, made: dict[str, NewKey]) -> None:
    for name in ("own", "shop", "club"):
        ask(app, made[name], "/recommend")
    app.close()
    assert stored(bench, exposures.c.user_id) == [USER]


def test_forgetting_a_user_forgets_nobody_of_the_same_name(
    app: RecopsApp, bench: Workbench, made: dict[str, NewKey]
) -> None:
    for name in ("own", "shop", "club"):
        assert ask(app, made[name], "/feedback").status == 202
        ask(app, made[name], "/recommend")
    app.close()
    forget_user(bench.store.engine, own_id("shop", USER), time.time(), "test")
    for table in (feedback, requests):
        assert sorted(stored(bench, table.c.tenant)) == ["club", "default"]


def test_a_key_that_is_moved_to_another_tenant_in_the_store_opens_nothing(
    app: RecopsApp, bench: Workbench, made: dict[str, NewKey]
) -> None:
    for name, to in (("shop", "club"), ("club", "default"), ("own", "shop")):
        with bench.store.engine.begin() as db:
            moved = api_keys.c.key_id == made[name].key.key_id
            db.execute(update(api_keys).where(moved).values(tenant=to))
    time.sleep(REFRESH_SECONDS * 3)
    for name in ("shop", "club", "own"):
        assert ask(app, made[name], "/recommend").error == (401, "key_needed", None)


def test_guests_get_no_key_that_sees_or_changes_the_whole_stack(bench: Workbench) -> None:
    for role in ("operator", "viewer"):
        with pytest.raises(TenantRefused):
            make(bench, "x", role, None, time.time(), "test", tenant="shop")  # type: ignore[arg-type]
    for name in ("", "Shop", "a b", "x" * 33, "-x", f"a{SEPARATOR}b"):
        with pytest.raises(TenantRefused):
            make(bench, "x", "server", None, time.time(), "test", tenant=name)


def test_a_rotated_key_stays_with_its_tenant(bench: Workbench, made: dict[str, NewKey]) -> None:
    assert rotate(bench, made["shop"].key.key_id, 0, time.time(), "test").key.tenant == "shop"


def test_a_guests_server_is_held_to_the_limit_of_a_key_and_the_stacks_own_is_not(
    app: RecopsApp, made: dict[str, NewKey]
) -> None:
    def refused(name: str) -> int:
        return sum(ask(app, made[name], "/similar").status == 429 for _ in range(130))

    assert refused("shop") > 0
    assert refused("club") > 0
    assert refused("own") == 0


def test_the_store_counts_each_tenant(app: RecopsApp, bench: Workbench, made: dict[str, NewKey]) -> None:
    from components.adapters.store.traffic.by_tenant import figures_by_tenant

    for name in ("own", "shop", "shop"):
        ask(app, made[name], "/recommend")
    ask(app, made["shop"], "/feedback")
    app.close()
    found = {each.tenant: (each.keys, each.users, each.requests, each.events) for each in _all(bench)}
    assert found == {"default": (1, 1, 1, 0), "club": (1, 0, 0, 0), "shop": (2, 1, 2, 1)}
    assert figures_by_tenant(bench.store.engine, time.time() + 1)[0].requests == 0


def _all(bench: Workbench) -> Any:
    from components.adapters.store.traffic.by_tenant import figures_by_tenant

    with reading(bench.store.engine) as db:
        assert db.execute(select(func.count()).select_from(requests)).scalar_one() == 3
    return figures_by_tenant(bench.store.engine, 0.0)
