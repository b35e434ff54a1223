"""Holds two replicas a slot, on PostgreSQL, Redis and S3, to their promises under steady traffic and promotions.

`python -m benchmarks.replicas [--minutes 30] [--promote-every 5] [--per-second N] [--kill]`. All servers come from
wheels and are started in a temporary folder: PostgreSQL holds the event store and MLflow's records, Redis the kept
answers and what limits have taken, S3 the models. Mixed requests (a tenth feedback, a tenth with a cart) come through
Envoy at fixed moments, at half of what the stack was measured to carry or at `--per-second`, while a process of its own
promotes two registered models in turn, with canaries, as the flow does. A witness rates through one replica and asks
another. With `--kill`, one replica of the live slot gets SIGKILL once, after half of the time.

It ends with 1 where a request failed, a promotion was refused, a release answered that had no share, a user was sent
back from a canary, a rating was not seen through another replica, or an acknowledged event is not in the store. The
traffic goes on until a promotion that is under way at the end is over.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
import psutil
from sqlalchemy import func, select, text

from benchmarks.keep_alive_client import measure
from benchmarks.open_loop_client import Due, Outcome, send_all
from benchmarks.overload import Traffic, capacity
from benchmarks.replica_witness import Witness
from benchmarks.report import hardware
from components.adapters.slots.client import runs_release
from components.adapters.store.engine import reading
from components.adapters.store.tables import feedback, requests
from components.rollout.outcomes import Promoted
from components.serving.bundle import read_bundle
from tests.pipeline_worlds import write_pipeline_bundle
from tests.stack.recorded_load import Answered, returned, strangers, trials
from tests.stack.replicated_stack import ReplicatedStack, servers

CLIENTS = 200
SHARE = 0.5
ROW = "{:>6}{:>8}{:>10}{:>8}{:>10}{:>9}{:>9}{:>9}  {}"
HEAD = ("minute", "asked", "answered", "failed", "degraded", "p50 ms", "p99 ms", "late ms", "answers by release; MB")


@dataclass(frozen=True)
class Plan:
    """What to do for how long, in seconds; `per_second` None is half of what the stack carries."""

    rows: int
    seconds_per_row: float
    promote_every: float
    per_second: float | None = None
    kill: bool = False


@dataclass
class Seen:
    """What came of the traffic and of the promotions beside it."""

    answers: list[Answered] = field(default_factory=list)
    acknowledged: int = 0
    promotions: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Parses the command line, measures, prints, and says by its exit status whether anything was amiss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--promote-every", type=float, default=5.0, help="minutes")
    parser.add_argument("--per-second", type=float, help="requests, instead of half of what it carries")
    parser.add_argument("--kill", action="store_true", help="one replica of the live slot, once, half way")
    arguments = parser.parse_args()
    plan = Plan(arguments.minutes, 60.0, 60.0 * arguments.promote_every, arguments.per_second, arguments.kill)
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        faults = measure_in(Path(folder), plan)
    print(hardware())
    print("; ".join(faults) or "nothing failed")
    sys.exit(bool(faults))


def measure_in(folder: Path, plan: Plan) -> list[str]:
    """What went wrong, in words, with a stack in `folder`; prints a line for each row of the plan."""
    with servers(folder) as on:
        stack = ReplicatedStack(folder / "home", on, _first)
        try:
            stack.start()
            versions = [stack.register("first", _first), stack.register("second", _second)]
            for version in versions:
                outcome = stack.promote_version(version)
                if not isinstance(outcome, Promoted):
                    return [f"version {version} was not promoted: {outcome}"]
            return run(stack, plan, versions, _first(folder / "bundle"))
        finally:
            stack.stop()


def run(stack: ReplicatedStack, plan: Plan, versions: Sequence[int], bundle: Path) -> list[str]:
    """What went wrong, in words; the second of `versions` is live."""
    traffic = Traffic(read_bundle(bundle), 7)
    clicks, lists = traffic.first_of_the_day()
    seen = Seen(acknowledged=len(measure(stack.settings.gateway_port, clicks, 4, accepted=(b"202",))))
    measure(stack.settings.gateway_port, lists, 4)
    per_second = plan.per_second
    if per_second is None:
        carried = capacity(stack, traffic)
        per_second = SHARE * carried
        print(f"carries {carried:.0f} requests/s", flush=True)
    told_before = _rows(stack)[1] - seen.acknowledged
    witness = Witness(lambda: _ready(stack))
    over = threading.Event()
    promoter = threading.Thread(target=_promote_now_and_then, args=(stack, plan, versions, seen, over))
    print(f"{per_second:.0f} requests/s; {_connections(stack)} connections to PostgreSQL", flush=True)
    print(ROW.format(*HEAD), flush=True)
    witness.start()
    promoter.start()
    try:
        for row in itertools.count(1):
            if row > plan.rows:
                over.set()
                if not promoter.is_alive():
                    break
            if plan.kill and row == plan.rows // 2 + 1:
                threading.Timer(plan.seconds_per_row / 3, _kill_one, (stack,)).start()
            _send_row(stack, traffic, per_second, plan.seconds_per_row, row, seen)
    finally:
        over.set()
        promoter.join()
        witness.stop()
    return seen.faults + _judge(stack, seen, witness, told_before)


def _send_row(
    stack: ReplicatedStack, traffic: Traffic, per_second: float, seconds: float, row: int, seen: Seen
) -> None:
    rng = np.random.default_rng(row)
    moments = np.sort(rng.random(int(per_second * seconds))) * seconds
    dues = [Due(float(at), int(rng.integers(CLIENTS)), traffic.next()) for at in moments]
    bodies: list[tuple[float, float, bytes]] = []

    def note(took: float, body: bytes) -> None:
        now = time.monotonic()
        bodies.append((now - took, now, body))

    addresses = [f"127.1.{n // 200}.{1 + n % 200}" for n in range(CLIENTS)]
    outcome = Outcome.of(send_all(stack.settings.gateway_port, dues, addresses, answered=note))
    answers = [(start, end, orjson.loads(body)) for start, end, body in bodies]
    lists = [
        Answered(each["user_id"], each["release"], start, end) for start, end, each in answers if "release" in each
    ]
    seen.answers += lists
    seen.acknowledged += sum(each.get("accepted", 0) for _, _, each in answers)
    failed = len(dues) - len(outcome.seconds)
    if failed:
        seen.faults.append(f"{failed} requests of row {row} failed: {dict(outcome.statuses)}")
    p50, p99 = (f"{np.percentile(np.array(outcome.seconds or [np.nan]) * 1000, share):.1f}" for share in (50, 99))
    late = f"{np.percentile(outcome.late, 99) * 1000:.1f}"
    by = ", ".join(f"{name.removeprefix('release-')}: {n}" for name, n in Counter(e.release for e in lists).items())
    counts = (row, len(dues), len(outcome.seconds), failed, outcome.degraded)
    print(ROW.format(*counts, p50, p99, late, f"{by}; {_memory(stack)}"), flush=True)


def _promote_now_and_then(
    stack: ReplicatedStack, plan: Plan, versions: Sequence[int], seen: Seen, over: threading.Event
) -> None:
    """The two models in turn, each promotion `promote_every` seconds after the last one began."""
    due, number = time.monotonic() + plan.promote_every / 2, 0
    while not over.wait(max(0.0, due - time.monotonic())):
        began = time.monotonic()
        outcome = stack.promote_version(versions[number % len(versions)])
        took = time.monotonic() - began
        said = f"{outcome.release.release_id} after {took:.0f} s" if isinstance(outcome, Promoted) else str(outcome)
        seen.promotions.append(said)
        if not isinstance(outcome, Promoted):
            seen.faults.append(f"a promotion did not end well: {outcome}")
        due, number = max(began + plan.promote_every, time.monotonic()), number + 1


def _kill_one(stack: ReplicatedStack) -> None:
    slot = stack.live_slot
    print(f"SIGKILL to a replica of {slot}", flush=True)
    stack.kill_replica(slot, 0)


def _ready(stack: ReplicatedStack) -> list[str]:
    """The addresses of the live slot's replicas that answer with its release."""
    state = stack.bench.store.releases.routing()
    if state.live_slot is None or state.live_release is None:
        return []
    return [url for url in stack.settings.slot_urls(state.live_slot) if runs_release(url, state.live_release)]


def _judge(stack: ReplicatedStack, seen: Seen, witness: Witness, told_before: int) -> list[str]:
    """Prints what was found besides the rows, and says what of it breaks a promise."""
    wrong, back = strangers(seen.answers, stack.versions), returned(seen.answers, stack.versions)
    logged, stored = _rows(stack)
    stored -= told_before
    told = seen.acknowledged + witness.told
    tried = [release for release, _, _ in trials(stack.versions)]
    print(f"promotions: {', '.join(seen.promotions) or 'none'}; canaries {', '.join(tried) or 'none'}")
    print(f"answers by a release without a share {len(wrong)}, users sent back from a canary {len(back)}")
    print(f"rated through one replica, asked another: {dict(witness.looks)}")
    print(f"events acknowledged {told}, in the store {stored}; requests in its log {logged}")
    faults = []
    if wrong:
        faults.append(f"{len(wrong)} answers by a release without a share, such as {wrong[0]}")
    if back:
        faults.append(f"{len(back)} users were sent back from a canary, such as {back[0]}")
    if witness.looks["unseen"]:
        faults.append(f"{witness.looks['unseen']} ratings were not seen through another replica")
    if stored < told:
        faults.append(f"{told - stored} acknowledged events are not in the store")
    return faults


def _rows(stack: ReplicatedStack) -> tuple[int, int]:
    """Requests and events in the store, once what waits to be written is written."""
    time.sleep(1.5)
    with reading(stack.bench.store.engine) as db:
        counts = [int(db.execute(select(func.count()).select_from(each)).scalar_one()) for each in (requests, feedback)]
    return counts[0], counts[1]


def _connections(stack: ReplicatedStack) -> int:
    with reading(stack.bench.store.engine) as db:
        asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(db.execute(asked).scalar_one())


def _memory(stack: ReplicatedStack) -> str:
    """Megabytes of each part: what its processes hold alone, and their part of what they share."""
    replicas, others = [], []
    for name, family in stack.families().items():
        used = sum(_pss(each) for each in family) / 1e6
        if "-" in name:
            replicas.append(used)
        else:
            others.append(f"{name} {used:.0f}")
    return f"replica {statistics.mean(replicas):.0f} (mean of {len(replicas)}), {', '.join(others)}"


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.Error:
        return 0.0


def _first(folder: Path) -> Path:
    return write_pipeline_bundle(folder, n_users=3_000, n_items=200, n_each=12, n_splits=1, max_examples=200)


def _second(folder: Path) -> Path:
    return write_pipeline_bundle(folder, n_users=3_000, n_items=200, n_each=11, n_splits=1, max_examples=200)


if __name__ == "__main__":
    main()
