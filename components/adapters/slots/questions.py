"""Asks a slot on somebody's behalf, who waits for the answer and is told what is wrong with the question."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.adapters.envoy.routes import CANARY_HEADER, PROBE_HEADER


@dataclass(frozen=True)
class SlotReply:
    """`fault` says why there is no answer, in the slot's own words where it has any."""

    answer: dict[str, Any] | None
    fault: str | None = None


def ask_slot(
    url: str, path: str, body: Mapping[str, Any], key: str | None, on_trial: str | None = None, timeout: float = 30.0
) -> SlotReply:
    """Posts to `path`; with `key` where the slots ask for one.

    Args:
        on_trial: the release that answers, so that the answer is kept apart from what users got, and counts in no rule
            and no experiment.
    """
    marks = {CANARY_HEADER: on_trial} if on_trial else {}
    return _post(url + path, body, {**marks, **({"authorization": f"Bearer {key}"} if key else {})}, timeout)


def ask_as_stack(url: str, path: str, body: Mapping[str, Any], timeout: float = 10.0) -> SlotReply:
    """Posts what only the stack itself may ask, such as `/breakdown`."""
    return _post(url + path, body, {PROBE_HEADER: "control"}, timeout)


def _post(url: str, body: Mapping[str, Any], headers: Mapping[str, str], timeout: float) -> SlotReply:
    given = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), given, method="POST")  # noqa: S310 - our own slot
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - our own slot
            return SlotReply(json.load(reply))
    except urllib.error.HTTPError as error:
        return SlotReply(None, _said(error))
    except (OSError, ValueError) as error:
        return SlotReply(None, f"the slot does not answer: {error}")


def _said(error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error)["error"]
        return f"{said['message']} ({error.code} {said['code']})"
    except (ValueError, KeyError, TypeError):
        return f"the slot answers {error.code}"
