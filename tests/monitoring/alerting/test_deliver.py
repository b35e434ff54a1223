"""Messages arrive once, whatever dies on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email import message_from_bytes
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from components.adapters.alerting.apprise_channel import ChannelError, channels_of
from components.adapters.store.alerts.incidents import AlertStore, Claimed, Outgoing
from components.adapters.store.engine import migrate, open_engine
from components.config.monitor import Delivery
from monitoring.alerting.deliver import Delivered, deliver
from tests.free_ports import free_ports
from tests.monitoring.alerting.webhook import Webhook

LIMITS = Delivery(retry_seconds=5.0, max_retry_seconds=900.0, dead_after=3, timeout_seconds=5.0)
MESSAGE = {
    "title": "[warning] NDCG@10 down 8 %",
    "body": "line one\nline two",
    "severity": "warning",
    "rule": "ndcg_drop",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    yield AlertStore(engine)
    engine.dispose()


def open_for(store: AlertStore, *channels: str) -> None:
    outgoing = [Outgoing(channel, "opened", MESSAGE) for channel in channels]
    assert store.open("ndcg_drop", "ndcg_drop", "warning", {}, outgoing, 100.0) is not None


def test_a_message_reaches_a_webhook_and_a_mailbox_once(store: AlertStore) -> None:
    mails: list[bytes] = []

    class Sink:
        async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
            mails.append(envelope.content)
            return "250 taken"

    (smtp_port,) = free_ports(1)
    smtp = Controller(Sink(), hostname="127.0.0.1", port=smtp_port)
    smtp.start()
    try:
        with Webhook() as webhook:
            mail = f"mailto://127.0.0.1:{smtp_port}?from=recops@example.org&to=team@example.org&mode=insecure"
            sinks = {channel.name: channel for channel in channels_of(f"{webhook.url}\n{mail}")}
            open_for(store, *sinks)
            assert deliver(store, sinks, LIMITS, lambda: 101.0) == Delivered(2, 0)
            assert deliver(store, sinks, LIMITS, lambda: 10_000.0) == Delivered(0, 0)
    finally:
        smtp.stop()
    ((key, body),) = webhook.received
    assert key.startswith("recops-alert-1-1-json-")
    assert (body["title"], body["message"], body["type"]) == (MESSAGE["title"], MESSAGE["body"], "warning")
    (raw,) = mails
    mail = message_from_bytes(raw)
    assert mail["subject"] == MESSAGE["title"]
    assert mail["Idempotency-Key"].startswith("recops-alert-1-1-mailto-")


def test_a_dead_receiver_gets_it_once_it_is_back(store: AlertStore) -> None:
    (port,) = free_ports(1)
    sinks = {channel.name: channel for channel in channels_of(f"json://127.0.0.1:{port}/hook")}
    open_for(store, *sinks)
    assert deliver(store, sinks, LIMITS, lambda: 101.0) == Delivered(0, 1)
    with Webhook(port) as webhook:
        assert deliver(store, sinks, LIMITS, lambda: 105.0) == Delivered(0, 0)  # it waits five seconds
        assert deliver(store, sinks, LIMITS, lambda: 106.0) == Delivered(1, 0)
        assert deliver(store, sinks, LIMITS, lambda: 9_999.0) == Delivered(0, 0)
    assert len(webhook.received) == 1


def test_a_receiver_that_dies_in_the_midst_gets_it_once(store: AlertStore) -> None:
    with Webhook(answer=None) as dying:
        sinks = {channel.name: channel for channel in channels_of(dying.url)}
        open_for(store, *sinks)
        assert deliver(store, sinks, LIMITS, lambda: 101.0) == Delivered(0, 1)
    with Webhook(dying.port) as back:
        assert deliver(store, sinks, LIMITS, lambda: 120.0) == Delivered(1, 0)
    assert (len(dying.received), len(back.received)) == (0, 1)


def test_waiting_doubles_with_each_failure_up_to_a_limit(store: AlertStore) -> None:
    with Webhook(answer=503) as webhook:
        sinks = {channel.name: channel for channel in channels_of(webhook.url)}
        open_for(store, *sinks)
        now, waits = 100.0, []
        for _ in range(10):
            assert deliver(store, sinks, LIMITS, partial(float, now)) == Delivered(0, 1)
            (row,) = store.deliveries(1)
            waits.append(row.next_attempt_at - now)
            now = row.next_attempt_at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


class Slow:
    """Takes messages slowly, and counts them."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._lock = threading.Lock()

    def send(self, message: Claimed, timeout: float) -> None:
        threading.Event().wait(0.02)
        with self._lock:
            self.taken.append(message.key)


def test_two_senders_at_once_send_each_message_once(store: AlertStore) -> None:
    slow = Slow()
    names = [f"c{place}" for place in range(8)]
    open_for(store, *names)
    sinks = dict.fromkeys(names, slow)
    threads = [threading.Thread(target=deliver, args=(store, sinks, LIMITS, lambda: 101.0)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slow.taken) == sorted(f"recops-alert-1-1-{name}" for name in names)


def test_a_message_claimed_by_a_sender_that_died_is_sent_by_another(store: AlertStore) -> None:
    slow = Slow()
    open_for(store, "c")
    (claimed,) = store.claim(101.0, 70.0, ["c"])
    assert deliver(store, {"c": slow}, LIMITS, lambda: 150.0) == Delivered(0, 0)
    assert deliver(store, {"c": slow}, LIMITS, lambda: 172.0) == Delivered(1, 0)
    assert slow.taken == [claimed.key]


def test_no_address_is_shown_in_names_errors_or_the_store(store: AlertStore) -> None:
    (port,) = free_ports(1)
    (channel,) = channels_of(f"json://user:hunter2@127.0.0.1:{port}/hook/sesame")
    open_for(store, channel.name)
    deliver(store, {channel.name: channel}, LIMITS, lambda: 101.0)
    (row,) = store.deliveries(1)
    for text in (channel.name, repr(channel), str(row.last_error)):
        assert "hunter2" not in text
        assert "sesame" not in text


def test_an_address_that_nobody_knows_is_named_by_its_place() -> None:
    with pytest.raises(ChannelError, match=r"address 2 \(nonsense\)") as caught:
        channels_of("json://127.0.0.1 nonsense://secret")
    assert "secret" not in str(caught.value)
