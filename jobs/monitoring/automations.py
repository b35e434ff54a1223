"""What follows an alert without anybody asking: a retrain, or a rollback, started by the event that wants it."""

from __future__ import annotations

from typing import Any

from components.adapters.prefect_api import PrefectApi
from jobs.monitoring.alert_channels import WANTED


def put_automations(prefect: PrefectApi) -> None:
    """Make the automations, or bring them up to date; the deployments must be there.

    Whether an incident is answered, how, and how often, was decided when it opened: monitoring/alerting/answer.py.
    """
    for kind, deployment, parameters in (
        ("retrain", "retrain/default", {"ingest_first": True, "alert_id": _payload("alert_id")}),
        (
            "rollback",
            "rollback/default",
            {"alert_id": _payload("alert_id"), "blamed": _payload("release"), "reason": _payload("reason")},
        ),
    ):
        prefect.put_automation(_automation(kind, prefect.deployment_id(deployment), parameters))


def _payload(key: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": "{{ event.payload." + key + " }}"}


def _automation(kind: str, deployment_id: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"recops: {kind} when an alert wants it",
        "description": f"Starts {kind}/default on the event {WANTED[kind]}, which the monitor's outbox emits.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Reactive",
            "expect": [WANTED[kind]],
            "match": {"prefect.resource.id": "recops.alert.*"},
            "match_related": {},
            "after": [],
            "for_each": ["prefect.resource.id"],
            "threshold": 1,
            "within": 0,
        },
        "actions": [
            {
                "type": "run-deployment",
                "source": "selected",
                "deployment_id": deployment_id,
                "parameters": parameters,
                "job_variables": {},
            }
        ],
        "actions_on_trigger": [],
        "actions_on_resolve": [],
    }
