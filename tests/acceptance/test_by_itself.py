"""A fresh stack that nobody touches: schedules judge it, drift is told, a retraining follows, and its end is told.

The test only lets people ask, and waits. Most of them are strangers: the few that the demo knows would have found all
that they like within minutes at this pace, and quality would fall by itself. A schedule of its own judges windows of a
minute without a horizon, as the default ones, an hour and a day, would take as long to see.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from components.adapters.prefect_api import PrefectApi
from tests.acceptance.whole_stack import PROJECT, WholeStack, read_json, wait_until
from tests.free_ports import free_ports
from tests.monitoring.alerting.webhook import Webhook

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(2400)]

RATE, WINDOW = 11.0, 60.0
CALM_WINDOWS = 8
USUAL = ("--drift", "new-users")


class Mailbox:
    """An SMTP server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        (self.port,) = free_ports(1)
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [str(message_from_bytes(raw)["Subject"]) for raw in self.mails]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    box.controller.start()
    yield box
    box.controller.stop()


@pytest.fixture
def stack(tmp_path: Path, webhook: Webhook, mailbox: Mailbox) -> Iterator[WholeStack]:
    stack = WholeStack(tmp_path / "recops")
    mail = f"mailto://127.0.0.1:{mailbox.port}?from=recops@example.org&to=team@example.org&mode=insecure"
    stack.environment["RECOPS_ALERT_URLS"] = f"{webhook.url} {mail}"
    try:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "recops"), "up"],
            cwd=PROJECT,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield stack
    finally:
        stack.recops("down", check=False)


def people(stack: WholeStack, seed: int, seconds: float, *drift: str) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).parent / "recops"), "simulate", "--rate", str(RATE), "--seed", str(seed)]
    command += ["--requests", str(int(RATE * seconds * 2)), "--max-seconds", str(seconds), *drift]
    return subprocess.Popen(command, cwd=PROJECT, env=stack.environment, stdout=subprocess.DEVNULL)


def runs(stack: WholeStack, flow: str) -> list[dict[str, Any]]:
    url = f"{stack.environment['PREFECT_API_URL']}/flow_runs/filter"
    state = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}
    asked = {"flows": {"name": {"any_": [flow]}}, "flow_runs": {"state": state}, "sort": "END_TIME_DESC"}
    found: list[dict[str, Any]] = read_json(url, asked)
    return found


def titles(webhook: Webhook) -> list[str]:
    return [body["title"] for _, body in webhook.received]


def quality(found: list[str], beginning: str) -> bool:
    return any(title.startswith(beginning) and "NDCG@10" in title for title in found)


def say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)


def test_drift_is_told_answered_and_over_while_nobody_does_anything(
    stack: WholeStack, webhook: Webhook, mailbox: Mailbox
) -> None:
    prefect = PrefectApi(stack.environment["PREFECT_API_URL"])
    deployment = prefect.deployment_id("monitor/default")
    prefect.close()
    parameters = {"window_minutes": WINDOW / 60, "horizon_minutes": 0}
    schedule = {"schedule": {"interval": WINDOW}, "active": True, "parameters": parameters}
    read_json(f"{stack.environment['PREFECT_API_URL']}/deployments/{deployment}/schedules", [schedule])
    began = time.monotonic()
    calm = people(stack, 1, CALM_WINDOWS * WINDOW, *USUAL)
    wait_until(lambda: calm.poll() is not None, CALM_WINDOWS * WINDOW + 120)
    monitored = [run for run in runs(stack, "monitor") if run["auto_scheduled"] and run["state_type"] == "COMPLETED"]
    assert any("NDCG@10 (all requests)" in run["state"]["message"] for run in monitored), monitored
    assert not quality(titles(webhook), "[warning]") and not quality(titles(webhook), "[critical]"), titles(webhook)
    say(began, f"{len(monitored)} monitor runs by schedule: {monitored[0]['state']['message']}")
    retrained = len(runs(stack, "retrain"))
    drift = time.monotonic()
    drifting = people(stack, 2, 5 * WINDOW, "--drift", "taste-shift")
    wait_until(lambda: quality(titles(webhook), "[critical]") or quality(titles(webhook), "[warning]"), 600)
    say(drift, f"webhook: {titles(webhook)[-1]}")
    wait_until(lambda: any("NDCG@10" in subject for subject in mailbox.subjects), 60)
    say(drift, f"mailbox: {mailbox.subjects[-1]}")
    wait_until(lambda: len(runs(stack, "retrain")) > retrained, 900)
    newest = runs(stack, "retrain")[0]
    say(drift, f"retrain/default by itself: {newest['state_name']}")
    assert newest["state_type"] == "COMPLETED", newest["state"]
    drifting.wait(600)
    well = people(stack, 3, 10 * WINDOW, *USUAL)
    try:
        wait_until(lambda: quality(titles(webhook), "[recovered]"), 12 * WINDOW)
    finally:
        well.terminate()
        well.wait(30)
    say(drift, f"webhook: {titles(webhook)[-1]}")
    (incident, *_) = [
        each for each in json.loads(stack.recops("alerts", "list", "--json")) if each["rule"] == "ndcg_drop"
    ]
    assert incident["state"] == "resolved"
    assert any("retrained" in entry["text"] or "retrain" in entry["text"] for entry in incident["details"]["thread"])
