"""An acknowledged event is stored once, also when the service is killed in the middle of thousands."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from sqlalchemy import select

from components.adapters.event_store.engine import open_engine, reading
from components.adapters.event_store.tables import feedback
from tests.slot_process import SlotProcess

POSTS = 5_000
KILL_AFTER = 2_000
CLIENTS = 16


def test_every_acknowledged_event_is_there_exactly_once_after_a_kill(slot: SlotProcess) -> None:
    slot.start()
    before_kill, acknowledged = asyncio.run(post_through_a_kill(slot))
    assert KILL_AFTER <= len(before_kill) < POSTS
    assert sorted(acknowledged) == sorted(f"event-{number}" for number in range(POSTS))
    stored = stored_events(slot)
    assert {event_id: stored[event_id] for event_id in acknowledged} == dict.fromkeys(acknowledged, 1)


async def post_through_a_kill(slot: SlotProcess) -> tuple[set[str], list[str]]:
    """Ids that were acknowledged before the kill, and in the end; each is checked to be stored at the kill."""
    waiting = [f"event-{number}" for number in reversed(range(POSTS))]
    acknowledged: list[str] = []
    killed, back = asyncio.Event(), asyncio.Event()

    async def client() -> None:
        while waiting:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", slot.settings.blue_port)
            except OSError:
                await back.wait()
                continue
            try:
                while waiting:
                    event_id = waiting.pop()
                    try:
                        await post(reader, writer, event_id)
                    except (OSError, EOFError):
                        waiting.append(event_id)
                        await back.wait()
                        break
                    acknowledged.append(event_id)
                    if len(acknowledged) == KILL_AFTER:
                        slot.kill_all()
                        killed.set()
            finally:
                writer.close()

    clients = asyncio.gather(*(client() for _ in range(CLIENTS)))
    await killed.wait()
    before_kill = set(acknowledged)
    assert before_kill <= stored_events(slot).keys()
    await asyncio.to_thread(slot.start)
    back.set()
    await clients
    return before_kill, acknowledged


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, event_id: str) -> None:
    """Post one event and wait for its 202."""
    body = json.dumps({"event_id": event_id, "user_id": "8", "item_id": "101", "type": "click"}).encode()
    head = (
        f"POST /feedback HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202"), answer
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)


def stored_events(slot: SlotProcess) -> Counter[str]:
    engine = open_engine(slot.settings.store_url)
    with reading(engine) as connection:
        stored = Counter(connection.execute(select(feedback.c.event_id)).scalars())
    engine.dispose()
    return stored
