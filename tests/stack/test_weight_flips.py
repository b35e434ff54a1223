"""Switching weights between two running slots costs no request."""

from __future__ import annotations

import asyncio

from flows.stack import release_store, router
from tests.load import LoadResult, run_load
from tests.stack.small_stack import USERS, SmallStack

REQUESTS = 10_000
FLIPS = (0, 100, 50, 0, 100, 5, 95, 50, 100, 0, 25, 75, 0, 100, 0, 100, 50, 0, 50, 100)


async def load_while_flipping(stack: SmallStack) -> tuple[LoadResult, int]:
    load = asyncio.create_task(run_load(stack.settings.gateway_port, REQUESTS, USERS))
    store, gateway = release_store(stack.settings), router(stack.settings)
    flips = 0
    while not load.done():
        await asyncio.sleep(0.15)
        if flips < len(FLIPS):
            await asyncio.to_thread(store.set_live_weight, FLIPS[flips])
            await asyncio.to_thread(gateway.project, store.routing)
            flips += 1
    return await load, flips


def test_no_request_fails_while_weights_flip_between_two_slots(stack: SmallStack) -> None:
    result, flips = asyncio.run(load_while_flipping(stack))
    assert flips == len(FLIPS)
    assert result.failures == []
    assert result.answered == REQUESTS
    assert min(result.releases["release-1"], result.releases["release-2"]) > REQUESTS / 20
