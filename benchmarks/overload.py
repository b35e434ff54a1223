"""Asks a small stack for several times what it can carry, most by a hundredth of the clients, and says who got what.

`python -m benchmarks.overload [--bundle FOLDER] [--seconds 60] [--times 4] [--connections 64]`; FOLDER is a trained
pipeline, as `.recops/pipeline/artifacts/bundle`; without one that of a tiny world of 3,000 users is trained. Envoy and
two slots are started in a temporary folder; each user does something and asks once. What they carry is measured, with
sixteen clients that each wait for their answer. Then good clients send half of that, at moments fixed beforehand: alone
("quiet"), beside two abusive ones that send the rest of `times` as much ("loud"), as far as so many connections each
let them, and alone again, as a machine that others use is not the same for two minutes; at last good clients alone send
`times` as much, which nobody can serve ("crowd"). Each has an address. Good ones send plain requests of users, whose
lists are ranked anew once they have done something, a tenth with a cart, and a tenth feedback; abusive ones ask for
strangers' lists of a hundred.

Attackers bring their own processors. So the stack has one half of the cores, also while it is measured what it carries,
and the clients the other; abuse comes from a process of its own, which gives way to that of the good clients. "late" is
how long after its moment the client itself came to a request (99th percentile), which is in its latency too, and
"others" is what strangers took of the stack's cores. It ends within `MOST_SECONDS`, with the rows that it has by then,
and with 1 where the law of the loud row does not hold.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.abusive_clients import Abuse, Abused
from benchmarks.cores_apart import busy_seconds, keep_apart
from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.open_loop_client import Due, Outcome, send_all
from benchmarks.report import hardware
from components.serving.bundle import Bundle, read_bundle
from jobs.stack.take_down import stop_stack
from tests.pipeline_worlds import write_pipeline_bundle
from tests.stack.small_stack import PATIENT, SmallStack

GOOD, ABUSIVE = 198, 2
CONNECTIONS = 64
CAPACITY_REQUESTS = 200
CAPACITY_SECONDS = 8.0
GOOD_SHARE = 0.5
QUIET_SECONDS, CROWD_SECONDS = 20.0, 10.0
MOST_SECONDS = 230.0
MOST_TIMES_QUIET = 3.0
MOST_REQUESTS = 200_000
HEAD = ("who", "asked/s", "answered", "refused", "cheap", "p50 ms", "p95 ms", "p99 ms", "late ms", "by status")
ROW = "{:9}{:>10}{:>10}{:>9}{:>8}{:>9}{:>9}{:>9}{:>9}  {}"


@dataclass(frozen=True)
class Flood:
    """What the good and the abusive got, and the memory in use.

    Attributes:
        good, abusive: of all of the kind together.
        megabytes: of Envoy and the slots, once a second.
        used: cores that each of them kept busy, and others of theirs.
    """

    good: Outcome
    abusive: Abused
    megabytes: tuple[float, ...]
    used: dict[str, float]


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

    def first_of_the_day(self) -> tuple[list[bytes], list[bytes]]:
        """A click of each user, and a plain request."""
        clicks = [self.click(user, self._items[n % len(self._items)]) for n, user in enumerate(self._users)]
        return clicks, [post_bytes("/recommend", {"user_id": user, "k": 10}) for user in self._users]

    @staticmethod
    def click(user: str, item: str) -> bytes:
        """A post of one event."""
        return post_bytes("/feedback", {"user_id": user, "item_id": item, "type": "click"})


def flood(
    stack: SmallStack,
    traffic: Traffic,
    per_second: float,
    seconds: float,
    abusive_per_second: float,
    connections: int,
    cores: Sequence[int] = (),
) -> Flood:
    """`per_second` requests of the good clients together for so long, and as many of each abusive one as is said.

    Args:
        connections: of each abusive one.
        cores: those of the stack, of which it is told who used them.
    """
    rng = np.random.default_rng(3)
    n = min(int(per_second * seconds), MOST_REQUESTS)
    dues = [Due(float(at), int(rng.integers(GOOD)), traffic.next()) for at in np.sort(rng.random(n)) * seconds]
    addresses = [f"127.1.{n // 200}.{1 + n % 200}" for n in range(GOOD + ABUSIVE)]
    port = stack.settings.gateway_port
    abuse = Abuse(port, addresses[GOOD:], abusive_per_second, seconds, connections) if abusive_per_second else None
    with _watched(stack, cores) as (memory, used):
        if abuse is not None:
            abuse.begin()
        good = Outcome.of(send_all(port, dues, addresses[:GOOD]))
        abusive = Abused() if abuse is None else abuse.wait()
    return Flood(good, abusive, tuple(memory), used)


def capacity(stack: SmallStack, traffic: Traffic, seconds: float = CAPACITY_SECONDS) -> float:
    """Requests a second that sixteen clients get answered, who wait for each."""
    start, n = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        wire = [traffic.next() for _ in range(CAPACITY_REQUESTS)]
        measure(stack.settings.gateway_port, wire, 16, accepted=(b"200", b"202"))
        n += CAPACITY_REQUESTS
    return n / (time.perf_counter() - start)


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=float, default=4.0, help="of what the stack can carry")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="of each abusive client")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        bundle = write_tiny(Path(folder) / "bundle") if arguments.bundle is None else arguments.bundle.absolute()
        stack = SmallStack(
            Path(folder) / "home", make=lambda target: Path(shutil.copytree(bundle, target)), limits=PATIENT
        )

        def give_up() -> None:
            print(f"given up after {MOST_SECONDS:g} s", flush=True)
            stop_stack(stack.bench)
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(1)

        alarm = threading.Timer(MOST_SECONDS, give_up)
        alarm.daemon = True
        alarm.start()
        try:
            stack.start()
            stack.promote()
            stack.promote()
            faults = compare(
                stack, Traffic(read_bundle(bundle), 7), arguments.times, arguments.seconds, arguments.connections
            )
        finally:
            alarm.cancel()
            stop_stack(stack.bench)
    print(hardware())
    print("; ".join(faults) or "the law holds")
    sys.exit(bool(faults))


def write_tiny(folder: Path) -> Path:
    """A pipeline that ranks each changed history anew, of so many users that nobody does much in two minutes."""
    return write_pipeline_bundle(folder, n_users=3_000, n_items=200, n_each=12, n_splits=1, max_examples=200)


def compare(stack: SmallStack, traffic: Traffic, times: float, seconds: float, connections: int) -> list[str]:
    """Prints a row for each kind of client as soon as it is measured; what breaks the law, in words."""
    cores = keep_apart(stack)
    print(f"the stack has {len(cores)} of {os.cpu_count()} cores", flush=True)
    for requests in traffic.first_of_the_day():
        measure(stack.settings.gateway_port, requests, 4, accepted=(b"200", b"202"))
    carried = capacity(stack, traffic)
    good = GOOD_SHARE * carried
    print(
        f"carries {carried:.0f} requests/s; an address may send {stack.settings.requests_per_address_minute / 60:g}/s"
    )
    print(ROW.format(*HEAD), flush=True)
    quiet = flood(stack, traffic, good, QUIET_SECONDS, 0.0, 0, cores)
    _show("quiet", quiet.good, good)
    _show_used(quiet)
    each = (times * carried - good) / ABUSIVE
    loud = flood(stack, traffic, good, seconds, each, connections, cores)
    _show("loud", loud.good, good)
    _show_abused(loud.abusive, ABUSIVE * each, seconds)
    _show_used(loud)
    print(f"memory of gateway and slots, MB: {', '.join(f'{each:.0f}' for each in loud.megabytes[::5])}", flush=True)
    again = flood(stack, traffic, good, QUIET_SECONDS, 0.0, 0, cores)
    _show("quiet", again.good, good)
    _show_used(again)
    crowd = flood(stack, traffic, times * carried, CROWD_SECONDS, 0.0, 0, cores)
    _show("crowd", crowd.good, times * carried)
    _show_used(crowd)
    faults = []
    if failed := loud.good.statuses.total() - len(loud.good.seconds):
        faults.append(f"{failed} requests of good clients failed")
    louder = _p(99, loud.good) / min(_p(99, quiet.good), _p(99, again.good))
    print(f"their p99 beside the abusive is {louder:.1f} times that of the quieter of the two quiet rows")
    if louder > MOST_TIMES_QUIET:
        faults.append(f"more than {MOST_TIMES_QUIET:g} times")
    if not loud.abusive.statuses["429"]:
        faults.append("the abusive ones were not limited")
    return faults


def _p(share: float, outcome: Outcome) -> float:
    return float(np.percentile(np.array(outcome.seconds or [np.nan]) * 1000, share))


def _show(who: str, outcome: Outcome, per_second: float) -> None:
    answered, all_of_them = len(outcome.seconds), outcome.statuses.total()
    cheap = f"{outcome.degraded / max(answered, 1):.1%}"
    times = (f"{_p(share, outcome):.1f}" for share in (50, 95, 99))
    counts = (f"{answered:,}", f"{all_of_them - answered:,}")
    late = f"{np.percentile(outcome.late, 99) * 1000:.1f}"
    print(ROW.format(who, f"{per_second:.0f}", *counts, cheap, *times, late, dict(outcome.statuses)), flush=True)


def _show_abused(abused: Abused, per_second: float, seconds: float) -> None:
    answered, reached = len(abused.seconds), abused.statuses.total() - abused.statuses["none"]
    times = (f"{np.percentile(np.array(abused.seconds or [np.nan]) * 1000, share):.1f}" for share in (50, 95, 99))
    counts = (f"{answered:,}", f"{reached - answered:,}")
    print(ROW.format("abusive", f"{per_second:.0f}", *counts, "", *times, "", dict(abused.statuses)), flush=True)
    print(
        f"  {abused.due:,} were due, {abused.sent:,} sent, {reached / seconds:,.0f} a second got an answer", flush=True
    )


def _show_used(flooded: Flood) -> None:
    print(f"  cores in use: {', '.join(f'{name} {share:.2f}' for name, share in flooded.used.items())}", flush=True)


@contextmanager
def _watched(stack: SmallStack, cores: Sequence[int]) -> Iterator[tuple[list[float], dict[str, float]]]:
    """Filled once a second by a thread until the block ends: megabytes; then: the share of a core of each program."""
    memory: list[float] = []
    used: dict[str, float] = {}
    families: dict[str, list[psutil.Process]] = {}
    for name in ("envoy", "blue", "green"):
        parent = psutil.Process(stack.supervisor.state_of(name).pid)
        families[name] = [parent, *parent.children(recursive=True)]
    over = threading.Event()

    def look() -> None:
        while not over.wait(1.0):
            memory.append(sum(each.memory_info().rss for family in families.values() for each in family) / 1e6)

    def seconds() -> dict[str, float]:
        ours = {name: sum(sum(each.cpu_times()[:2]) for each in family) for name, family in families.items()}
        return ours | {"others": busy_seconds(cores) - sum(ours.values())}

    before, start = seconds(), time.perf_counter()
    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield memory, used
    finally:
        over.set()
        thread.join()
    took = time.perf_counter() - start
    used |= {name: (now - before[name]) / took for name, now in seconds().items()}


if __name__ == "__main__":
    main()
