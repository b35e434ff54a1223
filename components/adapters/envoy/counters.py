"""Reads from Envoy's admin interface how many requests the gateway has answered, and how many of them with an error."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

_LINE = re.compile(
    r"^http\.(?!admin(?:_pages)?\.)[^:]*\.downstream_rq_(?P<what>completed|5xx): (?P<count>\d+)$", re.MULTILINE
)


@dataclass(frozen=True)
class GatewayCounters:
    """Requests since Envoy started."""

    answered: float
    failed: float


def read_counters(admin_url: str) -> GatewayCounters | None:
    """The counters; None when Envoy does not answer."""
    try:
        text = httpx.get(f"{admin_url}/stats", params={"filter": "downstream_rq_(completed|5xx)"}, timeout=5.0).text
    except httpx.HTTPError:
        return None
    counts = {"completed": 0.0, "5xx": 0.0}
    for line in _LINE.finditer(text):
        counts[line["what"]] += float(line["count"])
    return GatewayCounters(counts["completed"], counts["5xx"])
