"""Sends far more than an address may, from a process of its own, so that what it costs to abuse delays nobody else.

`python -m benchmarks.abusive_clients PORT ADDRESS[,ADDRESS] PER_SECOND SECONDS` says `ready`, begins at the next line
of its input, and prints what became of all of them together. Each asks for lists of a hundred for somebody whom nobody
knows, over as many connections as it takes to send at that rate.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

from benchmarks.keep_alive_client import post_bytes
from benchmarks.open_loop_client import Due, Outcome, send_all

CONNECTIONS = 64
NICE = 10
"""Those whose latency counts go first where both share a core."""


class Abuse:
    """The process; `begin` it once everything is ready, then `wait`."""

    def __init__(self, port: int, addresses: Sequence[str], per_second: float, seconds: float) -> None:
        command = [sys.executable, "-m", "benchmarks.abusive_clients", str(port), ",".join(addresses)]
        command += [str(per_second), str(seconds)]
        self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._running.stdout is not None
        self._running.stdout.readline()

    def begin(self) -> None:
        """Sends, from now on."""
        assert self._running.stdin is not None
        self._running.stdin.write("\n")
        self._running.stdin.flush()

    def wait(self) -> Outcome:
        """What became of the requests."""
        said = json.loads(self._running.communicate()[0])
        return Outcome(said["seconds"], Counter(said["statuses"]), said["degraded"], said["late"])


def main(port: int, addresses: Sequence[str], per_second: float, seconds: float) -> None:
    """Prints as JSON what became of `per_second` requests from each address for so long."""
    os.nice(NICE)
    each = int(per_second * seconds)
    wires = [post_bytes("/recommend", {"user_id": f"stranger-{address}", "k": 100}) for address in addresses]
    dues = [Due(n / per_second, client, wire) for n in range(each) for client, wire in enumerate(wires)]
    print("ready", flush=True)
    sys.stdin.readline()
    total = Outcome.of(send_all(port, dues, addresses, CONNECTIONS))
    values = {"seconds": total.seconds, "statuses": total.statuses, "degraded": total.degraded, "late": total.late}
    print(json.dumps(values))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].split(","), float(sys.argv[3]), float(sys.argv[4]))
