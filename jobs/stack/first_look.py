"""What a person wants to know once the stack is up: addresses, what is live, and a recommendation for somebody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from components.adapters.envoy.search_client import key_header
from components.config.settings import Settings
from components.rollout.release import Release
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class FirstLook:
    """What is live, and what the gateway answers to a user that training knows."""

    addresses: dict[str, str]
    release: Release
    slot: str
    standby: str | None
    user: str
    answer: dict[str, Any] | None


def take_first_look(bench: Workbench) -> FirstLook:
    """Asks the gateway once; needs a live release."""
    store, settings = bench.store.releases, bench.settings
    state = store.routing()
    release = store.release(state.live_release or "")
    bento = bench.bento_folder(release.bento_tag)
    expected: list[dict[str, Any]] = json.loads((bento / "src" / "bundle" / "expected_answers.json").read_text())
    user = str(expected[0]["user_id"])
    asked, headers = f"{settings.gateway_url}/recommend", key_header(settings.shown_key)
    reply = httpx.post(asked, json={"user_id": user, "k": 5}, headers=headers, timeout=10.0)
    answer = None if reply.status_code == httpx.codes.UNAUTHORIZED else reply.json()
    slot, standby = state.live_slot or "", state.standby_release
    return FirstLook(addresses_of(settings), release, slot, standby, user, answer)


def addresses_of(settings: Settings) -> dict[str, str]:
    """Where each part answers, by what it is."""
    return {
        "console": f"{settings.gateway_url}/console",
        "recommendations (Envoy)": f"{settings.gateway_url}/recommend",
        "runs and models (MLflow)": settings.mlflow_url,
        "flows (Prefect)": settings.prefect_api_url.removesuffix("/api"),
        "drift reports (Evidently)": f"http://{settings.host}:{settings.evidently_port}",
        "slot blue": ", ".join(settings.slot_urls("blue")),
        "slot green": ", ".join(settings.slot_urls("green")),
        "Envoy's figures": f"http://{settings.host}:{settings.envoy_admin_port}/stats/prometheus",
    }
