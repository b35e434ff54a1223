"""An acknowledged event is stored once, also when the service or its database is killed in the middle of thousands."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import psutil
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bentos.build import BuiltBento
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback
from components.config.settings import Settings
from tests.postgres import Postgres
from tests.slot_process import SlotProcess

CLIENTS = 16
RETRY_SECONDS = 0.05


@pytest.mark.parametrize(
    "posts", [5_000, pytest.param(20_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])], ids=str
)
def test_every_acknowledged_event_is_there_exactly_once_after_a_kill(slot: SlotProcess, posts: int) -> None:
    slot.start()

    async def kill_service() -> None:
        slot.kill_all()
        await asyncio.to_thread(slot.start)

    before, acknowledged = asyncio.run(post_through_a_kill(slot, posts, kill_service))
    check(slot, "the service", posts, before, acknowledged)


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_acknowledged_event_is_there_exactly_once_after_a_kill_of_postgresql(
    small_release: tuple[Settings, BuiltBento], postgres: Postgres
) -> None:
    url = postgres.new_database()
    migrate(url)
    slot = SlotProcess(small_release[0].model_copy(update={"event_store_url": SecretStr(url)}))
    slot.start(RECOPS_EVENT_STORE_URL=url)

    async def kill_database() -> None:
        postmaster = psutil.Process(postgres.pid)
        family = [postmaster, *postmaster.children()]
        for process in family:
            process.kill()
        psutil.wait_procs(family, 10)
        await asyncio.to_thread(postgres.start_again)

    try:
        before, acknowledged = asyncio.run(post_through_a_kill(slot, 20_000, kill_database))
        check(slot, "PostgreSQL", 20_000, before, acknowledged)
    finally:
        slot.stop()


def check(slot: SlotProcess, killed: str, posts: int, before: set[str], acknowledged: list[str]) -> None:
    assert len(before) < posts
    assert sorted(acknowledged) == sorted(f"event-{number}" for number in range(posts))
    stored = stored_events(slot)
    assert {event_id: stored[event_id] for event_id in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert before <= stored.keys()
    print(
        f"{killed} killed after {len(before):,} of {posts:,} posts; "
        f"{sum(stored[event_id] == 1 for event_id in acknowledged):,} acknowledged events stored exactly once"
    )


async def post_through_a_kill(
    slot: SlotProcess, posts: int, kill_and_start: Callable[[], Awaitable[None]]
) -> tuple[set[str], list[str]]:
    """Ids that were acknowledged when the kill began, and in the end; what is not acknowledged is posted again."""
    waiting = [f"event-{number}" for number in reversed(range(posts))]
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def client() -> None:
        while waiting:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", slot.settings.blue_port)
            except OSError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            try:
                while waiting:
                    event_id = waiting.pop()
                    try:
                        taken = await post(reader, writer, event_id)
                    except (OSError, EOFError):
                        waiting.append(event_id)
                        break
                    if not taken:
                        waiting.append(event_id)
                        await asyncio.sleep(RETRY_SECONDS)
                        continue
                    acknowledged.append(event_id)
                    if len(acknowledged) == posts * 2 // 5:
                        enough.set()
            finally:
                writer.close()

    clients = asyncio.gather(*(client() for _ in range(CLIENTS)))
    await enough.wait()
    before = set(acknowledged)
    await kill_and_start()
    await clients
    return before, acknowledged


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, event_id: str) -> bool:
    """Post one event and wait for its 202; False when the store is away (503)."""
    user_id = f"user-{int(event_id.partition('-')[2]) % 100}"  # nobody sends more than one may
    body = json.dumps({"event_id": event_id, "user_id": user_id, "item_id": "101", "type": "click"}).encode()
    head = (
        f"POST /feedback HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    status = int(answer.split(b" ", 2)[1])
    assert status in (202, 503), answer
    return status == 202


def stored_events(slot: SlotProcess) -> Counter[str]:
    engine = open_engine(slot.settings.store_url)
    with reading(engine) as connection:
        ids = connection.execute(select(feedback.c.event_id)).scalars()
        stored = Counter(stored.partition("~")[0] for stored in ids)
    engine.dispose()
    return stored
