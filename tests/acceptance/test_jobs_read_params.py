"""Whatever stands in params.yaml is read by some job: a whole stack runs each of them, and its processes record.

What the stages of a retraining read is held apart, leaf by leaf, in tests/test_params_are_read.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from components.adapters.files.params_file import read_params
from components.config.section import Section
from components.params.params import Params
from tests.acceptance.whole_stack import PROJECT, WholeStack
from tests.ingest_worlds import films, ratings
from tests.messages_server import Says, messages_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BY_STAGES = ("data", "code", "prepare", "split", "train", "index", "evaluate", "bundle")
RECORDER = Path(__file__).parent / "params_recorder.py"
HOOK = (
    f"import os; 'RECORDED_PARAMS' in os.environ and exec(open({str(RECORDER)!r}).read(), {{'__name__': 'recorder'}})"
)
RARE = (
    "tests/components/interactions/test_feedback_screening.py",
    "tests/components/ranking/test_open_position.py",
    "tests/components/rollout/test_canary.py",
    "tests/components/rollout/test_canary_judge.py",
    "tests/components/rollout/test_promote.py",
    "tests/components/shadow/test_decision.py",
    "tests/jobs/prompts",
    "tests/monitoring/test_watch.py",
    "tests/monitoring/alerting",
    "tests/bentos/test_language_model.py",
    "tests/bentos/test_chat_by_model.py",
    "tests/bentos/test_read_by_model.py",
    "tests/bentos/test_policy_words.py",
)
"""Tests of a drift, a canary with traffic, a better prompt, a worker beside live traffic, a model that fails,
one that leads conversations and one that reads, places for new items, bursts and crowds in the feedback."""
PROMPT = PROJECT / "prompts" / "recops-rerank.md"


def leaves(model: BaseModel, prefix: str = "") -> dict[str, str]:
    """By path of a leaf, "class.field"."""
    found: dict[str, str] = {}
    for name in type(model).model_fields:
        value = model.__dict__[name]
        inner = value if isinstance(value, list) else [value]
        sections = [one for one in inner if isinstance(one, BaseModel)]
        for one in sections[:1]:
            found |= leaves(one, f"{prefix}{name}.")
        if not sections:
            found[f"{prefix}{name}"] = f"{type(model).__name__}.{name}"
    return found


def unread(params: Params, read: set[str]) -> set[str]:
    return {path for path, leaf in leaves(params).items() if leaf not in read and path.split(".")[0] not in BY_STAGES}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """What is read while each job runs once, and where it decides about what one run does not bring."""
    folder = tmp_path_factory.mktemp("read")
    told = folder / "told"
    told.mkdir()
    hook = Path(sysconfig.get_path("purelib"), "recops_recorded_params.pth")
    hook.write_text(HOOK)
    try:
        with messages_server(lambda body, n: Says()) as model:
            stack = WholeStack(folder / "home")
            stack.environment |= {"RECORDED_PARAMS": str(told), "RECOPS_LLM_BASE_URL": model.url}
            try:
                run_each_job(stack, folder)
            finally:
                stack.recops("down", check=False)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *RARE]
        environment = {**os.environ, "RECORDED_PARAMS": str(told)}
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)
    finally:
        hook.unlink()
    yield {line for file in told.iterdir() for line in file.read_text().splitlines()}


def run_each_job(stack: WholeStack, folder: Path) -> None:
    stack.recops("up")
    for n in range(30):
        answer = stack.ask("/recommend", {"user_id": f"new {n}", "k": 10, "context": {"query": "a comedy"}})
        click = {"user_id": f"new {n}", "item_id": answer["items"][0]["item_id"], "type": "click"}
        stack.ask("/feedback", {**click, "request_id": answer["request_id"]})
    stack.ask("/recommend", {"user_id": "1", "k": 10, "profile": {"tier": "premium"}})
    stack.ask("/prefetch", {"user_ids": ["1", "2"]})
    other = folder / "other.md"
    other.write_text(PROMPT.read_text().replace("# User", "Prefer variety.\n\n# User", 1))
    jobs = [
        ("evaluate-prompt", f"file={other}", "sample_size=10"),
        ("evaluate-prompt", f"file={other}", "mode=live", "fresh=true"),
        ("ingest", "source=events"),
        ("retrain", "alert_id=1"),
        ("promote",),
        ("watch",),
        ("monitor",),
        ("prune",),
    ]
    for name, *parameters in jobs:
        stack.flow(f"{name}/default", *(word for one in parameters for word in ("--param", one)))
    films().to_csv(folder / "items.csv", index=False)
    ratings(100).to_csv(folder / "interactions.csv", index=False)
    stack.recops("data", "check", str(folder), "--options", '{"values": "ratings"}')
    stack.recops("llm", "status", check=False)


def test_every_leaf_is_read_by_a_job(read: set[str]) -> None:
    assert unread(read_params(PROJECT / "params.yaml"), read) == set()


class Forgotten(Section):
    colour: str


class More(Params):
    forgotten: Forgotten


def test_a_section_that_nothing_reads_is_named(read: set[str]) -> None:
    params = read_params(PROJECT / "params.yaml")
    assert unread(More(**params.__dict__, forgotten=Forgotten(colour="red")), read) == {"forgotten.colour"}
