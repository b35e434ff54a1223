"""The two slots: what each runs, whether it is ready, and the smoke test of what it answers."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from components.adapters.envoy_routes import PROBE_HEADER
from components.adapters.supervisor import ProcessState, Supervisor, SupervisorError
from components.rollout.ports import Fence, LeaseLost, StepFailed
from components.rollout.release import Release
from components.rollout.routing import Slot

MAX_STARTS = 2  # a service that ends while it starts gets one more chance
LOG_LINES = 60
LIMITS_OF_K = ((0, 422), (1, 200), (100, 200), (101, 422))


class SupervisedSlots:
    """`components.rollout.ports.Slots` on supervisor.

    `urls_of` gives the addresses of a slot's replicas, one or more; `bento_folder` tells where a Bento tag lies.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        slots_folder: Path,
        logs_folder: Path,
        urls_of: Callable[[Slot], Sequence[str]],
        bento_folder: Callable[[str], Path],
    ) -> None:
        self._supervisor = supervisor
        self._folder = slots_folder
        self._logs = logs_folder
        self._urls_of = urls_of
        self._bento_folder = bento_folder

    def run(self, slot: Slot, release: Release, fence: Fence) -> None:
        """Make the slot run this release, restarting it only when it runs another; returns at once."""
        bento = self._bento_folder(release.bento_tag)
        if not bento.is_dir():
            raise StepFailed(f"the Bento of {release.release_id} is missing: {bento}")
        wanted = {"release_id": release.release_id, "bento_path": str(bento)}
        file = self._folder / f"{slot}.json"
        try:
            if file.exists() and json.loads(file.read_text()) == wanted and self._is_up(slot):
                return
            fence()
            self._supervisor.stop_program(slot)
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = file.with_suffix(".new")
            aside.write_text(json.dumps(wanted))
            self._check_after_stop(slot, fence)
            aside.replace(file)
            self._supervisor.start_program(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"{slot} cannot be started: {error}") from error

    def stop(self, slot: Slot, fence: Fence) -> None:
        """Stop the slot's processes; harmless when none runs."""
        try:
            fence()
            self._supervisor.stop_program(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"{slot} cannot be stopped: {error}") from error

    def wait_ready(self, slot: Slot, release_id: str, timeout: float) -> None:
        """Return when every replica of the slot answers with this release.

        Raises:
            StepFailed: they do not within `timeout` seconds, its process ends again and again, or somebody stopped it.
        """
        deadline = time.monotonic() + timeout
        starts: set[int] = set()
        while True:
            if all(_runs(url, release_id) for url in self._urls_of(slot)):
                return
            process = self._process(slot)
            if process.state == "STOPPED":
                raise StepFailed(f"{slot} was stopped while {release_id} was starting in it")
            starts.add(process.pid)
            if len(starts - {0}) > MAX_STARTS:
                raise StepFailed(f"{slot} ends while starting {release_id}: {self._last_words(slot)}")
            if time.monotonic() > deadline:
                raise StepFailed(f"{slot} is not ready with {release_id} after {timeout:g} s: {self._last_words(slot)}")
            time.sleep(0.1)

    def smoke_test(self, slot: Slot, timeout: float) -> dict[str, Any]:
        """Known users get the ranking that was computed offline, an unknown one is answered, limits of `k` hold.

        Raises:
            StepFailed: an answer is not what it must be; the message shows the question and the answer.
        """
        bento = Path(json.loads((self._folder / f"{slot}.json").read_text())["bento_path"])
        expected = json.loads((bento / "src" / "questions.json").read_text())
        urls = self._urls_of(slot)
        for url in urls:
            _ask_expected(url, expected, timeout)
        return {"same_as_offline": len(expected), "limits_of_k": len(LIMITS_OF_K), "replicas": len(urls)}

    def gives_items(self, slot: Slot, question: dict[str, Any], timeout: float) -> bool:
        """Whether the slot answers this recorded request with at least one item; the answer is not logged."""
        status, answer = _post(self._urls_of(slot)[0], question, timeout)
        return status == 200 and bool(answer.get("items"))

    def _check_after_stop(self, slot: Slot, fence: Fence) -> None:
        """Stopping may have taken long: who lost the lease meanwhile starts again what belongs there, and goes."""
        try:
            fence()
        except LeaseLost:
            self._supervisor.start_program(slot)  # the slot itself asks the store whether it may run what it was told
            raise

    def _is_up(self, slot: Slot) -> bool:
        return self._process(slot).state in ("RUNNING", "STARTING", "BACKOFF")

    def _process(self, slot: Slot) -> ProcessState:
        try:
            return self._supervisor.state_of(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"supervisor does not say how {slot} is: {error}") from error

    def _last_words(self, slot: Slot) -> str:
        log = self._logs / f"{slot}.log"
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()] if log.exists() else []
        recent = lines[-LOG_LINES:]
        said = next((line for line in reversed(recent) if "Error:" in line or "says the store" in line), "")
        return f"{said or ' | '.join(recent[-2:])} (all of it: `recops logs {slot}`)"


def _runs(url: str, release_id: str) -> bool:
    status, body = _get(url, "/release")
    return status == 200 and body.get("release") == release_id and _get(url, "/readyz")[0] == 200


def _ask_expected(url: str, expected: list[dict[str, Any]], timeout: float) -> None:
    for question in expected:
        body = {"user_id": question["user_id"], "k": question["k"]}
        status, answer = _post(url, body, timeout, question["variant"])
        got = [item["item_id"] for item in answer.get("items", [])]
        if status != 200 or got != question["item_ids"]:
            raise StepFailed(
                f"smoke test of variant {question['variant']}: {body} should give {question['item_ids']}, "
                f"but gave {status} {got or answer}"
            )
    for k, wanted in LIMITS_OF_K:
        status, answer = _post(url, {"user_id": expected[0]["user_id"], "k": k}, timeout)
        if status != wanted or (status == 200 and not answer.get("items")):
            raise StepFailed(f"smoke test: k = {k} should be answered with {wanted}, but gave {status} {answer}")


def _get(url: str, path: str) -> tuple[int, dict[str, Any]]:
    return _ask(urllib.request.Request(url + path), 2.0)  # noqa: S310 - our own slot


def _post(url: str, body: dict[str, Any], timeout: float, variant: str = "control") -> tuple[int, dict[str, Any]]:
    headers = {"content-type": "application/json", PROBE_HEADER: variant}
    return _ask(urllib.request.Request(url + "/recommend", json.dumps(body).encode(), headers, method="POST"), timeout)  # noqa: S310


def _ask(request: urllib.request.Request, timeout: float) -> tuple[int, dict[str, Any]]:
    """Status and JSON body; status 0 when there is no answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - our own slot
            return reply.status, _json(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())
    except (OSError, ValueError):
        return 0, {}


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
