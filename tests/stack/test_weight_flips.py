"""Switching weights between two running slots costs no request."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.load import LoadResult, run_load
from tests.stack.small_stack import USERS, SmallStack

REQUESTS = 10_000
FLIPS = (0, 100, 50, 0, 100, 5, 95, 50, 100, 0, 25, 75, 0, 100, 0, 100, 50, 0, 50, 100)


async def load_while_flipping(stack: SmallStack) -> list[LoadResult]:
    """A share of the requests under each weight, and each change in the midst of its requests."""
    store, gateway = stack.bench.store.releases, stack.bench.envoy
    state = store.routing()
    results = []
    for number, weight in enumerate(FLIPS, start=1):
        flipped = replace(state, live_weight=weight, version=state.version + number)
        load = asyncio.create_task(run_load(stack.settings.gateway_port, REQUESTS // len(FLIPS), USERS))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(gateway.project, lambda flipped=flipped: flipped)
        results.append(await load)
    return results


def test_no_request_fails_while_weights_flip_between_two_slots(stack: SmallStack) -> None:
    results = asyncio.run(load_while_flipping(stack))
    assert [failure for result in results for failure in result.failures] == []
    assert sum(result.answered for result in results) == REQUESTS
    by_release = {name: sum(result.releases[name] for result in results) for name in ("release-1", "release-2")}
    assert min(by_release.values()) > REQUESTS / 20
