"""Asks a small stack for several times what it can carry, a hundredth of its clients abusive, and says who got what.

`python -m benchmarks.overload BUNDLE [--seconds 60] [--times 4]`, where BUNDLE is the folder of a trained pipeline,
such as `.recops/pipeline/artifacts/bundle`. Envoy and two slots are started in a temporary folder. What they carry is
measured first with sixteen clients that each wait for their answer, then answers at a quarter of that, the quiet ones,
and then the flood, at moments fixed beforehand. Good clients have an address each and send plain requests of users who
have just done something (so that their lists are ranked anew), a tenth with a cart, and a tenth feedback. Abusive ones
send ten times as much as the gateway grants an address. The client and all servers share the cores.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.open_loop_client import Due, Outcome, send_all
from benchmarks.report import hardware
from components.serving.bundle import Bundle, read_bundle
from jobs.stack.take_down import stop_stack
from tests.stack.small_stack import PATIENT, SmallStack

GOOD, ABUSIVE = 198, 2
CAPACITY_REQUESTS = 1_000
QUIET_SHARE = 0.25
MOST_REQUESTS = 200_000


@dataclass(frozen=True)
class Flood:
    """What the good and the abusive got, and the memory in use.

    Attributes:
        good, abusive: of all of the kind together.
        megabytes: of Envoy and the slots, once a second.
    """

    good: Outcome
    abusive: Outcome
    megabytes: tuple[float, ...]


class Traffic:
    """Requests of the users of a bundle, each other than the one before."""

    def __init__(self, bundle: Bundle, seed: int) -> None:
        self._users, self._items = bundle.user_ids, bundle.items.ids
        self._rng = np.random.default_rng(seed)

    def next(self) -> bytes:
        """One request: 8 of 10 plain, 1 with a cart, 1 feedback."""
        user = self._users[int(self._rng.integers(len(self._users)))]
        item = self._items[int(self._rng.integers(len(self._items)))]
        kind = self._rng.random()
        if kind < 0.1:
            return self.click(user, item)
        body: dict[str, object] = {"user_id": user, "k": 10}
        return post_bytes("/recommend", body if kind < 0.9 else body | {"context": {"cart": [item]}})

    def clicks(self) -> list[bytes]:
        """One of each user."""
        return [self.click(user, self._items[n % len(self._items)]) for n, user in enumerate(self._users)]

    @staticmethod
    def click(user: str, item: str) -> bytes:
        """A post of one event."""
        return post_bytes("/feedback", {"user_id": user, "item_id": item, "type": "click"})


def flood(stack: SmallStack, traffic: Traffic, per_second: float, seconds: float, abusive_per_second: float) -> Flood:
    """`per_second` requests of the good clients together for so long, and as many of each abusive one as is said."""
    rng = np.random.default_rng(3)
    n = min(int(per_second * seconds), MOST_REQUESTS)
    dues = [Due(float(at), int(rng.integers(GOOD)), traffic.next()) for at in np.sort(rng.random(n)) * seconds]
    for client in range(GOOD, GOOD + ABUSIVE if abusive_per_second else GOOD):
        wire = post_bytes("/recommend", {"user_id": f"stranger-{client}", "k": 100})
        dues += [Due(float(at), client, wire) for at in np.arange(0.0, seconds, 1 / abusive_per_second)]
    addresses = [f"127.1.{n // 200}.{1 + n % 200}" for n in range(GOOD + ABUSIVE)]
    with _megabytes(stack) as memory:
        found = send_all(stack.settings.gateway_port, sorted(dues, key=lambda due: due.at), addresses)
    return Flood(_sum(found, range(GOOD)), _sum(found, range(GOOD, GOOD + ABUSIVE)), tuple(memory))


def capacity(stack: SmallStack, traffic: Traffic, requests: int = CAPACITY_REQUESTS) -> float:
    """Requests a second that sixteen clients get answered, who wait for each."""
    wire = [traffic.next() for _ in range(requests)]
    start = time.perf_counter()
    measure(stack.settings.gateway_port, wire, 16, accepted=(b"200", b"202"))
    return requests / (time.perf_counter() - start)


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=float, default=4.0, help="of what the stack can carry")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        bundle: Path = arguments.bundle.absolute()
        stack = SmallStack(
            Path(folder) / "home", make=lambda target: Path(shutil.copytree(bundle, target)), limits=PATIENT
        )
        try:
            stack.start()
            stack.promote()
            stack.promote()
            traffic = Traffic(read_bundle(bundle), 7)
            measure(stack.settings.gateway_port, traffic.clicks(), 8, accepted=(b"202",))
            carried = capacity(stack, traffic)
            quiet = flood(stack, traffic, QUIET_SHARE * carried, arguments.seconds / 4, 0.0)
            per_address = stack.settings.requests_per_address_minute / 60
            loud = flood(stack, traffic, arguments.times * carried, arguments.seconds, 10 * per_address)
        finally:
            stop_stack(stack.bench)
    print(f"carries {carried:.0f} requests/s; {arguments.times:g} times that for {arguments.seconds:g} s")
    print(f"{'who':10}{'answered':>10}{'cheap':>8}{'p50 ms':>9}{'p99 ms':>9}  by status")
    for name, each in (("quiet", quiet.good), ("good", loud.good), ("abusive", loud.abusive)):
        p50, p99 = np.percentile(np.array(each.seconds or [np.nan]) * 1000, [50, 99])
        cheap = each.degraded / max(len(each.seconds), 1)
        print(f"{name:10}{len(each.seconds):>10,}{cheap:>8.1%}{p50:>9.1f}{p99:>9.1f}  {dict(each.statuses)}")
    print(f"memory of gateway and slots, MB: {', '.join(f'{each:.0f}' for each in loud.megabytes[::5])}")
    print(hardware())


def _sum(found: Sequence[Outcome], clients: Sequence[int]) -> Outcome:
    total = Outcome()
    for client in clients:
        total.seconds += found[client].seconds
        total.statuses += found[client].statuses
        total.degraded += found[client].degraded
    return total


@contextmanager
def _megabytes(stack: SmallStack) -> Iterator[list[float]]:
    """Filled once a second by a thread until the block ends."""
    found: list[float] = []
    parents = [psutil.Process(stack.supervisor.state_of(name).pid) for name in ("envoy", "blue", "green")]
    processes = [each for parent in parents for each in (parent, *parent.children(recursive=True))]
    over = threading.Event()

    def look() -> None:
        while not over.wait(1.0):
            found.append(sum(each.memory_info().rss for each in processes) / 1e6)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
