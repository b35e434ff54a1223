"""The loop as a user runs it.

The tests build on one another, in the order of the file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.whole_stack import WholeStack, other_model, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_up_again_keeps_the_release(stack: WholeStack) -> None:
    before = stack.release()
    assert "is live in blue" in stack.recops("up")
    assert stack.release() == before


def test_known_and_unknown_users_get_ten_titled_items(stack: WholeStack) -> None:
    for user in ("1", "nobody at all"):
        items = stack.ask("/recommend", {"user_id": user, "k": 10})["items"]
        assert len({item["item_id"] for item in items}) == 10
        assert all(item["title"] for item in items)


def test_more_data_gives_a_new_model_and_a_release_in_the_other_slot(stack: WholeStack) -> None:
    before = stack.release()
    for deployment, parameters in (("ingest", ["--param", "until=95%"]), ("retrain", []), ("promote", [])):
        assert "'Completed'" in stack.flow(f"{deployment}/default", *parameters)
    after = stack.release()
    assert after["release"] != before["release"]
    assert (before["slot"], after["slot"]) == ("blue", "green")
    assert after["model_version"] > before["model_version"]
    assert after["data_version"] == "data-v2"
    assert "NothingChanged" in stack.flow("retrain/default")
    dvc = [str(Path(sys.executable).parent / "dvc"), "metrics", "diff", "run-1", "run-2"]
    done = subprocess.run(dvc, cwd=stack.home / "pipeline", capture_output=True, text=True, check=True)
    assert "ndcg_at_10" in done.stdout


def test_rollback_goes_to_the_former_release_and_back(stack: WholeStack) -> None:
    newer = stack.release()["release"]
    told = json.loads(stack.recops("rollback", "--json"))
    assert told["gateway_follows"]
    assert stack.release()["release"] == told["live"] != newer
    stack.recops("rollback")
    assert stack.release()["release"] == newer


def promotion_is_starting(stack: WholeStack, rollout: int) -> bool:
    last = stack.rollouts()[-1]
    return bool(last["rollout_id"] > rollout and last["step"] == "starting")


def flow_run_processes(stack: WholeStack) -> list[psutil.Process]:
    names = ("prefect.flow_engine", "prefect.engine", "flow-run")
    return [each for each in stack.processes() if any(name in " ".join(each.cmdline()) for name in names)]


def test_a_killed_flow_run_leaves_the_live_release_and_the_next_promotion_works(stack: WholeStack) -> None:
    live, last = stack.release()["release"], stack.rollouts()[-1]["rollout_id"]
    stack.start_flow("promote/default", *other_model(stack)).wait()
    wait_until(lambda: promotion_is_starting(stack, last))
    victims = flow_run_processes(stack)
    assert victims
    for process in victims:
        process.kill()
    assert stack.release()["release"] == live
    assert "'Completed'" in stack.flow("promote/default", *other_model(stack))
    assert stack.rollouts()[-2]["outcome"] == "abandoned"
    assert stack.release()["release"] != live


def test_a_killed_worker_leaves_the_live_release_and_the_next_promotion_works(stack: WholeStack) -> None:
    live, last = stack.release()["release"], stack.rollouts()[-1]["rollout_id"]
    stack.start_flow("promote/default", *other_model(stack)).wait()
    wait_until(lambda: promotion_is_starting(stack, last))
    status = json.loads(stack.recops("status", "--json"))
    worker = next(each for each in status["processes"] if each["name"] == "prefect-worker")
    psutil.Process(worker["pid"]).kill()
    assert stack.release()["release"]
    # The flow run may go on without its worker, or end with it: either way the next promotion works.
    wait_until(lambda: stack.rollouts()[-1]["outcome"] is not None or not flow_run_processes(stack))
    before = stack.release()["release"]
    assert "'Completed'" in stack.flow("promote/default", *other_model(stack))
    assert stack.release()["release"] not in (live, before)


def test_down_leaves_no_process_and_up_resumes(stack: WholeStack) -> None:
    before = stack.release()
    stack.recops("down")
    assert stack.processes() == []
    stack.recops("up")
    after = stack.release()
    assert {**after, "started_at": 0} == {**before, "started_at": 0}
    assert len(json.loads(stack.recops("data", "list", "--json"))) == 2
