"""With keys on: who may ask what, each cell of the table, for whom, and for how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bentos.asgi_app import RecopsApp
from bentos.key_ring import REFRESH_SECONDS, KeyRing
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.access.roles import ALLOWED, ROLES, Role
from components.access.user_token import sign_token
from components.adapters.store.access.keys import SqlKeys
from components.adapters.store.engine import migrate, open_engine
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from jobs.access.manage_keys import NewKey, make, revoke, rotate
from jobs.wiring.workbench import Workbench
from tests.asgi_client import Reply, call
from tests.worlds import make_bundle

GATEWAY = {"x-forwarded-for": "203.0.113.7"}
CLICK: dict[str, Any] = {"user_id": "8", "item_id": "101", "type": "click"}
BODIES: dict[str, Any] = {
    "/recommend": {"user_id": "8"},
    "/search": {"query": "drama", "user_id": "8"},
    "/onboarding": {"user_id": "8", "answers": [{"item_id": "120", "likes": True}]},
    "/explain": {"item_id": "105", "user_id": "8"},
    "/chat": {"message": "drama", "user_id": "8"},
    "/similar": {"item_id": "105"},
    "/feedback": CLICK,
    "/prefetch": {"user_ids": ["8"]},
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    bench = Workbench(Settings(home=tmp_path / "home", slot="blue", keys="on"))
    migrate(bench.settings.store_url)
    yield bench
    bench.close()


@pytest.fixture
def made(bench: Workbench) -> dict[Role, NewKey]:
    return {role: make(bench, role, role, None, time.time(), "test") for role in ROLES}


@pytest.fixture
def app(tmp_path: Path, bench: Workbench, made: dict[Role, NewKey]) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    app = build_app(bench.settings, tmp_path / "src", busy_seconds=0.2)
    yield app
    app.close()


def shown(key: NewKey, user_id: str | None = None, seconds: float = 600.0) -> dict[str, str]:
    """The headers that a client sends with this key, for this user."""
    headers = {**GATEWAY, "authorization": f"Bearer {key.text}"}
    if user_id is not None:
        assert key.signing_secret is not None
        token = sign_token(key.signing_secret, key.key.key_id, user_id, time.time() + seconds)
        headers["x-recops-user-token"] = token
    return headers


def ask(app: RecopsApp, path: str, headers: dict[str, str], body: Any = None) -> Reply:
    method = "POST" if path in BODIES else "GET"
    return call(app, method, path, BODIES.get(path, b"") if body is None else body, headers)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", list(ALLOWED))
def test_each_cell_of_the_table(app: RecopsApp, made: dict[Role, NewKey], path: str, role: Role) -> None:
    reply = ask(app, path, shown(made[role], "8" if role == "client" else None))
    if role in ALLOWED[path]:
        assert reply.status in (200, 202)
    else:
        assert reply.error == (403, "not_allowed", None)


@pytest.mark.parametrize("path", list(ALLOWED))
def test_without_a_good_key_nothing_is_answered(app: RecopsApp, made: dict[Role, NewKey], path: str) -> None:
    good = made["server"].text
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    for value in ("", good, "Bearer", f"Bearer {wrong}", f"Basic {good}", "Bearer rk_00_11", "Bearer \xff"):
        reply = ask(app, path, {**GATEWAY, "authorization": value})
        assert reply.error == (401, "key_needed", None)
        assert reply.headers["www-authenticate"] == "Bearer"
    assert ask(app, path, GATEWAY).status == 401
    for open_page in ("/livez", "/readyz"):
        assert ask(app, open_page, GATEWAY).status == 200


def test_a_client_speaks_for_the_user_of_its_token_alone(app: RecopsApp, made: dict[Role, NewKey]) -> None:
    mine = shown(made["client"], "8")
    for path, body in BODIES.items():
        if "user_id" in body:
            assert ask(app, path, mine, {**body, "user_id": "7"}).error == (403, "not_this_user", "user_id")
            assert ask(app, path, shown(made["client"])).error == (403, "not_this_user", "user_id")
    assert ask(app, "/feedback", mine, [CLICK, {**CLICK, "user_id": "7"}]).status == 403
    assert ask(app, "/search", shown(made["client"]), {"query": "drama"}).status == 200


def test_views_that_a_stranger_sends_for_somebody_else_replace_none_of_their_answers(
    app: RecopsApp, made: dict[Role, NewKey]
) -> None:
    def items() -> list[str]:
        return [each["item_id"] for each in ask(app, "/recommend", shown(made["server"])).json["items"]]

    before = items()
    views = [{**CLICK, "type": "view", "item_id": str(101 + n)} for n in range(30)]
    assert ask(app, "/feedback", shown(made["client"], "7"), views).status == 403
    assert items() == before


def test_a_token_that_is_not_right_is_refused(app: RecopsApp, bench: Workbench, made: dict[Role, NewKey]) -> None:
    client, other = made["client"], make(bench, "other", "client", None, time.time(), "test")
    secret, key_id, soon = str(client.signing_secret), client.key.key_id, time.time() + 600
    tokens = {
        "forged": sign_token("0" * 64, key_id, "8", soon),
        "over": sign_token(secret, key_id, "8", time.time() - 1),
        "too long": sign_token(secret, key_id, "8", time.time() + 3 * 86_400),
        "of another key": sign_token(str(other.signing_secret), other.key.key_id, "8", soon),
        "named for another": sign_token(secret, other.key.key_id, "8", soon),
        "unsigned": "eyJhbGciOiJub25lIn0.eyJzdWIiOiI4IiwiZXhwIjo5OTk5OTk5OTk5fQ.",
        "nonsense": "a.b.c",
    }
    for name, token in tokens.items():
        reply = ask(app, "/recommend", {**shown(client), "x-recops-user-token": token})
        assert reply.error == (401, "token_refused", None), name


def test_only_a_server_says_of_what_tier_a_user_is(app: RecopsApp, made: dict[Role, NewKey]) -> None:
    asked: list[Any] = []
    recommend = app._answers.recommend

    async def note(path: Any, request: Any, *rest: Any) -> Any:
        asked.append(request.profile.tier)
        return await recommend(path, request, *rest)

    app._answers.recommend = note  # type: ignore[method-assign]
    body = {"user_id": "8", "profile": {"tier": "premium"}}
    for headers in (shown(made["client"], "8"), shown(made["server"])):
        assert ask(app, "/recommend", headers, body).status == 200
    assert asked == [None, "premium"]


def test_a_key_that_is_taken_back_over_or_rotated_opens_nothing_a_second_later(
    app: RecopsApp, bench: Workbench, made: dict[Role, NewKey]
) -> None:
    short = make(bench, "short", "server", 2.0 / 86_400, time.time(), "test")
    fresh = rotate(bench, made["server"].key.key_id, 0.0, time.time(), "test")
    revoke(bench, made["operator"].key.key_id, time.time(), "test")
    threading.Event().wait(2 * REFRESH_SECONDS)
    for role in ("server", "operator"):
        assert ask(app, "/similar", shown(made[role])).status == 401
    assert ask(app, "/similar", shown(fresh)).status == 200
    threading.Event().wait(max(0.0, (short.key.expires_at or 0) - time.time()))
    assert ask(app, "/similar", shown(short)).status == 401
    assert ask(app, "/similar", shown(made["client"])).status == 200


def test_the_stacks_own_mark_opens_nothing_to_other_machines(app: RecopsApp) -> None:
    probe = {"x-recops-probe": "default"}
    assert call(app, "POST", "/recommend", {"user_id": "8"}, probe).status == 200
    assert call(app, "POST", "/recommend", {"user_id": "8"}, {**probe, **GATEWAY}).status == 401
    assert call(app, "POST", "/forget", {"user_id": "8"}, {**probe, **GATEWAY}).status == 404


def test_who_asks_too_much_is_told_when_to_come_back(app: RecopsApp, made: dict[Role, NewKey]) -> None:
    app._door._now = lambda: 1_000.0
    app._door._secret_of = lambda _key_id: str(made["client"].signing_secret)
    token = sign_token(str(made["client"].signing_secret), made["client"].key.key_id, "8", 1_600.0)
    headers = {**shown(made["client"]), "x-recops-user-token": token}
    replies = [ask(app, "/similar", headers) for _ in range(101)]
    assert [reply.status for reply in replies] == [200] * 100 + [429]
    assert (replies[-1].error, replies[-1].headers["retry-after"]) == ((429, "too_many_requests", None), "1")
    assert ask(app, "/similar", shown(made["server"])).status == 200


def test_answers_made_ahead_are_charged_one_by_one(app: RecopsApp, made: dict[Role, NewKey]) -> None:
    app._door._now = lambda: 1_000.0
    users = {"user_ids": [f"u{n}" for n in range(1_000)]}
    assert ask(app, "/prefetch", shown(made["server"]), users).status == 202
    assert ask(app, "/prefetch", shown(made["server"])).error == (429, "too_many_requests", None)
    assert ask(app, "/prefetch", shown(made["operator"])).status == 202


def test_keys_are_kept_as_digests_with_when_they_were_used(
    app: RecopsApp, bench: Workbench, made: dict[Role, NewKey]
) -> None:
    ask(app, "/similar", shown(made["server"]))
    app.close()
    kept = {key.key_id: key for key in bench.store.keys.all()}
    assert kept[made["server"].key.key_id].last_used_at is not None
    assert kept[made["viewer"].key.key_id].last_used_at is None
    secrets = [key.text.rpartition("_")[2] for key in made.values()]
    held = b"".join(file.read_bytes() for file in bench.settings.root.iterdir() if file.name.startswith("events.db"))
    assert not any(secret.encode() in held for secret in secrets)
    assert [entry["action"] for entry in bench.store.audit.newest(10)] == ["key made"] * 4


def test_a_store_that_is_away_keeps_nobody_out(bench: Workbench, made: dict[Role, NewKey]) -> None:
    engine = open_engine(bench.settings.store_url)
    ring = KeyRing(SqlKeys(engine), engine.dispose, time.time, refresh_seconds=0.01)
    away = bench.settings.root / "away"
    (bench.settings.root / "events.db").rename(away)
    threading.Event().wait(0.1)
    assert ring.find(made["server"].text) is not None
    away.rename(bench.settings.root / "events.db")
    ring.close()


@pytest.mark.parametrize("name", ["x-recops-address", "x-forwarded-for"])
@pytest.mark.parametrize("path", ["/recommend", "/metrics"])
def test_who_claims_to_be_this_machine_is_not_taken_for_the_stack(app: RecopsApp, name: str, path: str) -> None:
    assert ask(app, path, {name: "127.0.0.1", "x-recops-probe": "control"}).status == 401
