"""The loop with keys on, as a user runs it: keys first, then `recops up`, a retraining and a promotion by Prefect."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.whole_stack import WholeStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ASKED = {"user_id": "1", "k": 10}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WholeStack, dict[str, str]]]:
    stack = WholeStack(tmp_path_factory.mktemp("guarded"))
    stack.environment |= {"RECOPS_KEYS": "on"}
    try:
        assert "recops keys make" in stack.recops("up", check=False)
        made = {"ann": made_key(stack, "ann", "--role", "operator")}
        stack.environment["RECOPS_OPERATOR_KEY"] = made["ann"]
        made["shop"] = made_key(stack, "shop")
        made["club"] = made_key(stack, "club", "--tenant", "club")
        stack.environment["RECOPS_KEY"] = made["shop"]
        stack.environment["PREFECT_API_AUTH_STRING"] = json.loads(stack.recops("keys", "prefect", "--json"))["login"]
        assert "keys: on, 3 good" in stack.recops("up")
        yield stack, made
    finally:
        stack.recops("down", check=False)
        assert stack.processes() == []


def made_key(stack: WholeStack, *arguments: str) -> str:
    return str(json.loads(stack.recops("keys", "make", *arguments, "--json"))["key"])


def ask(stack: WholeStack, path: str, key: str | None, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    headers = {"content-type": "application/json"} | ({} if key is None else {"authorization": f"Bearer {key}"})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{stack.ports['GATEWAY']}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310 - our own server
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_gateway_answers_who_has_a_key_and_nobody_else(keys: tuple[WholeStack, dict[str, str]]) -> None:
    stack, made = keys
    assert ask(stack, "/recommend", None, ASKED)[0] == 401
    status, known = ask(stack, "/recommend", made["shop"], ASKED)
    assert (status, known["route"], len(known["items"])) == (200, "cf", 10)
    status, guest = ask(stack, "/recommend", made["club"], ASKED)
    assert (status, guest["user_id"]) == (200, "1")
    assert guest["route"] != "cf"


def test_a_retraining_and_a_promotion_by_prefect_want_its_password(keys: tuple[WholeStack, dict[str, str]]) -> None:
    stack, made = keys
    before = ask(stack, "/release", made["shop"])[1]
    login = stack.environment.pop("PREFECT_API_AUTH_STRING")
    assert "'Completed'" not in stack.flow("retrain/default", check=False)
    stack.environment["PREFECT_API_AUTH_STRING"] = login
    for deployment, parameters in (("ingest", ["--param", "until=95%"]), ("retrain", []), ("promote", [])):
        assert "'Completed'" in stack.flow(f"{deployment}/default", *parameters)
    after = ask(stack, "/release", made["shop"])[1]
    assert after["release"] != before["release"]
    assert ask(stack, "/recommend", made["shop"], ASKED)[1]["release"] == after["release"]


def test_an_operators_key_is_asked_for_and_what_it_does_is_written_down(
    keys: tuple[WholeStack, dict[str, str]],
) -> None:
    stack, made = keys
    now = ask(stack, "/release", made["shop"])[1]["release"]
    stack.environment["RECOPS_OPERATOR_KEY"] = made["shop"]
    assert "operator" in stack.recops("rollback", check=False)
    assert ask(stack, "/release", made["shop"])[1]["release"] == now
    stack.environment["RECOPS_OPERATOR_KEY"] = made["ann"]
    assert json.loads(stack.recops("rollback", "--json"))["live"] != now
    actions = [each["action"] for each in json.loads(stack.recops("audit", "--json"))]
    assert "refused: rollback" in actions
    assert "rollback" in actions


def test_each_tenant_is_counted_apart(keys: tuple[WholeStack, dict[str, str]]) -> None:
    stack, _ = keys
    counted = {each["tenant"]: each for each in json.loads(stack.recops("tenants", "--json"))}
    assert set(counted) == {"default", "club"}
    assert counted["club"]["users"] == 1
