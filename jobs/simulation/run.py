"""One simulation against a gateway, while all slots answer well or one of the demo's answers badly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from components.adapters.envoy.load_client import GatewayClient
from components.adapters.slots.demo_faults import CHECK_SECONDS, Fault, FaultKind, clear_fault, set_fault
from components.config.settings import Slot
from components.simulation.people import SimulatedPerson
from components.simulation.traffic import TrafficCourse, Visit, run_traffic
from jobs.wiring.workbench import Workbench

SPARE_SECONDS = 30.0
"""How much longer than the longest simulation a fault lasts, if nobody is left to clear it."""


class NoBadSlotError(Exception):
    """No slot can be made to answer badly; the message says why."""


def run_against(
    gateway: str,
    people: Sequence[SimulatedPerson],
    course: TrafficCourse,
    on_visit: Callable[[Visit], None],
    key: str | None = None,
) -> list[Visit]:
    """Every visit, in the order in which they ended; the gateway is shown `key`."""

    async def run() -> list[Visit]:
        async with GatewayClient(gateway, key=key) as client:
            return await run_traffic(client, people, course, time.perf_counter, on_visit=on_visit)

    return asyncio.run(run())


@contextmanager
def bad_slot(bench: Workbench, slot: Slot | None, kind: FaultKind, seconds: float) -> Iterator[None]:
    """While in here, for `seconds` at most, one slot answers badly; the live one by default.

    Raises:
        NoBadSlotError: this is no demo, or nothing is live.
    """
    settings = bench.settings
    if not settings.demo:
        raise NoBadSlotError("bad-slot works in the demo only, and RECOPS_DEMO is false")
    chosen = slot or bench.store.releases.routing().live_slot
    if chosen is None:
        raise NoBadSlotError("nothing is live yet; run `recops up`")
    set_fault(settings, chosen, Fault(kind, time.time() + seconds + SPARE_SECONDS))
    try:
        time.sleep(2 * CHECK_SECONDS)
        yield
    finally:
        clear_fault(settings, chosen)
