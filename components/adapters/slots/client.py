"""Asks the service of a slot, wherever it runs: which release it is, and the questions of the smoke test."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.adapters.envoy.routes import PROBE_HEADER
from components.rollout.ports import StepFailed

LIMITS_OF_K = ((0, 422), (1, 200), (100, 200), (101, 422))


def runs_release(url: str, release_id: str) -> bool:
    """Whether the service at `url` is ready, with this release."""
    status, body = _get(url, "/release")
    return status == 200 and body.get("release") == release_id and _get(url, "/readyz")[0] == 200


def ask_smoke_test(urls: Sequence[str], bento: Path, timeout: float) -> dict[str, Any]:
    """Known users get the ranking that was computed offline, an unknown one is answered, limits of `k` hold.

    Args:
        urls: every replica of the slot; each is asked everything.
        bento: the folder of the Bento that they run, which holds the questions.
        timeout: seconds for each question.

    Raises:
        StepFailed: an answer is not what it must be; the message shows the question and the answer.
    """
    expected = json.loads((bento / "src" / "questions.json").read_text())
    for url in urls:
        _ask_expected(url, expected, timeout)
    return {"same_as_offline": len(expected), "limits_of_k": len(LIMITS_OF_K), "replicas": len(urls)}


def gives_items(url: str, question: dict[str, Any], timeout: float) -> bool:
    """Whether a recorded request is answered with at least one item; the answer is not logged."""
    status, answer = _post(url, question, timeout)
    return status == 200 and bool(answer.get("items"))


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
