"""`recops llm check` asks every tier once, and shows what it gave and what it cost."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.adapters.files.params_file import read_params
from components.config.llm import Chat, LlmConfig, Price, Tier
from components.config.llm_presets import with_local_model
from components.config.settings import Settings
from jobs.prompts.llm_check import LlmCheckError, check_tiers
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports
from tests.messages_server import Says, Status, messages_server

START_SECONDS = 60
PARAMS = read_params(Settings().project / "params.yaml")


def tier(name: str, model: str, url: str, share: float) -> Tier:
    return Tier(name=name, model=model, base_url=url, share=share, timeout_ms=500, max_tokens=100, candidates=20)


def price(model: str, dollars: float) -> Price:
    return Price(model=model, input=dollars, output=dollars, cache_read=0, cache_write=0)


def check(llm: LlmConfig, tmp_path: Path) -> list[dict[str, Any]]:
    clock = itertools.count(0.0, 0.25)
    bench = Workbench(Settings(home=tmp_path), PARAMS.model_copy(update={"llm": llm}))
    return asyncio.run(check_tiers(bench, False, 5.0, lambda: next(clock)))


def test_each_tier_is_a_row_with_its_order_tokens_and_cost(tmp_path: Path) -> None:
    usage = {"input_tokens": 1_000_000, "output_tokens": 500_000, "cache_read_input_tokens": 7}
    with messages_server(
        lambda body, n: Says('{"order": [3, 99, 1]}', usage=usage) if n == 0 else Status(529)
    ) as server:
        llm = LlmConfig(
            tiers=[tier("cheap", "small", server.url, 80), tier("best", "large", server.url, 20)],
            prices=[price("small", 2.0), price("large", 10.0)],
        )
        cheap, best = check(llm, tmp_path)
    assert [body["model"] for body in server.requests] == ["small", "large"]
    assert (cheap["outcome"], cheap["order"]) == ("ok", [3, 1])
    assert cheap["first"] == ["Aladdin (1992)", "Heat (1995)"]
    assert (cheap["input_tokens"], cheap["output_tokens"], cheap["cost_usd"]) == (1_000_007, 500_000, 3.0)
    assert cheap["repairs"]["stranger"] == 1
    assert cheap["latency_ms"] == 250.0
    assert (best["outcome"], best["detail"], best["order"], best["cost_usd"]) == ("overloaded", "status 529", [], 0.0)


def test_without_tiers_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LlmCheckError, match="--local"):
        check(LlmConfig(), tmp_path)


@pytest.fixture
def local_model(tmp_path: Path) -> Iterator[int]:
    """The port of the real small model."""
    port = free_ports(1)[0]
    process = subprocess.Popen(
        [sys.executable, "-m", "components.adapters.llm.local_server"],
        env={**os.environ, "RECOPS_HOME": str(tmp_path), "RECOPS_LLM_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        assert f":{port}/v1/messages" in process.stdout.readline()
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.slow
def test_the_small_local_model_gives_a_real_order_for_nothing(tmp_path: Path, local_model: int) -> None:
    url = f"http://127.0.0.1:{local_model}"
    with urllib.request.urlopen(f"{url}/health", timeout=START_SECONDS) as reply:  # noqa: S310 - our own server
        assert json.loads(reply.read()) == {"status": "ok"}
    environment = {**os.environ, "RECOPS_HOME": str(tmp_path), "RECOPS_LLM_PORT": str(local_model)}
    code = "from cli.main import main; main()"
    command = [sys.executable, "-c", code, "llm", "check", "--local", "--json", "--timeout", "120"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["outcome"], row["model"], row["cost_usd"]) == ("ok", "smollm2", 0.0)
    assert len(row["order"]) == len(set(row["order"])) > 0
    assert set(row["order"]) <= set(range(1, 11))
    assert row["input_tokens"] > 100
    assert row["output_tokens"] > 5


def test_the_preset_names_the_model_as_the_server_does() -> None:
    from components.adapters.llm.local_server import MODEL

    llm = with_local_model(LlmConfig(chat=Chat(enabled=True)), "http://127.0.0.1:1")
    assert (llm.tiers[0].model, llm.chat.enabled) == (MODEL, False)
