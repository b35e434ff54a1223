"""Starts deployments and watches their runs over Prefect's HTTP API; its own client takes seconds to import."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
BUSY = {429, 503}  # what Prefect says while its database is locked
BUSY_SECONDS = 30.0
SILENT_SECONDS = 120.0  # how long a run is watched on while Prefect gives no answer
PAGE = 200  # the most that Prefect hands out at once


class PrefectApiError(Exception):
    """Prefect does not answer, or does not know what was asked for."""


class PrefectSilent(PrefectApiError):
    """It gave no answer at all; what it has begun may go on."""


@dataclass(frozen=True)
class ScheduledDeployment:
    """A schedule of a deployment.

    Attributes:
        name: flow/deployment.
        schedule: its cron line, or how often it runs.
        active: whether it makes runs.
        next_run: when the earliest run that is planned and has not begun should begin; None without one.
        last_run: when the newest run of the deployment began, whoever started it; None without one.
        last_state: that run's state, such as Completed.
    """

    name: str
    schedule: str
    active: bool
    next_run: datetime | None
    last_run: datetime | None
    last_state: str | None


@dataclass(frozen=True)
class PoolWorker:
    """A process that carries runs out; `online` is what Prefect's foreman makes of its heartbeats."""

    name: str
    online: bool
    last_heartbeat: datetime | None


class PrefectApi:
    """A client of the server at `url` (which ends in /api); `login` is user:password, where it asks for them."""

    def __init__(self, url: str, login: str | None = None) -> None:
        user, _, password = (login or "").partition(":")
        auth = None if login is None else httpx.BasicAuth(user, password)
        self._http = httpx.Client(base_url=url, timeout=10.0, auth=auth)

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return self._http.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def has_pool(self, name: str) -> bool:
        """Whether the server answers and has the work pool."""
        try:
            return self._http.get(f"/work_pools/{name}").status_code == 200
        except httpx.HTTPError:
            return False

    def deployments(self) -> set[str]:
        """The names of all deployments, as flow/deployment."""
        flows = self._flows()
        return {f"{flows[d['flow_id']]}/{d['name']}" for d in self._all("/deployments/filter", {"sort": "NAME_ASC"})}

    def make_pool(self, name: str) -> None:
        """Make a work pool for local processes, unless it is there; its worker fills in the job template."""
        reply = self._ask("POST", "/work_pools/", {"name": name, "type": "process"})
        if reply.status_code not in (201, 409):
            raise PrefectApiError(f"Prefect does not make the work pool {name}: {reply.status_code} {reply.text[:200]}")

    def run(self, deployment: str, parameters: dict[str, Any]) -> str:
        """Start a run of `flow/deployment`; returns its id."""
        reply = self._ask("GET", f"/deployments/name/{deployment}")
        if reply.status_code == 404:
            raise PrefectApiError(f"there is no deployment {deployment}; run `recops up` first")
        body = {"parameters": parameters, "idempotency_key": uuid.uuid4().hex}  # asked twice, it runs once
        created = self._post(f"/deployments/{_content(reply)['id']}/create_flow_run", body)
        return str(created["id"])

    def run_counts(self, since: str) -> dict[tuple[str, str], int]:
        """How many runs began after `since` (ISO 8601), by flow and kind of state."""
        flows = self._flows()
        counts: dict[tuple[str, str], int] = {}
        body = {"flow_runs": {"start_time": {"after_": since}}, "sort": "ID_DESC"}
        for run in self._all("/flow_runs/filter", body):
            key = flows.get(run["flow_id"], "other"), str(run["state_type"]).lower()
            counts[key] = counts.get(key, 0) + 1
        return counts

    def schedules(self) -> list[ScheduledDeployment]:
        """Every schedule of every deployment, by name, with what is planned and what last ran."""
        flows = self._flows()
        found = []
        for deployment in self._all("/deployments/filter", {"sort": "NAME_ASC"}):
            if not deployment["schedules"]:
                continue
            of = {"deployment_id": {"any_": [deployment["id"]]}}
            planned = {**of, "state": {"type": {"any_": ["SCHEDULED"]}}}
            begun = {**of, "start_time": {"is_null_": False}}
            following = self._first("/flow_runs/filter", {"flow_runs": planned, "sort": "EXPECTED_START_TIME_ASC"})
            last = self._first("/flow_runs/filter", {"flow_runs": begun, "sort": "START_TIME_DESC"})
            for each in deployment["schedules"]:
                found.append(
                    ScheduledDeployment(
                        name=f"{flows[deployment['flow_id']]}/{deployment['name']}",
                        schedule=_words(each["schedule"]),
                        active=each["active"] and not deployment["paused"],
                        next_run=_moment(following["expected_start_time"]) if following else None,
                        last_run=_moment(last["start_time"]) if last else None,
                        last_state=str(last["state_name"]) if last else None,
                    )
                )
        return sorted(found, key=lambda each: each.name)

    def workers(self, pool: str) -> list[PoolWorker]:
        """The workers of a pool that Prefect remembers."""
        rows = self._post(f"/work_pools/{pool}/workers/filter", {"limit": PAGE})
        return [PoolWorker(row["name"], row["status"] == "ONLINE", _moment(row["last_heartbeat_time"])) for row in rows]

    def emit(self, event: dict[str, Any]) -> None:
        """Record an event; automations follow it."""
        reply = self._ask("POST", "/events", [event])
        if reply.is_error:
            raise PrefectApiError(f"Prefect does not take the event: {reply.status_code} {reply.text[:200]}")

    def deployment_id(self, deployment: str) -> str:
        """The id of `flow/deployment`."""
        return str(_content(self._ask("GET", f"/deployments/name/{deployment}"))["id"])

    def put_automation(self, automation: dict[str, Any]) -> None:
        """Make the automation, or bring the one of its name up to date."""
        body = {"automations": {"name": {"any_": [automation["name"]]}}}
        known = self._post("/automations/filter", body)
        if not known:
            _content(self._ask("POST", "/automations/", automation))
        else:
            reply = self._ask("PUT", f"/automations/{known[0]['id']}", automation)
            if reply.is_error:
                raise PrefectApiError(f"Prefect does not change the automation: {reply.status_code} {reply.text[:200]}")

    def wait(self, run_id: str, timeout: float, on_log: Callable[[str], None]) -> dict[str, Any]:
        """The final state of a run: `{"type", "name", "message"}`. Each log line of the flow is handed on once.

        A run goes on whether or not Prefect answers who watches it, as on a machine that is busy with the run itself.

        Raises:
            PrefectApiError: the run is not over after `timeout` seconds, or Prefect is silent for `SILENT_SECONDS`.
        """
        heard = time.monotonic()
        deadline = heard + timeout
        seen = 0
        while True:
            try:
                state = self._state(run_id)
                seen = self._hand_on_logs(run_id, seen, on_log)
            except PrefectSilent:
                if time.monotonic() > heard + SILENT_SECONDS:
                    raise
                time.sleep(1.0)
                continue
            heard = time.monotonic()
            if state["type"] in FINAL:
                return state
            if heard > deadline:
                raise PrefectApiError(f"flow run {run_id} is still {state['name']} after {timeout:g} s")
            time.sleep(0.3)

    def _state(self, run_id: str) -> dict[str, Any]:
        return dict(_content(self._ask("GET", f"/flow_runs/{run_id}"))["state"])

    def _hand_on_logs(self, run_id: str, seen: int, on_log: Callable[[str], None]) -> int:
        body = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        for line in self._all("/logs/filter", body, seen):
            seen += 1
            if line["name"].startswith("prefect.flow_runs") and line["level"] >= 20:
                on_log(line["message"])
        return seen

    def _first(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self._post(path, {**body, "limit": 1})
        return found[0] if found else None

    def _flows(self) -> dict[str, str]:
        """The names of all flows by their ids."""
        return {flow["id"]: flow["name"] for flow in self._all("/flows/filter", {"sort": "NAME_ASC"})}

    def _all(self, path: str, body: dict[str, Any], offset: int = 0) -> Iterator[dict[str, Any]]:
        """Everything from `offset` on that a filter finds, once each; Prefect hands out `PAGE` at a time."""
        seen: set[str] = set()
        while page := self._post(path, {**body, "limit": PAGE, "offset": offset}):
            yield from (row for row in page if row["id"] not in seen)
            seen.update(row["id"] for row in page)
            offset += len(page)
            if len(page) < PAGE:
                return

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _content(self._ask("POST", path, body))

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The server's reply; a busy server is asked again for up to `BUSY_SECONDS`."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                reply = self._http.request(method, path, json=body)
            except httpx.HTTPError as error:
                raise PrefectSilent(f"Prefect does not answer {path}: {error}") from error
            if reply.status_code not in BUSY or time.monotonic() > deadline:
                return reply
            time.sleep(0.5)


def _words(schedule: dict[str, Any]) -> str:
    if "interval" in schedule:
        return f"every {schedule['interval']:g} s"
    return str(schedule.get("cron") or schedule.get("rrule"))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def _content(reply: httpx.Response) -> Any:
    if reply.is_error:
        raise PrefectApiError(f"Prefect refuses {reply.request.url.path}: {reply.status_code} {reply.text[:200]}")
    return reply.json()
