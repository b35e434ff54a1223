"""Counts what the gateway answered, and failed to answer, between two looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from components.adapters.alerting.counter_samples import CounterSample

NEAR_SECONDS = 150.0
"""How far from the start of a window its first sample may lie; looks are every five minutes."""


@dataclass(frozen=True)
class GatewayWindow:
    """Requests of a window, and those of them that failed."""

    requests: float
    failed: float

    @property
    def error_share(self) -> float:
        """NaN without requests."""
        return self.failed / self.requests if self.requests else float("nan")


def gateway_window(samples: Sequence[CounterSample], start: float) -> GatewayWindow | None:
    """From the sample nearest to `start` until the newest one; None where no earlier sample lies near `start`.

    A gateway that started anew in between counts from 0 again, and what it counted since then is taken.

    Args:
        samples: oldest first.
    """
    near = [place for place, sample in enumerate(samples[:-1]) if abs(sample.at - start) <= NEAR_SECONDS]
    if not near:
        return None
    first = min(near, key=lambda place: abs(samples[place].at - start))
    requests = failed = 0.0
    for before, after in pairwise(samples[first:]):
        anew = after.answered < before.answered or after.failed < before.failed
        requests += after.answered - (0.0 if anew else before.answered)
        failed += after.failed - (0.0 if anew else before.failed)
    return GatewayWindow(requests, failed)
